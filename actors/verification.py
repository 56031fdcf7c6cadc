"""One verification of one account: everything is read and held against the replica.

A run is in memory only: one that breaks off begins anew. What it mends is stored at once, page by
page, by the writer of all pages, and noted with it: the next certificate names it, whichever run that
is of. Looks go on beside it; `judging` says why they do no harm.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from math import ceil

import anyio
import msgspec
from msgspec.structs import replace

from actors import events
from actors.brake import too_many
from actors.errors import TransientError, VendorError
from actors.failure import STORE_REST_S, reason
from actors.insistence import BrokenOffError, EnoughReadError, Insistence
from actors.judging import Fault, Findings, Verdict, judge, judge_again, settled_before
from actors.premises import Premises
from actors.reckoning import certificate, name_mends, of_strangers
from actors.status import VerificationProgress
from actors.survey import Survey, beginning, look_at
from actors.vendors.base import Page, Session, Vendor, Witness
from actors.verification_plan import Order, VerificationFailed, Verified, in_turn
from store.errors import StoreUnavailableError
from store.models import Cursor, ObjectRecord, PageApplied, PageWrite, Tombstone, Via
from store.verification import Certificate, Difference, HeldRow, Mend

LOOK = "verification"
"""What stands for a look's key where a page was mended."""

_TOGETHER_FOR_S = 30.0
"""Pages that came together are of use for so long: looks go on, and the vendor's data with them."""
_WITNESSED_AT_ONCE = 500
_LOOK_AGAIN_S = 30.0
_LOOKS_AT_LEAST = 10


class Verification:
    """Made for one run."""

    def __init__(self, premises: Premises, order: Order) -> None:
        self._at = premises
        self._order = order
        self._began_at = premises.clock.now().utc
        self._as_of = settled_before(
            [each.covered_until for each in premises.cursors().values() if each.covered_until]
        )
        self._calls = Insistence(premises)
        self._findings: list[Findings] = []

    def progress(self) -> VerificationProgress:
        """Say how far it has come."""
        types = self._at.settings.object_types
        return VerificationProgress(
            began_at=self._began_at,
            object_type=self._findings[-1].object_type if self._findings else None,
            types_done=max(0, len(self._findings) - 1),
            types=len(types),
            objects=sum(len(each.scanned) for each in self._findings),
            differences=sum(each.differences for each in self._findings),
            reads=self._calls.reads,
        )

    async def run(self, attempt: int) -> Verified | VerificationFailed:
        """Compare everything, store what was found, and tell it.

        Args:
            attempt: the number of this one among those that failed before it, from 1.

        Raises:
            StaleEpochError: another owner has taken the account over.
        """
        at = self._at
        try:
            found, named_through = await self._compare_all()
        except BrokenOffError:
            return VerificationFailed()
        except (VendorError, StoreUnavailableError) as error:
            text, vendor = str(error) or reason(error), at.vendor.name
            at.listener(
                events.VerificationAbandoned(at.account_id, vendor, reason(error), text, attempt)
            )
            return VerificationFailed(text)
        found = msgspec.structs.replace(found, number=await self._store(found, named_through))
        at.listener(events.VerificationEnded(at.account_id, at.vendor.name, found))
        return Verified(found.answers)

    async def _store(self, found: Certificate, named_through: int) -> int:
        """Store the certificate, as soon as the store takes it."""
        at = self._at
        while True:
            try:
                return await at.store.store_certificate(
                    at.account_id, at.epoch, found, named_through
                )
            except StoreUnavailableError:
                await anyio.sleep(STORE_REST_S)

    async def _compare_all(self) -> tuple[Certificate, int]:
        """Return what was found, and up to which number it names what was put right."""
        at, complete = self._at, True
        try:
            types = await self._types()
            survey = Survey(at, self._calls)
            await survey.make(types)
            for group in survey.groups:
                await self._compare_group(group, survey)
        except EnoughReadError:
            complete = self._findings[-1].whole = False
        await self._settle_strangers()
        noted = await self._calls.insist(lambda _: at.store.unnamed_mends(at.account_id))
        before = name_mends(self._findings, noted, at.settings.object_types)
        found = certificate(
            self._findings,
            self._order,
            as_of=self._as_of,
            began_at=self._began_at,
            finished_at=at.clock.now().utc,
            reads=self._calls.reads,
            complete=complete,
            mended_before=before,
        )
        return found, noted[-1].number if noted else 0

    async def _types(self) -> Sequence[str]:
        at = self._at
        if not at.settings.verify_max_reads:
            return at.settings.object_types
        last = await self._calls.insist(lambda _: at.store.certificate(at.account_id))
        return in_turn(at.settings.object_types, last)

    async def _compare_group(self, group: Sequence[str], survey: Survey) -> None:
        """Compare types whose first pages come together, one after the other."""
        clock = self._at.clock
        pages = await survey.pages(group)
        came_s = clock.now().monotonic_s
        for name in group:
            page = pages.pop(name, None)
            if clock.now().monotonic_s - came_s > _TOGETHER_FOR_S:
                page = None
            await self._compare(name, survey.counted.get(name), page)

    async def _compare(self, object_type: str, counted: int | None, page: Page | None) -> None:
        """Compare one type; read it a second time when the first reading left rows out."""
        at = self._at
        counts = await self._calls.insist(lambda _: at.store.live_counts(at.account_id))
        findings = Findings(object_type, counts.get(object_type, 0))
        self._findings.append(findings)
        unscanned = await self._scan(findings, counted, page)
        if not findings.whole:
            unscanned = await self._scan(findings)
        if findings.whole and unscanned:
            await self._settle_extras(findings, unscanned)

    async def _scan(
        self, findings: Findings, counted: int | None = None, page: Page | None = None
    ) -> Sequence[HeldRow]:
        """Read the type from end to end; return what is held besides.

        The vendor's own count vouches for the end of the reading. It is asked for when there is
        more than one page, or something held that was not shown: else the one page, which shows
        all that is held, is the count.

        Args:
            findings: where what is found goes.
            counted: what the vendor counted since the run began, if it did. What is counted later
                does not end the reading: some of what was shown before may have gone by then.
            page: the first page, if it is there already.
        """
        at, name = self._at, findings.object_type
        findings.counted = counted
        findings.scanned.clear()
        cursor: Cursor | None = beginning(name)
        while cursor is not None:
            if page is None:
                cursor = await self._calls.insist(partial(self._page, findings, cursor))
            else:
                cursor = await self._calls.insist(partial(self._take, findings, cursor, page))
                page = None
            if cursor is not None and findings.counted is None:
                findings.counted = await self._count(name)
            if counted and len(findings.scanned) >= counted:
                break  # Readings go by time: what is left came or changed since it was counted.
        unscanned = await self._calls.insist(
            lambda _: at.store.unscanned(at.account_id, name, findings.scanned)
        )
        if unscanned and findings.counted is None:
            findings.counted = await self._count(name)
        shown, counted = len(findings.scanned), findings.counted
        if counted is not None and shown < counted:
            # Rows may have gone since they were counted.
            findings.counted = counted = min(counted, await self._count(name))
        findings.whole = counted is None or shown >= counted
        return unscanned

    async def _page(self, findings: Findings, cursor: Cursor, session: Session) -> Cursor | None:
        """Compare the next page; return where the one after it begins, None after the last."""
        page = await self._at.vendor.look(session, look_at(self._at.vendor, cursor))
        return await self._take(findings, cursor, page, session)

    async def _take(
        self, findings: Findings, cursor: Cursor, page: Page, session: Session
    ) -> Cursor | None:
        """Compare a page that came; return where the next one begins, None after the last."""
        gone = await self._hold_against(findings, page.objects, session)
        findings.scanned.update(object_id for _, object_id in page.seen)
        findings.scanned.difference_update(gone, (claim.object_id for claim in page.claims))
        if not page.more:
            return None
        (move,) = page.cursors
        return msgspec.structs.replace(cursor, position=move.position)

    async def _hold_against(
        self, findings: Findings, records: Sequence[ObjectRecord], session: Session
    ) -> Collection[str]:
        """Note and mend what is wrong with these objects; return those that went since they were shown."""
        faults, gone = await self._faults(session, findings.object_type, records)
        findings.note(faults)  # Before they are mended: the page may have to be made again.
        if faults and self._order.repair:
            findings.unrepaired |= await self._mend(faults)
        else:
            findings.unrepaired.update(fault.record.object_id for fault in faults)
        return gone

    async def _faults(
        self, session: Session, object_type: str, records: Sequence[ObjectRecord]
    ) -> tuple[Sequence[Fault], Collection[str]]:
        """Return what is wrong with these objects, and which of them went since they were shown."""
        at = self._at
        unlike = await at.store.unlike(at.account_id, object_type, records)
        faults, gone = [], set()
        for record in records if unlike else ():
            if record.object_id not in unlike:
                continue
            held, shown = unlike[record.object_id], record
            verdict = judge(record, held, self._as_of)
            if verdict is Verdict.ASK and held is not None:
                fresh = await at.vendor.read(session, object_type, record.object_id)
                verdict, shown = judge_again(fresh, held, self._as_of), fresh or record
            if verdict in {Verdict.MISSING, Verdict.DIFFERING}:
                faults.append(Fault(verdict, shown, held))
            elif verdict is Verdict.GONE:
                gone.add(record.object_id)
        return faults, gone

    async def _mend(self, faults: Sequence[Fault]) -> set[str]:
        """Store these objects as the vendor shows them; return the ids of those that stayed wrong."""
        at = self._at
        records = [fault.record for fault in faults]
        await self._write(
            replace(
                self._blank(),
                objects=records,
                judged=[fault.held for fault in faults if fault.held is not None],
                mends=[fault.mend for fault in faults],
            )
        )
        unlike = await at.store.unlike(at.account_id, records[0].object_type, records)
        return {
            fault.record.object_id
            for fault in faults
            if fault.record.object_id in unlike and unlike[fault.record.object_id] == fault.held
        }

    async def _settle_extras(self, findings: Findings, unscanned: Sequence[HeldRow]) -> None:
        """Find out which of the rows that the vendor did not show should not be here.

        Those that its lists lost, and only a read by id shows, are compared like all others.
        What is gone may have gone just now. It is extra only if it is still here once everything
        that happened until after the second witness spoke is in the replica, and just as it was
        when it was asked about. So many that the brake would hold them, and all of a type whose
        deletes it holds, are named and left for a person.
        """
        at, name = self._at, findings.object_type
        judged: set[HeldRow] = set()
        for start in range(0, len(unscanned), _WITNESSED_AT_ONCE):
            batch = unscanned[start : start + _WITNESSED_AT_ONCE]
            nameless = {row for row in batch if row.row_number is not None}
            judged |= nameless  # There is nobody who could be asked about them.
            claims = [Tombstone(name, row.object_id, None) for row in batch if row not in nameless]
            if not claims:
                continue
            witness = await self._calls.insist(partial(_heard, at.vendor, claims))
            await self._calls.insist(partial(self._hold_against, findings, witness.alive))
            gone = {each.object_id for each in witness.gone}
            judged.update(row for row in batch if row.object_id in gone)
        if not judged:
            return
        count = await self._calls.insist(lambda session: at.vendor.count_objects(session, name))
        await self._wait_until_covered(name, count.vendor_time)
        still_held = await self._calls.insist(
            lambda _: at.store.unscanned(at.account_id, name, findings.scanned)
        )
        # One that was written since may be there again.
        left = [row for row in still_held if row in judged]
        findings.extra.update(row.object_id for row in left)
        many = too_many(len(left), findings.local_count, at.settings.delete_brake)
        if left and self._order.repair and not (many or at.is_held(name)):
            findings.unrepaired |= await self._calls.insist(
                lambda _: self._bury(findings, left, count.vendor_time)
            )
        else:
            findings.unrepaired.update(row.object_id for row in left)

    async def _bury(
        self, findings: Findings, extra: Sequence[HeldRow], gone_at: datetime
    ) -> set[str]:
        """Mark rows as deleted that are still as they were judged; return those still here."""
        at = self._at
        graves = [Tombstone(row.object_type, row.object_id, gone_at) for row in extra]
        mends = [Mend(row.object_type, row.object_id, Difference.EXTRA) for row in extra]
        blank = self._blank()
        applied = await self._write(replace(blank, tombstones=graves, judged=extra, mends=mends))
        if applied.deletes == len(extra):
            return set()
        held = await at.store.unscanned(at.account_id, findings.object_type, findings.scanned)
        return {row.object_id for row in held} & {row.object_id for row in extra}

    async def _settle_strangers(self) -> None:
        """Name rows of types that the account never had, and take them out if they are not too many."""
        at, types = self._at, self._at.settings.object_types
        rows = await self._calls.insist(lambda _: at.store.strangers(at.account_id, types))
        self._findings += (found := of_strangers(rows))
        held = sum(findings.local_count for findings in self._findings)
        if rows and self._order.repair and not too_many(len(rows), held, at.settings.delete_brake):
            await self._calls.insist(lambda _: self._write(replace(self._blank(), strangers=rows)))
            rows = await self._calls.insist(lambda _: at.store.strangers(at.account_id, types))
        for findings in found:
            findings.unrepaired.update(
                row.object_id for row in rows if row.object_type == findings.object_type
            )

    async def _wait_until_covered(self, object_type: str, moment: datetime) -> None:
        """Return once all that happened to the type up to then is in the replica.

        No news come of a type whose deletes are held: that is not waited for.

        Raises:
            TransientError: that takes too long.
        """
        at, settings = self._at, self._at.settings
        pause_s = min(_LOOK_AGAIN_S, settings.poll_interval_s)
        tries = ceil(2 * settings.poll_interval_s / pause_s) + _LOOKS_AT_LEAST
        if not at.is_held(object_type):
            await anyio.sleep(settings.overlap_s)
        for _ in range(tries):
            if at.is_held(object_type):
                return
            covered_until = at.cursors()[object_type].covered_until
            if covered_until is not None and covered_until >= moment:
                return
            self._calls.see_that_it_may_go_on()
            at.look_soon(object_type)
            await anyio.sleep(pause_s)
        raise TransientError(f"no news of {object_type} come: what is extra cannot be told")

    async def _count(self, object_type: str) -> int:
        count = await self._calls.insist(
            lambda session: self._at.vendor.count_objects(session, object_type)
        )
        return count.rows

    async def _write(self, write: PageWrite) -> PageApplied:
        at, began_s = self._at, self._at.clock.now().monotonic_s
        applied = await at.store.apply_page(write)
        at.listener(
            events.PageStored(
                account_id=at.account_id,
                vendor=at.vendor.name,
                look=LOOK,
                via=Via.VERIFY,
                objects=len(write.objects),
                upserts=applied.upserts,
                deletes=applied.deletes,
                duration_s=at.clock.now().monotonic_s - began_s,
                exact_as_of=applied.exact_as_of,
                mended=applied.mended,
            )
        )
        return applied

    def _blank(self) -> PageWrite:
        return PageWrite(
            account_id=self._at.account_id,
            epoch=self._at.epoch,
            via=Via.VERIFY,
            observed_at=self._at.clock.now().utc,
            object_types=self._at.settings.object_types,
            look=LOOK,
        )


async def _heard(vendor: Vendor, claims: Sequence[Tombstone], session: Session) -> Witness:
    return await vendor.confirm_gone(session, claims)
