from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from structlog.typing import EventDict

from actors.breaker import BreakerState
from actors.events import (
    BreakerChanged,
    CallMade,
    Event,
    LookAbandoned,
    OwnerNeeded,
    PageStored,
    RefreshFailed,
    TokenRefreshed,
)
from daemon.event_log import EventLog
from store.models import Via
from store.verification import Difference, Mend

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ABANDONED = LookAbandoned("a1", "quickbooks", "feed", "transient", "HTTP 503", 1, "tid-1")
REFRESH_FAILED = RefreshFailed("a1", "quickbooks", "transient", "HTTP 503", 1)
REFRESHED = TokenRefreshed("a1", "quickbooks", NOW, None)
OWNER_NEEDED = OwnerNeeded("a1", "quickbooks", "the token is dead")


def stored(*, via: Via = Via.POLL, upserts: int = 0, deletes: int = 0) -> PageStored:
    return PageStored("a1", "quickbooks", "feed", via, 3, upserts, deletes, 0.1234567, NOW)


def logged(*events: Event, trace_names: dict[str, str] | None = None) -> list[EventDict]:
    log = EventLog(trace_names or {"quickbooks": "intuit_tid"})
    with capture_logs() as lines:
        for event in events:
            log.listen(event)
    return [dict(line) for line in lines]


def briefs(*events: Event) -> list[tuple[str, str]]:
    return [(line["log_level"], line["event"]) for line in logged(*events)]


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (stored(), "debug"),
        (stored(upserts=1), "info"),
        (stored(deletes=1), "info"),
        (stored(via=Via.BACKFILL), "info"),
    ],
)
def test_page_is_worth_a_line_unless_it_is_an_idle_poll(event: PageStored, level: str) -> None:
    assert briefs(event) == [(level, "page_stored")]


def test_page_says_whose_it_is_and_what_it_did() -> None:
    (line,) = logged(stored(upserts=2, deletes=1))
    assert line == {
        "event": "page_stored",
        "log_level": "info",
        "account": "a1",
        "vendor": "quickbooks",
        "look": "feed",
        "via": "poll",
        "objects": 3,
        "upserts": 2,
        "deletes": 1,
        "duration_s": 0.123,
    }


def test_failure_is_said_once_when_it_begins_and_once_when_it_is_over() -> None:
    assert briefs(ABANDONED, ABANDONED, ABANDONED, stored(), stored()) == [
        ("warning", "look_failed"),
        ("debug", "look_failed"),
        ("debug", "look_failed"),
        ("info", "look_recovered"),
        ("debug", "page_stored"),
        ("debug", "page_stored"),
    ]


def test_recovery_says_how_often_it_failed() -> None:
    recovered = logged(ABANDONED, ABANDONED, stored())[2]
    assert recovered["failures"] == 2


def test_failure_carries_the_vendors_own_id_under_its_own_name() -> None:
    assert logged(ABANDONED)[0]["intuit_tid"] == "tid-1"
    assert logged(ABANDONED, trace_names={"other": "x"})[0]["trace_id"] == "tid-1"


def test_failure_that_never_reached_the_vendor_has_no_trace() -> None:
    line = logged(LookAbandoned("a1", "quickbooks", "feed", "transient", "reset", 1, None))[0]
    assert "intuit_tid" not in line


def test_failing_refresh_is_said_once_and_its_end_too() -> None:
    assert briefs(REFRESH_FAILED, REFRESH_FAILED, REFRESHED, REFRESHED) == [
        ("warning", "token_refresh_failed"),
        ("debug", "token_refresh_failed"),
        ("info", "token_refreshed"),
        ("debug", "token_refreshed"),
    ]


def test_need_for_the_owner_is_an_error_and_ends_what_was_broken() -> None:
    lines = logged(ABANDONED, OWNER_NEEDED, ABANDONED)
    assert [line["log_level"] for line in lines] == ["warning", "error", "warning"]
    assert lines[1]["cause"] == "the token is dead"


@pytest.mark.parametrize(
    ("state", "brief"),
    [
        (BreakerState.OPEN, ("warning", "breaker_opened")),
        (BreakerState.HALF_OPEN, ("debug", "breaker_probing")),
        (BreakerState.CLOSED, ("info", "breaker_closed")),
    ],
)
def test_breaker_says_how_it_turned(state: BreakerState, brief: tuple[str, str]) -> None:
    assert briefs(BreakerChanged("a1", "quickbooks", state)) == [brief]


def test_call_is_a_line_for_who_debugs() -> None:
    call = CallMade("quickbooks", "query", 200, None, 0.25, "tid-2", "4711")
    assert logged(call) == [
        {
            "event": "vendor_called",
            "log_level": "debug",
            "vendor": "quickbooks",
            "operation": "query",
            "external_account_id": "4711",
            "status": 200,
            "reason": None,
            "duration_s": 0.25,
            "intuit_tid": "tid-2",
        }
    ]


def test_nothing_is_remembered_of_what_is_whole() -> None:
    log: Any = EventLog({})
    with capture_logs():
        for event in (ABANDONED, REFRESH_FAILED, stored(), REFRESHED):
            log.listen(event)
        log.listen(ABANDONED)
        log.listen(OWNER_NEEDED)
    assert log._broken == {}  # noqa: SLF001 - what it remembers must not grow


def test_moment_of_exactness_is_said() -> None:
    lines = logged(replace(stored(), became_exact=True))
    assert lines[1] == {
        "event": "backfill_complete",
        "log_level": "info",
        "account": "a1",
        "vendor": "quickbooks",
        "exact_as_of": "2026-11-21T09:00:00+00:00",
    }


def test_rows_that_were_mended_are_named() -> None:
    mended = [Mend("Bill", str(number), Difference.MISSING) for number in range(30)]
    mended += [Mend("Invoice", "7", Difference.EXTRA)]
    _, bills, invoices = logged(replace(stored(via=Via.VERIFY), mended=mended))
    assert bills == {
        "event": "rows_mended",
        "log_level": "warning",
        "account": "a1",
        "vendor": "quickbooks",
        "via": "verify",
        "object_type": "Bill",
        "difference": "missing",
        "count": 30,
        "ids": [str(number) for number in range(20)],
    }
    assert (invoices["difference"], invoices["ids"]) == ("extra", ["7"])


def test_account_that_was_exact_before_is_not_said_to_become_so() -> None:
    assert briefs(stored(via=Via.BACKFILL), stored()) == [
        ("info", "page_stored"),
        ("debug", "page_stored"),
    ]
