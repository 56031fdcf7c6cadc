from dataclasses import replace
from datetime import UTC, datetime, timedelta

from daemon.alerts import kinds
from daemon.alerts.book import AlertBook
from daemon.alerts.condition import Condition
from store.watch_models import AlertChange, Severity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FAILING = Condition(kinds.ACCOUNT_FAILING, "a", "HTTP 503", "quickbooks", "a")
HELD = Condition(kinds.DELETES_HELD, "a", "60 of 90", "quickbooks", "a")
NAMES = ("account_failing", "deletes_held")


def whats(changes: object) -> list[str]:
    assert isinstance(changes, list | tuple)
    return [str(change.what) for change in changes if isinstance(change, AlertChange)]


def test_what_holds_is_raised_once() -> None:
    book = AlertBook(3600.0)
    assert whats(book.raise_one(FAILING, NOW)) == ["raised"]
    assert book.raise_one(FAILING, NOW + HOUR) == ()
    (alert,) = book.open_alerts()
    assert (alert.opened_at, alert.cause, alert.severity) == (NOW, "HTTP 503", Severity.WARNING)


def test_another_cause_is_written_and_not_told() -> None:
    book = AlertBook(None)
    book.raise_one(FAILING, NOW)
    assert whats(book.raise_one(replace(FAILING, cause="HTTP 500"), NOW)) == ["changed"]


def test_worse_is_told_and_better_is_not() -> None:
    book = AlertBook(None)
    book.raise_one(FAILING, NOW)
    worse = replace(FAILING, severity=Severity.CRITICAL)
    assert whats(book.raise_one(worse, NOW)) == ["escalated"]
    assert book.raise_one(FAILING, NOW) == ()
    assert book.open_alerts()[0].severity is Severity.CRITICAL


def test_what_no_longer_holds_resolves_after_it_settled() -> None:
    book = AlertBook(None)
    assert whats(book.settle(NAMES, "a", [FAILING, HELD], NOW)) == ["raised", "raised"]
    assert whats(book.settle(NAMES, "a", [], NOW)) == ["resolved"]  # deletes_held: at once
    assert book.settle(NAMES, "a", [], NOW + 29 * SECOND) == []
    assert whats(book.settle(NAMES, "a", [], NOW + 30 * SECOND)) == ["resolved"]
    assert book.open_alerts() == ()


def test_what_comes_and_goes_is_one_alert() -> None:
    book = AlertBook(None)
    told = []
    for number in range(20):
        holding = [FAILING] if number % 2 == 0 else []
        told += whats(book.settle(NAMES, "a", holding, NOW + number * 20 * SECOND))
    assert told == ["raised"]


def test_other_subjects_are_left_alone() -> None:
    book = AlertBook(None)
    book.raise_one(FAILING, NOW)
    assert book.settle(NAMES, "b", [], NOW + HOUR) == []
    assert len(book.open_alerts()) == 1


def test_what_stays_is_told_again_ever_more_seldom() -> None:
    book = AlertBook(3600.0)
    book.raise_one(FAILING, NOW)
    told = [
        hours
        for hours in range(1, 100)
        if whats(book.escalate(NOW + hours * HOUR)) == ["escalated"]
    ]
    assert told == [1, 4, 16, 64]
    assert book.open_alerts()[0].severity is Severity.CRITICAL


def test_what_was_acknowledged_is_not_told_again_until_it_becomes_worse() -> None:
    book = AlertBook(3600.0)
    book.raise_one(FAILING, NOW)
    alert = book.open_alerts()[0]
    assert whats(book.acknowledge(alert, "ada", "I look", NOW)) == ["acknowledged"]
    assert book.escalate(NOW + 99 * HOUR) == []
    worse = replace(FAILING, severity=Severity.CRITICAL)
    assert whats(book.raise_one(worse, NOW)) == ["escalated"]
    assert book.open_alerts()[0].acked_at is None


def test_a_happening_that_nothing_else_ends_ends_when_it_is_acknowledged() -> None:
    book = AlertBook(None)
    book.raise_one(Condition(kinds.DRIFT_FOUND, "a/Invoice/17", "Total: 12, asked for 13"), NOW)
    changes = book.acknowledge(book.open_alerts()[0], "ada", None, NOW)
    assert whats(changes) == ["acknowledged", "resolved"]
    assert book.open_alerts() == ()


def test_without_a_time_nothing_escalates() -> None:
    book = AlertBook(None)
    book.raise_one(FAILING, NOW)
    assert book.escalate(NOW + 1000 * HOUR) == ()


def test_counts_by_kind_and_severity() -> None:
    book = AlertBook(None)
    for subject in "ab":
        book.raise_one(replace(FAILING, subject=subject), NOW)
    assert book.counts() == {("account_failing", "warning"): 2}


def test_resolving_what_is_not_open_is_nothing() -> None:
    assert AlertBook(None).resolve("account_failing", "a", "over", NOW) == ()
