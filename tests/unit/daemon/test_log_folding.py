import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import structlog

from actors.moment import Moment
from daemon.config import LogConfig
from daemon.log import configure_logging
from daemon.log_folding import WINDOW_S, LogFolding
from daemon.redaction import Redactor

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass
class HandClock:
    seconds: float = 0.0

    def now(self) -> Moment:
        return Moment(self.seconds, START + timedelta(seconds=self.seconds))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


class Journal:
    """A log that folds after three lines."""

    def __init__(self, level: str = "info", fold_after: int | None = 3) -> None:
        self.clock = HandClock()
        self.folding = LogFolding(self.clock)
        self._stream = StringIO()
        configure_logging(
            LogConfig(level="debug" if level == "debug" else "info", fold_after=fold_after),
            clock=self.clock,
            redactor=Redactor(),
            stream=self._stream,
            environ={},
            folding=self.folding,
        )

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def number_of(self, event: str) -> int:
        return sum(line["event"] == event for line in self.lines())


def test_what_repeats_itself_is_told_once_with_how_often_and_since_when() -> None:
    journal = Journal()
    for _ in range(10):
        journal.clock.seconds += 1
        log.warning("look_failed", account="a", error="again")
    assert journal.number_of("look_failed") == 3
    journal.clock.seconds = 1 + WINDOW_S
    journal.folding.tell()
    last = journal.lines()[-1]
    assert {name: last[name] for name in ("level", "event", "folded", "count", "account")} == {
        "level": "warning",
        "event": "log_folded",
        "folded": "look_failed",
        "count": 7,
        "account": "a",
    }
    assert last["since"] == "2026-11-21T09:30:04Z"


def test_nothing_is_told_before_the_minute_is_over_or_twice() -> None:
    journal = Journal()
    for _ in range(4):
        log.info("page_stored", account="a")
    journal.folding.tell()
    assert journal.number_of("log_folded") == 0
    journal.clock.seconds = WINDOW_S
    journal.folding.tell()
    journal.folding.tell()
    assert journal.number_of("log_folded") == 1


def test_the_next_minute_begins_anew() -> None:
    journal = Journal()
    for _ in range(3):
        log.info("page_stored", account="a")
    journal.clock.seconds = WINDOW_S
    for _ in range(3):
        log.info("page_stored", account="a")
    assert journal.number_of("page_stored") == 6


def test_what_is_folded_goes_on_being_counted_until_it_is_told() -> None:
    journal = Journal()
    for _ in range(5):
        log.info("page_stored", account="a")
    journal.clock.seconds = WINDOW_S + 5
    log.info("page_stored", account="a")
    journal.folding.tell()
    assert [line["count"] for line in journal.lines() if line["event"] == "log_folded"] == [3]


def test_other_events_accounts_and_levels_are_not_touched() -> None:
    journal = Journal()
    for account in ("a", "b"):
        for _ in range(4):
            log.info("page_stored", account=account)
            log.warning("page_stored", account=account)
            log.info("look_recovered", account=account)
    assert journal.number_of("page_stored") == 12
    assert journal.number_of("look_recovered") == 6


def test_errors_are_never_folded() -> None:
    journal = Journal()
    for number in range(50):
        log.error("actor_crashed", account="a", number=number)
    assert [line["number"] for line in journal.lines()] == list(range(50))


def test_who_asks_for_debug_gets_all_of_it() -> None:
    journal = Journal(level="debug")
    for _ in range(50):
        log.debug("vendor_called", account="a")
    assert journal.number_of("vendor_called") == 50


def test_a_library_that_repeats_itself_is_folded_by_where_it_says_so() -> None:
    journal = Journal()
    chatty = logging.getLogger("chatty")
    for number in range(10):
        chatty.warning("again: %d", number)
    chatty.warning("something else")
    assert journal.number_of("library_message") == 4


def test_at_the_end_nothing_is_left_untold() -> None:
    journal = Journal()
    for _ in range(4):
        log.info("page_stored", account="a")
    journal.folding.tell(at_once=True)
    assert journal.lines()[-1]["count"] == 1


def test_folding_can_be_turned_off() -> None:
    journal = Journal(fold_after=None)
    for _ in range(50):
        log.info("page_stored", account="a")
    assert journal.number_of("page_stored") == 50


def test_no_line_is_lost_when_threads_log() -> None:
    journal = Journal()

    def repeat() -> None:
        for _ in range(500):
            log.info("page_stored", account="a")

    threads = [threading.Thread(target=repeat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.folding.tell(at_once=True)
    assert journal.number_of("page_stored") == 3
    assert journal.lines()[-1]["count"] == 1997


def test_ten_thousand_accounts_do_not_pile_up() -> None:
    journal = Journal()
    for number in range(10_001):
        journal.clock.seconds = number
        log.info("page_stored", account=f"{number}")
    journal.clock.seconds += WINDOW_S
    journal.folding.tell()
    assert journal.number_of("page_stored") == 10_001
    assert journal.number_of("log_folded") == 0
