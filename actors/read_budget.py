"""How many metered reads a vendor's app has left, and how to make them last the month. Pure.

All accounts of a vendor share one allowance. What is left is given out evenly until the month's
end, the same to each account, and who needs less leaves the rest to the others: an account that
reads far more than its share is slowed first, those within it keep their pace. Some reads are held
back: for users to the very end, for new accounts in proportion to the time that is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from math import ceil, inf
from types import MappingProxyType

from actors.vendors.base import Priority

USER_SHARE = 0.02
"""The part of the allowance that nobody but users may spend."""
BACKFILL_SHARE = 0.08
"""The part of the allowance that polls leave to the first readings of new accounts."""
LONGEST_POLL_S = 86_400.0
"""No poll is stretched beyond a day; when that is not enough, all of them rest in the end."""

_RESERVES: Mapping[Priority, float] = MappingProxyType(
    {Priority.BACKFILL: 0.05, Priority.VERIFY: 0.20}
)
"""Parts of the allowance below which these rest, at the month's begin; less as the month goes by."""

VERIFY_RESTS_AT_MOST_S = 7 * 86_400.0
"""So long verifications rest at a stretch in a month that is short; then one of each account passes."""

_SMOOTH_OVER_S = 86_400.0
_FAR_OVER = 0.02
"""An account whose smoothed reads exceed the usual by less than this part counts as usual."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month as the vendor counts it: from `begins_at` to just before `ends_at`, in UTC."""

    name: str
    begins_at: datetime
    ends_at: datetime

    def part_left(self, at: datetime) -> float:
        """Return how much of it lies ahead, from 1 to 0."""
        whole_s = (self.ends_at - self.begins_at).total_seconds()
        return min(1.0, max(0.0, (self.ends_at - at).total_seconds() / whole_s))


def month_of(at: datetime, zone: tzinfo) -> Month:
    """Return the month that the instant lies in, in the vendor's time zone."""
    local = at.astimezone(zone)
    first = datetime(local.year, local.month, 1, tzinfo=zone)
    following = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=zone)
    return Month(f"{first:%Y-%m}", first.astimezone(UTC), following.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Demand:
    """What polls would read per second if nothing were stretched.

    Attributes:
        accounts: how many poll, those in `over` included.
        usual_per_s: what one of them needs.
        over: what those need that read far more, by account.
        verify_reads: what it takes to verify one of them.
        verify_interval_s: how often that is done; infinite for never.
    """

    accounts: int = 0
    usual_per_s: float = 0.0
    over: Mapping[str, float] = field(default_factory=dict)
    verify_reads: float = 0.0
    verify_interval_s: float = inf

    @property
    def total_per_s(self) -> float:
        """What all of them need."""
        usual = max(0, self.accounts - len(self.over)) * self.usual_per_s
        return usual + sum(self.over.values())

    @property
    def verify_per_s(self) -> float:
        """What verifying all of them needs on top."""
        return self.accounts * self.verify_reads / self.verify_interval_s

    @property
    def least_verify_per_s(self) -> float:
        """The same while verifications rest as long as they may."""
        interval_s = max(self.verify_interval_s, VERIFY_RESTS_AT_MOST_S)
        return self.accounts * self.verify_reads / interval_s


def together(demand: Demand, elsewhere: Iterable[tuple[int, Sequence[float]]]) -> Demand:
    """Add the accounts of other nodes: how many poll there, and what those need that read far more."""
    accounts, over = demand.accounts, dict(demand.over)
    for theirs, needs in elsewhere:
        accounts += theirs
        for need in needs:
            over[f"elsewhere {len(over)}"] = need
    return replace(demand, accounts=accounts, over=over)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rest of the month goes.

    Attributes:
        forecast: reads by the month's end if nothing were stretched and no verification rested.
        stretch: by how much the usual account's poll interval is stretched, 1 or more.
        over: the same for accounts that read far more than the others.
        is_short: whether polls and verifications together need more than there is.
    """

    forecast: float = 0.0
    stretch: float = 1.0
    over: Mapping[str, float] = field(default_factory=dict)
    is_short: bool = False

    def stretch_of(self, account_id: str) -> float:
        """Return by how much one account's poll interval is stretched."""
        return self.over.get(account_id, self.stretch)


CALM = Plan()


def plan(
    allowance: int | None, used: int, month: Month, at: datetime, demand: Demand, interval_s: float
) -> Plan:
    """Share out what is left.

    Args:
        allowance: reads in a month; None is unmetered.
        used: those made so far.
        month: the month.
        at: the time in it.
        demand: what polls would read.
        interval_s: how long a poll interval is, unstretched.
    """
    left_s = max(1.0, (month.ends_at - at).total_seconds())
    needed_in_all_per_s = demand.total_per_s + demand.verify_per_s
    forecast = used + needed_in_all_per_s * left_s
    if allowance is None:
        return Plan(forecast)
    held_back = allowance * (USER_SHARE + BACKFILL_SHARE * month.part_left(at))
    rate_per_s = max(0.0, allowance - used - held_back) / left_s
    level_per_s = fair_level(demand, max(0.0, rate_per_s - demand.least_verify_per_s))
    longest = max(1.0, LONGEST_POLL_S / interval_s)

    def stretch(needed_per_s: float) -> float:
        if needed_per_s <= level_per_s:
            return 1.0
        return min(longest, needed_per_s / level_per_s) if level_per_s > 0 else longest

    return Plan(
        forecast,
        stretch(demand.usual_per_s),
        {account_id: stretch(needed) for account_id, needed in demand.over.items()},
        needed_in_all_per_s > rate_per_s,
    )


def fair_level(demand: Demand, rate_per_s: float) -> float:
    """Return the most that one account may read per second so that all together keep to the rate.

    Infinite when all needs can be met.
    """
    usual = max(0, demand.accounts - len(demand.over))
    needs = [(demand.usual_per_s, usual), *((each, 1) for each in demand.over.values())]
    left, accounts = rate_per_s, usual + len(demand.over)
    for need, count in sorted(needs):
        if need * accounts > left:
            return max(0.0, left) / accounts
        left -= need * count
        accounts -= count
    return inf


def middle_stretch(made: Plan, demand: Demand) -> float:
    """Return the stretch that at least half of the accounts have at most; one says nothing of all."""
    usual = max(0, demand.accounts - len(made.over))
    middle = (usual + len(made.over)) // 2
    return (
        made.stretch
        if middle < usual or not made.over
        else sorted(made.over.values())[middle - usual]
    )


def must_rest(
    priority: Priority, allowance: int | None, used: int, month: Month, at: datetime
) -> bool:
    """Tell whether reads of this priority wait, so that more urgent ones find something left.

    Verification rests first, then backfills, then polls; what a reader waits for only when nothing is
    left, a user's own call never.
    """
    if allowance is None or priority is Priority.USER:
        return False
    if priority is Priority.READ:
        return used >= allowance
    reserve = _RESERVES.get(priority, 0.0) * month.part_left(at)
    return allowance - used <= allowance * (USER_SHARE + reserve)


def limit_of(priority: Priority, allowance: int | None, month: Month, at: datetime) -> int | None:
    """Return how many reads there may be in the month, the last of them of this priority.

    None is no limit. The same as `must_rest`, for whoever counts before the reads are made; a user's
    own are given out in small parts up to the allowance, and made whatever is left.
    """
    if allowance is None or priority in (Priority.USER, Priority.READ):
        return allowance
    reserve = _RESERVES.get(priority, 0.0) * month.part_left(at)
    return ceil(allowance - allowance * (USER_SHARE + reserve))


def measured(
    demand: Demand, polls: Mapping[str, int], window_s: float, before: Plan
) -> Mapping[str, float]:
    """Return which accounts' polls read far more than usual per second, unstretched.

    Smoothed over a day, so that one busy hour makes nobody slow. What an account reads beyond its
    usual looks is taken to come from its changes, and so not to become less when it looks less often.

    Args:
        demand: what was known before.
        polls: reads that polls made in the window, by account.
        window_s: how long it was.
        before: how they were stretched meanwhile.
    """
    weight = 1.0 - 2.0 ** (-window_s / _SMOOTH_OVER_S)
    usual = demand.usual_per_s
    over = {}
    for account_id in {*demand.over, *polls}:
        beyond = polls.get(account_id, 0) / window_s - usual / before.stretch_of(account_id)
        needed = usual + max(0.0, beyond)
        known = demand.over.get(account_id, usual)
        smoothed = known + weight * (needed - known)
        if smoothed > usual * (1.0 + _FAR_OVER):
            over[account_id] = smoothed
    return over
