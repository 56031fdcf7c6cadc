"""An account's last day, from the health monitor's samples, as charts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.status import AccountState
from daemon.health.samples import Sample
from daemon.web.pages.charts import Line, line

DAY = timedelta(days=1)
_EVERY = timedelta(minutes=5)
_MISSED = 2.4 * _EVERY
"""Two samples that lie further apart have a gap between them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the day in one state; `x` and `width` are seconds of a day."""

    state: AccountState
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class AccountDay:
    """The last day.

    Attributes:
        width: of the whole day, in seconds.
        responses: the vendor's slowest responses, in seconds.
        ages: how far behind the replica was, in seconds.
    """

    width: float
    stretches: Sequence[Stretch]
    responses: Line
    ages: Line


def account_day(samples: Sequence[Sample], now: datetime) -> AccountDay:
    """Return the day that these samples, the oldest first, tell of."""
    begin, places = now - DAY, round(DAY / _EVERY)
    stretches: list[Stretch] = []
    for sample, after in zip(samples, [*samples[1:], None], strict=False):
        until = now if after is None else after.at
        if until - sample.at > _MISSED:
            until = sample.at + _EVERY
        since = max(sample.at, begin)
        x, width = (since - begin).total_seconds(), (until - since).total_seconds()
        last = stretches[-1] if stretches else None
        if last is not None and last.state is sample.state and last.x + last.width >= x:
            stretches[-1] = Stretch(last.state, last.x, x + width - last.x)
        elif width > 0:
            stretches.append(Stretch(sample.state, x, width))
    return AccountDay(
        width=DAY.total_seconds(),
        stretches=stretches,
        responses=line([sample.response_s for sample in samples], places),
        ages=line([float(sample.age_s or 0) for sample in samples], places),
    )
