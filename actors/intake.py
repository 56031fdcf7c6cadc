"""How a page gets into the store: deletions are settled first, then everything is written in one piece."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from actors.clock import Clock
from actors.errors import TransientError
from actors.vendors.base import Look, Page, Session, Vendor, Witness
from store.models import PageApplied, PageWrite, Tombstone, Via
from store.ports import ActorStore

_UNSEEN_AT_ONCE = 500
_NOBODY_ASKED = Witness(alive=(), gone=())


class Intake:
    """Stores one account's pages.

    Promises: an object that one witness says is gone is deleted only when a second one says so too;
    the cursor moves in the transaction that stored what it covers.

    Every method raises `VendorError` when a second witness can't be heard, `StoreError` when the
    store refuses.
    """

    def __init__(
        self,
        store: ActorStore,
        vendor: Vendor,
        clock: Clock,
        account_id: str,
        epoch: int,
        object_types: Sequence[str],
    ) -> None:
        self._store = store
        self._vendor = vendor
        self._clock = clock
        self._account_id = account_id
        self._epoch = epoch
        self._object_types = object_types
        # A look repeats its claims while they are within the overlap; each is asked about once.
        self._gone_unseen: dict[str, frozenset[Tombstone]] = {}

    async def store(self, session: Session, look: Look, page: Page) -> PageApplied:
        """Store the page. Returns what it changed, all its parts together."""
        settled = self._gone_unseen.get(look.key, frozenset())
        witness = await self._witness(session, await self._open_claims(page.claims, settled))
        write = replace(
            self._blank(look.via),
            objects=(*page.objects, *witness.alive) if witness.alive else page.objects,
            tombstones=witness.gone,
            begins=tuple(move.object_type for move in page.cursors if move.begins_comparison),
            seen=page.seen,
        )
        if page.compares:
            applied = await self._compare(session, look, page, write)
        else:
            applied = await self._store.apply_page(replace(write, cursors=page.cursors))
        if page.claims or settled:
            self._gone_unseen[look.key] = settled.intersection(page.claims).union(witness.gone)
        return applied

    async def settle_watermark(self) -> None:
        """Have `exact_as_of` computed anew, for the object types that are wanted now."""
        await self._store.apply_page(self._blank(Via.POLL))

    async def _open_claims(
        self, claims: Sequence[Tombstone], settled: AbstractSet[Tombstone]
    ) -> Sequence[Tombstone]:
        """Leave out what is settled already: deleted in the replica, or gone before we ever saw it.

        An object that the replica does not know has to be asked for too: the claim may be false.
        """
        still_open: list[Tombstone] = []
        by_type = attrgetter("object_type")
        for object_type, group in groupby(sorted(claims, key=by_type), key=by_type):
            of_type = [claim for claim in group if claim not in settled]
            deleted = await self._store.deleted_ids(
                self._account_id, object_type, [claim.object_id for claim in of_type]
            )
            still_open.extend(claim for claim in of_type if claim.object_id not in deleted)
        return still_open

    async def _witness(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Ask the second witness, who must not pass any of the objects over in silence."""
        if not claims:
            return _NOBODY_ASKED
        witness = await self._vendor.confirm_gone(session, claims)
        answered = {(each.object_type, each.object_id) for each in witness.alive}
        answered.update((each.object_type, each.object_id) for each in witness.gone)
        silent = sum((claim.object_type, claim.object_id) not in answered for claim in claims)
        if silent:
            raise TransientError(f"{silent} objects are told to be neither there nor gone")
        return witness

    async def _compare(
        self, session: Session, look: Look, page: Page, write: PageWrite
    ) -> PageApplied:
        """Store the last page of full readings, settle what they missed, then move the cursors."""
        applied = [await self._store.apply_page(write)]
        for object_type in page.compares:
            applied.extend(await self._delete_unseen(session, look, object_type))
        applied.append(
            await self._store.apply_page(replace(self._blank(look.via), cursors=page.cursors))
        )
        return PageApplied(
            upserts=sum(part.upserts for part in applied),
            deletes=sum(part.deletes for part in applied),
            last_seq=applied[-1].last_seq,
            exact_as_of=applied[-1].exact_as_of,
        )

    async def _delete_unseen(
        self, session: Session, look: Look, object_type: str
    ) -> Sequence[PageApplied]:
        """Settle every object that a full reading did not come across."""
        applied = []
        while missing := await self._store.unseen(
            self._account_id, object_type, limit=_UNSEEN_AT_ONCE
        ):
            claims = [Tombstone(object_type, object_id, None) for object_id in missing]
            witness = await self._witness(session, claims)
            write = replace(
                self._blank(look.via),
                objects=witness.alive,
                # Without a time: nobody knows when it went, and a time could be too old to count.
                tombstones=[Tombstone(object_type, gone.object_id, None) for gone in witness.gone],
                seen=[(object_type, record.object_id) for record in witness.alive],
            )
            applied.append(await self._store.apply_page(write))
        return applied

    def _blank(self, via: Via) -> PageWrite:
        return PageWrite(
            account_id=self._account_id,
            epoch=self._epoch,
            via=via,
            observed_at=self._clock.now().utc,
            object_types=self._object_types,
        )
