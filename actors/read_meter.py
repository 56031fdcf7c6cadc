"""Counts the metered reads of one vendor's app, durably, and holds them back when they run short.

All accounts of the vendor share it, whichever node they are on. Counting is ahead of the calls: reads
are counted in the store before the first of them is made (`read_supply.py`, `leased_reads.py`), so that
a crash counts a few too many and never one too few. Failed calls count: nobody knows whether the
vendor counts them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

from actors import events
from actors.clock import Clock
from actors.errors import AllowanceUsedUpError
from actors.metering import Metering
from actors.moment import Moment
from actors.pace import Pace
from actors.read_budget import (
    CALM,
    Demand,
    Plan,
    limit_of,
    measured,
    middle_stretch,
    month_of,
    must_rest,
    plan,
    together,
)
from actors.read_state import ReadsState, Ticket
from actors.read_supply import NotedReads, ReadSupply
from actors.refused_reads import RefusedReads
from actors.vendor_word import HeardWord, ReadsTold
from actors.vendors.base import Priority
from store.errors import StoreUnavailableError
from store.read_ledger import ReadLedger

_LOOK_AGAIN_S = 3600.0
"""What rests because little is left looks again this often: as the month goes by, less is held back."""

_COMES_BACK_S = 60.0
"""What other nodes hold of the last reads and do not use is anybody's after this long."""

_NO_TIME = timedelta(0)
_SAME_TIME = timedelta(seconds=2)
"""Our clock and the database's, this close together, agree: the answer took a while."""

_STROBE = timedelta(days=2)


class ReadMeter:
    """The metered reads of one vendor's app."""

    def __init__(
        self,
        vendor: str,
        metering: Metering,
        allowance: int | None,
        interval_s: float,
        ledger: ReadLedger,
        clock: Clock,
        listener: events.Listener,
        supply: Callable[[str], ReadSupply] | None = None,
    ) -> None:
        """Take what is metered; `supply` makes what counts, by month, where we are not alone."""
        self.vendor = vendor
        self._metering = metering
        self._allowance = allowance
        self._interval_s = interval_s
        self._planned_interval_s = interval_s
        self._ledger = ledger
        self._clock = clock
        self._listener = listener
        self._month = month_of(clock.now().utc, metering.zone)
        month = self._month.name
        self._supply = NotedReads(vendor, ledger, month) if supply is None else supply(month)
        self._supply.allowance = allowance
        self._polls: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._unwritten: dict[str, Counter[str]] = {}
        self._measured_at_s = clock.now().monotonic_s
        self._demand = self._whole = Demand()
        self._plan: Plan = CALM
        self._heard: Sequence[ReadsTold] = ()
        self._refused = RefusedReads()
        self._ahead = _NO_TIME
        self._warned_of = ""
        self._resting = False
        self._verify_reads = 0.0

    def configure(self, allowance: int | None, interval_s: float) -> None:
        """Take another allowance and poll interval from now on."""
        self._allowance, self._interval_s = allowance, interval_s
        self._supply.allowance = allowance

    async def load(self) -> None:
        """Learn what was used so far this month. Raises `StoreUnavailableError`."""
        self._turn(self._now())
        await self._supply.load()
        self._verify_reads = await self._ledger.verification_reads(self.vendor)

    async def admit(
        self, account_id: str, operation: str, priority: Priority, *, reads: int = 1
    ) -> Ticket | None:
        """Count a call that is about to be made; None when it is not metered.

        Without an `account_id` it counts for the app alone. A batch counts as all the `reads` in it:
        nobody knows whether the vendor counts it as one.

        Raises:
            AllowanceUsedUpError: calls of this priority rest; never for a user's.
            StoreUnavailableError: it can't be counted durably now; never for a user's.
        """
        if operation not in self._metering.operations:
            return None
        now = self._now()
        rest_s = self._rest_s(priority, now)
        if rest_s > 0:
            raise self._used_up(rest_s)
        limit = limit_of(priority, self._allowance, self._month, now.utc)
        if not await self._supply.draw(reads, limit, for_user=priority is Priority.USER):
            raise self._used_up(_COMES_BACK_S)
        now = self._now()
        if account_id:
            polls = priority in (Priority.FRESH, Priority.POLL)
            (self._polls if polls else self._others)[account_id] += reads
        if priority is not Priority.USER:
            self._refused.probed(now.monotonic_s)
        return Ticket(self._month.name, now.monotonic_s)

    def ended(self, ticket: Ticket, error: BaseException | None) -> None:
        """Learn from how a counted call ended. Only a call that was begun since knows better."""
        now = self._now()
        self._turn(now)
        if isinstance(error, AllowanceUsedUpError):
            if ticket.month == self._month.name:
                self._refused.refused(now.monotonic_s)
        elif error is None:
            self._refused.passed(ticket.began_s, now.monotonic_s)
        self._tell_of_rest(now)

    def pace(self, account_id: str, now: Moment) -> Pace:
        """Return how fast an account may look now."""
        now = self._by_database(now)
        self._turn(now)
        resting = self._refused.refusal is not None or self._is_short(now)
        rests_s = tuple(self._rest_s(each, now) for each in Priority) if resting else ()
        left_s = (self._month.ends_at - now.utc).total_seconds()
        stretch = self._plan.stretch_of(account_id)
        if stretch > 1.0:
            # The plan stretches what accounts keep to now, a pace what is configured.
            stretch *= self._planned_interval_s / self._interval_s
        return Pace(
            stretch,
            now.monotonic_s + left_s,
            rests_s,
            self._refused_s(now),
            self._plan.is_short,
        )

    def replan(
        self,
        accounts: int,
        reads_per_round: int,
        interval_s: float | None = None,
        *,
        verify_interval_s: float | None = None,
        types: int = 0,
    ) -> None:
        """Share out anew what is left.

        Args:
            accounts: how many poll on this node; those of others count as these told.
            reads_per_round: how many reads one of them makes each time, at the least.
            interval_s: how often they do so now if nothing is stretched: more seldom than is
                configured while webhooks work.
            verify_interval_s: how often each is verified; None or 0 is never.
            types: how many object types each has: a verification takes a read for each at the least.
        """
        self._planned_interval_s = interval_s or self._interval_s
        now = self._now()
        self._turn(now)
        usual_per_s = reads_per_round / self._planned_interval_s
        self._demand = replace(
            self._demand,
            accounts=accounts,
            usual_per_s=usual_per_s,
            verify_reads=max(self._verify_reads, types),
            verify_interval_s=verify_interval_s or inf,
        )
        self._whole = together(self._demand, [(each.accounts, each.over) for each in self._heard])
        self._plan = plan(
            self._allowance,
            self._supply.used,
            self._month,
            now.utc,
            self._whole,
            self._planned_interval_s,
        )
        self._tell_of_forecast()
        self._tell_of_rest(now)

    async def write(self) -> None:
        """Store whose the reads since the last time were, and learn who reads far more than others.

        Raises:
            StoreUnavailableError: not now; nothing is forgotten.
        """
        now = self._now()
        self._turn(now)
        window_s = now.monotonic_s - self._measured_at_s
        if window_s > 0:
            over = measured(self._demand, self._polls, window_s, self._plan)
            self._demand = replace(self._demand, over=over)
            self._measured_at_s = now.monotonic_s
        self._put_aside()
        while self._unwritten:
            month, reads = next(iter(self._unwritten.items()))
            del self._unwritten[month]
            try:
                await self._ledger.add_reads(self.vendor, month, reads)
            except StoreUnavailableError:
                self._unwritten[month] = reads + self._unwritten.get(month, Counter())
                raise
        self._verify_reads = await self._ledger.verification_reads(self.vendor)

    async def close(self) -> None:
        """Store all, and give back what was noted and not used. No call may be made any more."""
        await self.write()
        await self._supply.close()

    def tell(self) -> ReadsTold:
        """Say to other nodes what they need to know of ours."""
        now = self._now()
        self._turn(now)
        return ReadsTold(
            self._month.name,
            self._demand.accounts,
            list(self._demand.over.values()),
            self._refused.told(now.monotonic_s),
            self._refused.resumed_ago_s(now.monotonic_s),
        )

    async def hear(self, node: str, heard: Sequence[HeardWord], at: datetime) -> None:
        """Take in what other nodes told `node`, us, and learn what they have used by now.

        The month turns by the database's time `at`, on all nodes at once. Raises `StoreUnavailableError`.
        """
        now = self._clock.now()
        ahead = now.utc - at
        self._ahead = ahead if abs(ahead) > _SAME_TIME else _NO_TIME
        now = self._by_database(now)
        self._turn(now)
        month = self._month.name
        told = [each.word.reads for each in heard if each.word.reads is not None]
        self._heard = [each for each in told if each.month == month]
        self._refused.hear(node, heard, month, now.monotonic_s)
        await self._supply.load()
        self._tell_of_rest(self._now())

    def state(self) -> ReadsState:
        """Describe the budget as it is now."""
        now = self._now()
        self._turn(now)
        resting = tuple(
            each
            for each in Priority
            if self._rest_s(each, now) > 0 or (each is Priority.VERIFY and self._plan.is_short)
        )
        return ReadsState(
            month=self._month.name,
            used=self._supply.used,
            allowance=self._allowance,
            forecast=round(self._plan.forecast) if self._whole.accounts else None,
            stretch=self._plan.stretch,
            refused=self._refused.refusal is not None,
            resting=resting,
            reason=self._reason() if Priority.POLL in resting else None,
            until=self._month.ends_at,
        )

    def stretch_of(self, account_id: str) -> float:
        """Return by how much one account's poll interval is stretched."""
        return self._plan.stretch_of(account_id)

    def middle_stretch(self) -> float:
        """Return by how much the poll interval of at least half of the accounts is stretched at most."""
        return middle_stretch(self._plan, self._whole)

    def why_resting(self) -> str | None:
        """Say why nothing is polled and until when; None while polls go on."""
        now = self._now()
        self._turn(now)
        resting = self._refused.refusal is not None or self._rest_s(Priority.POLL, now) > 0
        return self._reason() if resting else None

    def why_refused(self) -> str | None:
        """Say until when not even a user's reads are made; None while they are."""
        now = self._now()
        return self._reason() if self._refused_s(now) > 0 else None

    def _refused_s(self, now: Moment) -> float:
        """Return how long it is until the vendor, which said that nothing is left, is asked again."""
        self._turn(now)
        left_s = (self._month.ends_at - now.utc).total_seconds()
        return max(0.0, min(self._refused.wait_s(now.monotonic_s), left_s))

    def _reason(self) -> str:
        until = f"{self._month.ends_at:%Y-%m-%dT%H:%M:%SZ}"
        if self._refused.refusal is not None:
            return f"{self.vendor} says that the month's reads are used up; they rest until {until}"
        return f"the last of the month's reads are kept for users; polls rest until {until}"

    def _is_short(self, now: Moment) -> bool:
        return must_rest(Priority.VERIFY, self._allowance, self._supply.used, self._month, now.utc)

    def _rest_s(self, priority: Priority, now: Moment) -> float:
        """Return how long reads of this priority rest; less than until the month's turn, to probe."""
        self._turn(now)
        if priority is Priority.USER:
            return 0.0
        left_s = (self._month.ends_at - now.utc).total_seconds()
        if (probe_in_s := self._refused.wait_s(now.monotonic_s)) > 0:
            return min(probe_in_s, left_s)
        if must_rest(priority, self._allowance, self._supply.used, self._month, now.utc):
            return min(_LOOK_AGAIN_S, left_s)
        return 0.0

    def _now(self) -> Moment:
        return self._by_database(self._clock.now())

    def _by_database(self, now: Moment) -> Moment:
        """Correct the calendar's time by what our clock is ahead of the database's."""
        return Moment(now.monotonic_s, now.utc - self._ahead) if self._ahead else now

    def _used_up(self, rest_s: float) -> AllowanceUsedUpError:
        text = f"{self.vendor}'s reads of this month are used up or kept for users"
        return AllowanceUsedUpError(text, retry_after_s=rest_s)

    def _turn(self, now: Moment) -> None:
        """Begin a new month when the old one is over; a clock that strobes around it does so once."""
        if self._month.begins_at - _STROBE <= now.utc < self._month.ends_at:
            return
        self._put_aside()
        self._month = month_of(now.utc, self._metering.zone)
        self._supply.begin(self._month.name)
        self._refused.forget()
        self._plan = CALM
        self._tell_of_rest(now)

    def _put_aside(self) -> None:
        made = self._polls + self._others
        if made:
            known = self._unwritten.setdefault(self._month.name, Counter())
            known.update(made)
        self._polls, self._others = Counter(), Counter()

    def _tell_of_forecast(self) -> None:
        if self._allowance is None or self._plan.forecast <= self._allowance:
            return
        if self._warned_of != self._month.name:
            self._warned_of = self._month.name
            self._listener(
                events.ReadsForecast(
                    self.vendor,
                    self._month.name,
                    self._supply.used,
                    self._allowance,
                    round(self._plan.forecast),
                    round(self._plan.stretch, 2),
                )
            )

    def _tell_of_rest(self, now: Moment) -> None:
        """Tell once when polls come to rest, and once when they go on."""
        refused = self._refused.refusal is not None
        resting = refused or must_rest(
            Priority.POLL, self._allowance, self._supply.used, self._month, now.utc
        )
        if resting == self._resting:
            return
        self._resting = resting
        if resting:
            self._listener(
                events.ReadsUsedUp(
                    self.vendor,
                    self._month.name,
                    self._supply.used,
                    self._allowance,
                    self._month.ends_at,
                    told_by_vendor=refused,
                )
            )
        else:
            self._listener(events.ReadsResumed(self.vendor, self._month.name))
