"""What finance views are read from: says which work runs where."""

from collections.abc import Mapping, Sequence
from functools import partial

from store.crash_points import Commit
from store.finance import (
    FinanceDocument,
    FinanceQuery,
    FinanceReading,
    Piece,
    Progress,
    UnusableObject,
)
from store.relational import finance_keeping as keeping
from store.relational.finance_reading import read_finance
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

_ROW_BYTES = 600


class RelationalFinance:
    """`store.finance.FinanceStore` on the store's own connections."""

    def __init__(self, writer: WriteRunner, readers: ReadRunner) -> None:
        self._writer = writer
        self._readers = readers

    async def progress(self, account_id: str) -> Progress | None:
        """Return how far the account's copy is."""
        return await self._readers.run(partial(keeping.read_progress, account_id=account_id))

    async def begin(self, account_id: str, mapping: int) -> None:
        """Begin the account's copy anew."""
        await self._writer.submit(
            lambda connection: keeping.begin(connection, account_id, mapping),
            commit=Commit.FINANCE,
        )

    async def sources(self, account_id: str, types: Sequence[str], limit: int) -> Piece | None:
        """Read the next piece that the copy lacks, in one moment."""

        def read(connection: Session) -> Piece | None:
            with connection.one_moment():
                return keeping.read_piece(connection, account_id, types, limit)

        return await self._readers.run(read)

    async def keep(
        self, account_id: str, piece: Piece, made: Sequence[FinanceDocument | UnusableObject]
    ) -> bool:
        """Store what was made of a piece."""
        return await self._writer.submit(
            lambda connection: keeping.keep_piece(connection, account_id, piece, made),
            len(made) * _ROW_BYTES,
            Commit.FINANCE,
        )

    async def unbuilt(self, mappings: Mapping[str, int], limit: int) -> Sequence[str]:
        """Return accounts that have no whole copy by this mapping."""
        return await self._readers.run(
            lambda connection: keeping.unbuilt(connection, mappings, limit)
        )

    async def behind(self) -> tuple[Sequence[str], int]:
        """Return accounts whose copy lacks changes up to a number, and that number."""
        return await self._readers.run(keeping.behind)

    async def raise_floor(self, seq: int) -> None:
        """Note that every copy that is whole has seen all up to here."""
        await self._writer.submit(
            lambda connection: keeping.raise_floor(connection, seq), commit=Commit.FINANCE
        )

    async def read(self, account_id: str, query: FinanceQuery) -> FinanceReading:
        """Read what a view wants, in one moment."""
        return await self._readers.run(
            lambda connection: read_finance(connection, account_id, query)
        )
