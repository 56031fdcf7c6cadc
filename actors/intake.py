"""How a page gets into the store: deletions are settled first, then everything is written in one piece."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from operator import attrgetter

from msgspec.structs import replace

from actors.brake import allowed, sample_again, settled_types, still_moving, too_many
from actors.clock import Clock
from actors.errors import TransientError
from actors.settings import AccountSettings
from actors.vendors.base import Look, Page, Priority, Session, Vendor, Witness
from store.models import CursorMove, HeldDeletes, PageApplied, PageWrite, Tombstone, Via
from store.notice import NoticeCheck
from store.ports import ActorStore

_UNSEEN_AT_ONCE = 500
_NOBODY_ASKED = Witness(alive=(), gone=())
_NO_LOOK = Look("", Via.POLL, Priority.POLL, (), {})
_BY_TYPE = attrgetter("object_type")


class Intake:
    """Stores one account's pages.

    Promises: an object that one witness says is gone is deleted only when a second one says so too;
    more deletes at once than the brake lets pass are made only when a person confirmed them; the
    cursor moves in the transaction that stored what it covers.

    Every method raises `VendorError` when a second witness can't be heard, `StoreError` when the
    store refuses.
    """

    __slots__ = (
        "_account_id",
        "_clock",
        "_epoch",
        "_gone_unseen",
        "_settings",
        "_store",
        "_vendor",
    )

    def __init__(
        self,
        store: ActorStore,
        vendor: Vendor,
        clock: Clock,
        account_id: str,
        epoch: int,
        settings: AccountSettings,
    ) -> None:
        self._store = store
        self._vendor = vendor
        self._clock = clock
        self._account_id = account_id
        self._epoch = epoch
        self._settings = settings
        # A look repeats its claims while they are within the overlap; each is asked about once.
        self._gone_unseen: dict[str, frozenset[Tombstone]] = {}

    async def store(
        self, session: Session, look: Look, page: Page, notices: NoticeCheck | None = None
    ) -> PageApplied:
        """Store the page, and hold it against the account's notices if there can be any.

        Returns what it changed, all its parts together.

        Deletes that are too many to be believed are not made: their types' cursors stay where they
        are, so that the look is made again, and all else of the page is stored.
        """
        settled = self._gone_unseen.get(look.key, frozenset())
        claims = await self._open_claims(page.claims, settled)
        witness, holds = await self._settle(session, claims)
        write = replace(
            self._blank(look),
            objects=(*page.objects, *witness.alive) if witness.alive else page.objects,
            tombstones=witness.gone,
            denied=_denied(claims, witness) if witness.alive else (),
            begins=tuple(move.object_type for move in page.cursors if move.begins_comparison),
            seen=page.seen,
            notices=notices,
            trace_ids=_taken(session.trace_ids),
            holds=holds,
            vendor_time=page.vendor_time,
        )
        if page.compares:
            applied = await self._compare(session, look, page, write)
        else:
            applied = await self._store.apply_page(_moving(write, look, page.cursors))
        if page.claims or settled:
            self._gone_unseen[look.key] = settled.intersection(page.claims).union(witness.gone)
        return applied

    async def settle_watermark(self) -> None:
        """Have `exact_as_of` computed anew, for the object types that are wanted now."""
        await self._store.apply_page(self._blank(_NO_LOOK))

    async def _open_claims(
        self, claims: Sequence[Tombstone], settled: AbstractSet[Tombstone]
    ) -> Sequence[Tombstone]:
        """Leave out what is settled already: deleted in the replica, or gone before we ever saw it.

        An object that the replica does not know has to be asked for too: the claim may be false.
        What was settled is open again once a verification has brought it back from an older answer.
        """
        still_open: list[Tombstone] = []
        for object_type, group in groupby(sorted(claims, key=_BY_TYPE), key=_BY_TYPE):
            of_type = list(group)
            known = [claim.object_id for claim in of_type if claim in settled] if settled else []
            if known and not await self._store.live_among(self._account_id, object_type, known):
                of_type = [claim for claim in of_type if claim not in settled]
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

    async def _settle(
        self, session: Session, claims: Sequence[Tombstone]
    ) -> tuple[Witness, Sequence[HeldDeletes]]:
        """Ask the second witness, except about what is held by the brake."""
        believed: list[Tombstone] = []
        doubtful: list[Sequence[Tombstone]] = []
        brake = self._settings.delete_brake
        for _, group in groupby(claims, key=_BY_TYPE):
            of_type = list(group)
            is_many = brake is not None and len(of_type) >= brake.at_least
            (doubtful.append if is_many else believed.extend)(of_type)
        holds: list[HeldDeletes] = []
        witnesses: list[Witness] = []
        for many in doubtful:
            witness, hold = await self._weigh(session, many)
            witnesses.append(witness)
            holds += [] if hold is None else [hold]
        witnesses.append(await self._witness(session, believed))
        return _together(witnesses), tuple(holds)

    async def _weigh(
        self, session: Session, claims: Sequence[Tombstone]
    ) -> tuple[Witness, HeldDeletes | None]:
        """Settle many claims of one type, or hold them."""
        object_type, ids = claims[0].object_type, [claim.object_id for claim in claims]
        live_among = self._store.live_among
        count = await live_among(self._account_id, object_type, ids)
        if (hold := await self._doubt(object_type, ids, count)) is not None:
            some = [claim for claim in claims if claim.object_id in hold.sample]
            if await self._all_gone(session, some):
                return _NOBODY_ASKED, hold
        witness = await self._witness(session, claims)
        if hold is None:
            return witness, None
        gone = [each.object_id for each in witness.gone]
        count = await live_among(self._account_id, object_type, gone)
        hold = await self._doubt(object_type, gone, count)
        return (witness if hold is None else replace(witness, gone=())), hold

    async def _doubt(
        self, object_type: str, object_ids: Sequence[str], count: int
    ) -> HeldDeletes | None:
        """Return what to hold, if so many deletes are too many and nobody confirmed them."""
        brake = self._settings.delete_brake
        if brake is None or count < brake.at_least:
            return None
        live = await self._store.live_count(self._account_id, object_type)
        if not too_many(count, live, brake):
            return None
        now = self._clock.now().utc
        held = await self._store.held_deletes(self._account_id)
        if count <= allowed(held, object_type, now):
            return None
        some = sample_again(held, object_type, object_ids)
        return HeldDeletes(object_type, count, live, some, now)

    async def _all_gone(self, session: Session, claims: Sequence[Tombstone]) -> bool:
        """Ask about some of many: as long as all of these are gone, the others need no calls."""
        return not (await self._witness(session, claims)).alive

    async def _compare(
        self, session: Session, look: Look, page: Page, write: PageWrite
    ) -> PageApplied:
        """Store the last page of full readings, settle what they missed, then move the cursors."""
        check = write.notices
        early = None if check is None else replace(check, answers=(), awaited=())
        applied = [await self._store.apply_page(replace(write, notices=early))]
        holds = list(write.holds)
        for object_type in page.compares:
            parts, hold = await self._delete_unseen(session, look, object_type, early)
            applied += parts
            holds += [] if hold is None else [hold]
        end = replace(self._blank(look), holds=holds, notices=check)
        applied.append(await self._store.apply_page(_moving(end, look, page.cursors)))
        return PageApplied(
            upserts=sum(part.upserts for part in applied),
            deletes=sum(part.deletes for part in applied),
            last_seq=applied[-1].last_seq,
            exact_as_of=applied[-1].exact_as_of,
            hinted=[change for part in applied for change in part.hinted],
            missed=sum(part.missed for part in applied),
            awaits=applied[-1].awaits,
            held=tuple(holds),
            mended=[mend for part in applied for mend in part.mended],
        )

    async def _delete_unseen(
        self, session: Session, look: Look, object_type: str, check: NoticeCheck | None
    ) -> tuple[Sequence[PageApplied], HeldDeletes | None]:
        """Settle every object that a full reading did not come across, or hold their deletes."""
        missing = await self._unseen(object_type)
        if (hold := await self._doubt_unseen(object_type, missing)) is not None:
            some = [Tombstone(object_type, object_id, None) for object_id in hold.sample]
            if await self._all_gone(session, some):
                return (), hold
            return await self._delete_if_few(session, look, object_type, check)
        applied = []
        while missing:
            witness = await self._witness_unseen(session, object_type, missing)
            applied.append(await self._store_unseen(session, look, witness, check))
            missing = await self._unseen(object_type)
        return applied, None

    async def _delete_if_few(
        self, session: Session, look: Look, object_type: str, check: NoticeCheck | None
    ) -> tuple[Sequence[PageApplied], HeldDeletes | None]:
        """Ask about all that a full reading missed before any of it is deleted."""
        applied: list[PageApplied] = []
        gone: list[str] = []
        after_id = ""
        while missing := await self._unseen(object_type, after_id):
            witness = await self._witness_unseen(session, object_type, missing)
            shown = replace(witness, gone=())
            applied.append(await self._store_unseen(session, look, shown, check))
            gone += [each.object_id for each in witness.gone]
            after_id = missing[-1]
        if (hold := await self._doubt(object_type, gone, len(gone))) is not None:
            return applied, hold
        for start in range(0, len(gone), _UNSEEN_AT_ONCE):
            ids = gone[start : start + _UNSEEN_AT_ONCE]
            witness = Witness((), [Tombstone(object_type, object_id, None) for object_id in ids])
            applied.append(await self._store_unseen(session, look, witness, check))
        return applied, None

    async def _doubt_unseen(self, object_type: str, missing: Sequence[str]) -> HeldDeletes | None:
        """Count what a full reading missed, of which these are the first, before any is deleted."""
        brake = self._settings.delete_brake
        if brake is None or len(missing) < min(brake.at_least, _UNSEEN_AT_ONCE):
            return None
        count = len(missing)
        if count == _UNSEEN_AT_ONCE:
            count = await self._store.unseen_count(self._account_id, object_type)
        return await self._doubt(object_type, missing, count)

    async def _unseen(self, object_type: str, after_id: str = "") -> Sequence[str]:
        return await self._store.unseen(
            self._account_id, object_type, limit=_UNSEEN_AT_ONCE, after_id=after_id
        )

    async def _witness_unseen(
        self, session: Session, object_type: str, missing: Sequence[str]
    ) -> Witness:
        return await self._witness(
            session, [Tombstone(object_type, object_id, None) for object_id in missing]
        )

    async def _store_unseen(
        self, session: Session, look: Look, witness: Witness, check: NoticeCheck | None
    ) -> PageApplied:
        """Store what the witness says of what a full reading missed."""
        seen = [(record.object_type, record.object_id) for record in witness.alive]
        write = replace(
            self._blank(look),
            objects=witness.alive,
            # Without a time: nobody knows when it went, and a time could be too old to count.
            tombstones=[Tombstone(gone.object_type, gone.object_id, None) for gone in witness.gone],
            denied=[Tombstone(object_type, object_id, None) for object_type, object_id in seen],
            seen=seen,
            notices=check,
            trace_ids=_taken(session.trace_ids),
        )
        return await self._store.apply_page(write)

    def _blank(self, look: Look) -> PageWrite:
        return PageWrite(
            account_id=self._account_id,
            epoch=self._epoch,
            via=look.via,
            observed_at=self._clock.now().utc,
            object_types=self._settings.object_types,
            look=look.key,
        )


def _moving(write: PageWrite, look: Look, moves: Sequence[CursorMove]) -> PageWrite:
    """Move the cursors with the page, but those of types whose deletes are held."""
    if write.holds:
        moves = still_moving(moves, write.holds)
    return replace(write, cursors=moves, released=settled_types(look.cursors, moves))


def _denied(claims: Sequence[Tombstone], witness: Witness) -> Sequence[Tombstone]:
    alive = {(each.object_type, each.object_id) for each in witness.alive}
    return [claim for claim in claims if (claim.object_type, claim.object_id) in alive]


def _together(witnesses: Sequence[Witness]) -> Witness:
    return Witness(
        alive=[record for witness in witnesses for record in witness.alive],
        gone=[claim for witness in witnesses for claim in witness.gone],
    )


def _taken(trace_ids: list[str]) -> Sequence[str]:
    """Take the ids of the calls so far: what is stored next came by others."""
    taken = tuple(trace_ids)
    trace_ids.clear()
    return taken
