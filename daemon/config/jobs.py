"""The configuration's section of routed work."""

import re
from dataclasses import dataclass, field
from datetime import time
from typing import Annotated

from daemon.config.rule import Rule

_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _time_of_day() -> Rule:
    """Hold for a time of day, to the minute."""
    return Rule(
        'a time of day such as "02:00", in quotation marks',
        lambda value: value if _TIME_OF_DAY.fullmatch(value) else None,
    )


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """When jobs that are over are put away.

    Attributes:
        after_s: how long after they ended; None never.
        at: each day at this time, as this machine's clock shows it.
    """

    after_s: float | None = 90 * 86_400.0
    at: Annotated[str, _time_of_day()] = "02:00"

    @property
    def time(self) -> time:
        """The time of day."""
        return time.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """Jobs that are routed to other companies.

    Attributes:
        recheck_s: how often objects are read again that may change without their vendor's lists
            telling of it; None never.
        revenue_window_s: how long they are read again after the job was done.
        archive: when jobs are put away.
    """

    recheck_s: float | None = 3_600.0
    revenue_window_s: float = 30 * 86_400.0
    archive: ArchiveConfig = field(default_factory=ArchiveConfig)
