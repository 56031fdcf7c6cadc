"""Compares users' writes with what the vendor has, again and again for some days after they ended.

A mismatch is a drift: it is stored and told. There is nothing to mend: the replica has what the
vendor has, and the vendor is right. A drift is over when the values agree again, or when a later
write to the same object took the place of what was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from actors import events
from actors.errors import VendorError
from actors.premises import Premises
from actors.reconciliation import By, compared_by, next_comparison
from actors.vendors.base import Permit
from actors.vendors.writing import Difference, Target, Writer
from store.action_models import Action, AttemptOutcome, Mismatch
from store.drift import Comparison, Drift, DueComparison
from store.errors import StoreUnavailableError

_AT_A_TIME = 50
_STORE_REST_S = 60.0
_LEAST_REST_S = 1.0


@dataclass(frozen=True, slots=True)
class _Found:
    """What a comparison came across; `mismatches` is None when nothing could be compared."""

    mismatches: Sequence[Mismatch] | None
    changed_since: bool = False


class Reconciler:
    """One account's. Makes no call while the replica can answer."""

    def __init__(self, premises: Premises, writer: Writer, permit: Permit) -> None:
        self._at = premises
        self._writer = writer
        self._permit = permit
        self._next_at: datetime | None = None
        self._is_loaded = False
        self._is_busy = False

    def expect(self, at: datetime | None) -> None:
        """Take in that a write that just ended is to be compared then."""
        if at is not None:
            self._next_at = at if self._next_at is None else min(self._next_at, at)

    async def _load(self) -> None:
        """Learn from the store when to compare next; what is expected meanwhile is kept."""
        self._next_at = None
        self.expect(await self._at.store.next_comparison(self._at.account_id))

    async def run(self) -> float:
        """Compare what is due; return when to go on: infinite when nothing is to be compared.

        Raises:
            StaleEpochError: the account is not ours any more.
        """
        if self._is_busy:
            return inf
        self._is_busy = True
        try:
            return await self._run()
        except StoreUnavailableError:
            return _STORE_REST_S
        finally:
            self._is_busy = False

    async def _run(self) -> float:
        store, clock = self._at.store, self._at.clock
        if not self._is_loaded:
            await self._load()
            self._is_loaded = True
        now = clock.now().utc
        while self._next_at is not None and self._next_at <= now and self._at.may_go_on():
            for due in await store.due_comparisons(self._at.account_id, now, limit=_AT_A_TIME):
                if not self._at.may_go_on():
                    break
                await self._compare(due, now)
            await self._load()
        if self._next_at is None:
            return inf
        return max(_LEAST_REST_S, (self._next_at - clock.now().utc).total_seconds())

    async def _compare(self, due: DueComparison, now: datetime) -> None:
        action = due.action
        ended_at = _ended_at(action)
        next_at: datetime | None = None
        if any(map(self._writer.overwrites, due.later_types)):
            found = _Found(())
        else:
            found = await self._found(action, now)
            if found.mismatches and await self._was_undone(action, ended_at):
                found = _Found(())
            else:
                next_at = self._next_at_of(due, found, now)
        comparison = Comparison(action.id, now, found.mismatches, found.changed_since, next_at)
        noted = await self._at.store.note_comparison(
            self._at.account_id, self._at.epoch, comparison
        )
        for drift in noted.opened:
            self._tell_found(drift)
        for drift in noted.resolved:
            self._tell_resolved(drift)

    def _next_at_of(self, due: DueComparison, found: _Found, now: datetime) -> datetime | None:
        drifts = due.is_drifting if found.mismatches is None else bool(found.mismatches)
        is_replicated = self._is_replicated(due.action)
        return next_comparison(
            _ended_at(due.action), now, is_drifting=drifts, is_replicated=is_replicated
        )

    async def _was_undone(self, action: Action, since: datetime) -> bool:
        """Tell whether a later write ended what this one was to show in.

        Who voids an invoice through us takes its payments off it; who changes it does not.
        """
        for target in self._writer.related(action.action_type, action.payload):
            types = await self._at.store.types_done_since(
                self._at.account_id, target.object_type, str(target.object_id), since
            )
            if any(map(self._writer.ends, types)):
                return True
        return False

    async def _found(self, action: Action, now: datetime) -> _Found:
        """Compare one action by whatever can tell."""
        result = action.result
        if result is None:
            return _Found(())
        by = self._by(action, result.object_type, now)
        if by is By.NOTHING:
            return _Found(None)
        target = Target(result.object_type, result.object_id)
        try:
            record = await self._record(target, by)
        except VendorError:
            return _Found(None)
        differences = self._writer.differences(action.action_type, action.payload, record)
        mismatches = mismatches_of(target, differences)
        if record is not None:
            mismatches += await self._related(action, now)
        return _Found(mismatches, changed_since=record != result.payload)

    async def _related(self, action: Action, now: datetime) -> tuple[Mismatch, ...]:
        """Compare the other objects that the write is to show in, as far as the replica holds them."""
        found: list[Mismatch] = []
        object_id = action.result.object_id if action.result else ""
        for target in self._writer.related(action.action_type, action.payload):
            if self._by(action, target.object_type, now) is not By.REPLICA:
                continue
            record = await self._record(target, By.REPLICA)
            if record is not None:
                differences = self._writer.related_differences(
                    action.action_type, action.payload, object_id, record
                )
                found += mismatches_of(target, differences)
        return tuple(found)

    def _by(self, action: Action, object_type: str, now: datetime) -> By:
        """Say by what to compare: the replica is exact for a type up to where its cursor covers it."""
        cursor = self._at.cursors().get(object_type)
        exact_as_of = None if cursor is None else cursor.covered_until
        return compared_by(
            _written_at(action),
            _ended_at(action),
            now,
            exact_as_of,
            is_replicated=cursor is not None,
        )

    def _is_replicated(self, action: Action) -> bool:
        return action.result is not None and action.result.object_type in self._at.cursors()

    async def _record(self, target: Target, by: By) -> bytes | None:
        """Return the object as it is; None when it is gone. Raises `VendorError`s."""
        object_id = str(target.object_id)
        if by is By.REPLICA:
            held = await self._at.store.object(self._at.account_id, target.object_type, object_id)
            return None if held is None or held.deleted else bytes(held.payload)
        record = await self._writer.read(self._at.session(self._permit), target)
        return None if record is None else record.payload

    def _tell_found(self, drift: Drift) -> None:
        mismatch = drift.mismatch
        self._at.listener(
            events.DriftFound(
                account_id=self._at.account_id,
                vendor=self._at.vendor.name,
                action_id=drift.action_id,
                object_type=mismatch.object_type,
                object_id=mismatch.object_id,
                field=mismatch.field,
                asked=mismatch.asked,
                found=mismatch.found,
                changed_since=drift.changed_since,
            )
        )

    def _tell_resolved(self, drift: Drift) -> None:
        mismatch = drift.mismatch
        self._at.listener(
            events.DriftResolved(
                account_id=self._at.account_id,
                vendor=self._at.vendor.name,
                action_id=drift.action_id,
                object_type=mismatch.object_type,
                object_id=mismatch.object_id,
                field=mismatch.field,
            )
        )


def _ended_at(action: Action) -> datetime:
    return action.finished_at or action.created_at


def _written_at(action: Action) -> datetime:
    """Return the vendor's own time of the write; ours where it told none."""
    done = [each for each in action.attempts if each.outcome is AttemptOutcome.DONE]
    return (done[-1].vendor_time if done else None) or _ended_at(action)


def mismatches_of(target: Target, differences: Sequence[Difference]) -> tuple[Mismatch, ...]:
    """Say of which object the differences are."""
    return tuple(
        Mismatch(target.object_type, str(target.object_id), each.field, each.asked, each.found)
        for each in differences
    )
