"""Brings the copy that finance views read up to date, piece by piece."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from actors.finance.mapping import FinanceMapping
from store.finance import FinanceDocument, FinanceStore, Piece, UnusableObject

_OBJECTS_PER_PIECE = 500


class Standing(StrEnum):
    """How a copy is after a step."""

    UP_TO_DATE = "up_to_date"
    UNFINISHED = "unfinished"
    NOT_MAPPED = "not_mapped"


class FinanceProjector:
    """Keeps the copies of all accounts. Steps of one account may be made by several at once.

    A step that another overtook is dropped and leaves nothing behind. One that breaks off, with
    the process too, is made again by the next.
    """

    def __init__(self, store: FinanceStore, mappings: Mapping[str, FinanceMapping]) -> None:
        """Take the store and, by vendor, how payloads are read."""
        self._store = store
        self._mappings = mappings

    @property
    def versions(self) -> Mapping[str, int]:
        """The version of each vendor's mapping."""
        return {vendor: mapping.version for vendor, mapping in self._mappings.items()}

    def mapping(self, vendor: str) -> FinanceMapping | None:
        """Return how the vendor's payloads are read; None when nobody wrote that."""
        return self._mappings.get(vendor)

    async def step(self, account_id: str, vendor: str) -> Standing:
        """Do a small part of what is missing, and say whether more is.

        Raises:
            StoreUnavailableError: nothing was written.
        """
        mapping = self._mappings.get(vendor)
        if mapping is None:
            return Standing.NOT_MAPPED
        progress = await self._store.progress(account_id)
        if progress is None or progress.mapping != mapping.version:
            await self._store.begin(account_id, mapping.version)
        piece = await self._store.sources(account_id, mapping.object_types, _OBJECTS_PER_PIECE)
        if piece is None:
            return Standing.UP_TO_DATE
        kept = await self._store.keep(account_id, piece, list(_made(piece, mapping)))
        return Standing.UP_TO_DATE if kept and piece.after.whole else Standing.UNFINISHED

    async def bring_up(self, account_id: str, vendor: str, *, steps: int) -> Standing:
        """Take steps until nothing is missing, at most so many. Raises as `step`."""
        for _ in range(steps):
            if (standing := await self.step(account_id, vendor)) is not Standing.UNFINISHED:
                return standing
        return Standing.UNFINISHED


def _made(piece: Piece, mapping: FinanceMapping) -> Iterator[FinanceDocument | UnusableObject]:
    for source in piece.sources:
        if not source.deleted:
            made = mapping.document(source)
            if made is not None:
                yield made
