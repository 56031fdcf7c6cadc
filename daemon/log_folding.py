"""Keeps one thing that goes on and on from burying all others: its lines are counted, not written.

Lines are alike when they have the same event, account and level. The first so many in a minute are
written; what comes then is counted, and told in one line: how many, and since when. Errors are
always written, and so are debug lines: who asks for those wants all.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import anyio
import structlog

from actors.clock import Clock
from actors.moment import Moment

WINDOW_S = 60.0
_TELL_EVERY_S = 10.0
_FOLDED = "log_folded"

log = structlog.get_logger()


class LineKey(NamedTuple):
    """What makes lines alike. `source` is the logger of what a library says."""

    event: str
    account: str
    level: int
    source: str = ""


@dataclass(slots=True)
class _Window:
    """A minute of lines that are alike."""

    ends_s: float
    written: int = 0
    folded: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that were not written."""

    key: LineKey
    count: int
    since: datetime


class Folds:
    """Decides which lines are written. Pure but for its memory: it is told the time.

    It remembers a minute of lines: `due` forgets what is over.
    """

    def __init__(self) -> None:
        self._windows: dict[LineKey, _Window] = {}

    def admit(self, key: LineKey, now: Moment, most: int) -> bool:
        """Say whether a line is to be written; count it when not."""
        window = self._windows.get(key)
        if window is None or (window.ends_s <= now.monotonic_s and not window.folded):
            window = self._windows[key] = _Window(now.monotonic_s + WINDOW_S)
        if window.written < most:
            window.written += 1
            return True
        window.folded += 1
        window.since = window.since or now.utc
        return False

    def due(self, now: Moment, *, at_once: bool = False) -> Iterator[Fold]:
        """Yield what was folded in the minutes that are over, or all of it, and begin anew."""
        for key, window in list(self._windows.items()):
            if window.ends_s > now.monotonic_s and not at_once:
                continue
            del self._windows[key]
            if window.since is not None:
                yield Fold(key, window.folded, window.since)


class LogFolding(logging.Filter):
    """Lets lines through to a handler, or folds them.

    Attributes:
        most: how many lines that are alike are written in a minute; None is all.
    """

    def __init__(self, clock: Clock, most: int | None = None) -> None:
        super().__init__()
        self.most = most
        self._clock = clock
        self._folds = Folds()
        # Threads log too.
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is to be written."""
        if self.most is None or record.levelno not in {logging.INFO, logging.WARNING}:
            return True
        key = _key_of(record)
        if key.event == _FOLDED:
            return True
        with self._lock:
            return self._folds.admit(key, self._clock.now(), self.most)

    async def run(self) -> None:
        """Tell of what was folded when its minute is over, until cancelled."""
        while True:
            await anyio.sleep(_TELL_EVERY_S)
            self.tell()

    def tell(self, *, at_once: bool = False) -> None:
        """Write a line for each thing that was folded."""
        with self._lock:
            folds = list(self._folds.due(self._clock.now(), at_once=at_once))
        for fold in folds:
            account = {"account": fold.key.account} if fold.key.account else {}
            write = log.warning if fold.key.level >= logging.WARNING else log.info
            write(
                "log_folded",
                folded=fold.key.event,
                count=fold.count,
                since=fold.since.isoformat().replace("+00:00", "Z"),
                **account,
            )


def _key_of(record: logging.LogRecord) -> LineKey:
    line: Any = record.msg
    if not isinstance(line, dict):
        # The same place of the same library, whatever it puts into its words.
        return LineKey("library_message", "", record.levelno, f"{record.name}:{record.lineno}")
    return LineKey(str(line.get("event")), str(line.get("account", "")), record.levelno)
