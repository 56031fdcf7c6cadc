import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from store.ports import Store
from store.sqlite import SqliteStore
from store.watch_models import (
    AccountEvent,
    AccountEventFilter,
    Alert,
    AlertChange,
    AlertFilter,
    AlertHappening,
    AuditEntry,
    AuditFilter,
    ChannelPosition,
    Detail,
    PackedSamples,
    Severity,
)
from support.store_fixtures import START, Owned

HOUR = timedelta(hours=1)


def alert(subject: str = "a", **more: object) -> Alert:
    made = Alert(0, "breaker_open", subject, Severity.WARNING, "it fails", START, "quickbooks")
    return replace(made, **more)  # type: ignore[arg-type]


def raised(found: Alert) -> AlertChange:
    return AlertChange(AlertHappening.RAISED, found, START)


def resolved(found: Alert) -> AlertChange:
    over = replace(found, resolved_at=START + HOUR, resolution="it is over")
    return AlertChange(AlertHappening.RESOLVED, over, START + HOUR)


async def test_raised_alert_is_open_until_it_is_resolved(store: Store) -> None:
    (event,) = await store.record_alerts([raised(alert())])
    assert await store.open_alerts() == [event.alert]
    assert event.alert == alert(id=event.alert.id)
    (end,) = await store.record_alerts([resolved(event.alert)])
    assert await store.open_alerts() == []
    assert await store.alert(event.alert.id) == end.alert
    assert await store.alert_events(0, 10) == [event, end]
    assert await store.alert_events(event.seq, 10) == [end]
    assert await store.last_alert_seq() == end.seq


async def test_the_same_is_never_open_twice(store: Store) -> None:
    await store.record_alerts([raised(alert())])
    assert await store.record_alerts([raised(alert(cause="it fails otherwise"))]) == []
    assert [each.cause for each in await store.open_alerts()] == ["it fails otherwise"]


async def test_raised_and_resolved_in_one_piece(store: Store) -> None:
    first, second = await store.record_alerts([raised(alert()), resolved(alert())])
    assert first.alert.id == second.alert.id
    assert await store.open_alerts() == []


async def test_a_changed_cause_is_stored_and_not_told(store: Store) -> None:
    (event,) = await store.record_alerts([raised(alert())])
    other = replace(event.alert, cause="another")
    assert await store.record_alerts([AlertChange(AlertHappening.CHANGED, other, START)]) == []
    assert await store.open_alerts() == [other]
    assert await store.alert_events(event.seq, 10) == []


async def test_alerts_are_paged_newest_first(store: Store) -> None:
    events = await store.record_alerts([raised(alert(str(number))) for number in range(5)])
    await store.record_alerts([resolved(events[4].alert)])
    page = await store.alerts(AlertFilter(open=True, limit=2))
    assert [each.subject for each in page] == ["3", "2"]
    page = await store.alerts(AlertFilter(open=True, limit=9, before=page[-1].id))
    assert [each.subject for each in page] == ["1", "0"]
    assert [each.subject for each in await store.alerts(AlertFilter(open=False))] == ["4"]
    assert len(await store.alerts(AlertFilter())) == 5


async def test_old_alerts_go_with_their_events_and_numbers_are_not_given_again(
    store: Store,
) -> None:
    (event,) = await store.record_alerts([raised(alert())])
    (end,) = await store.record_alerts([resolved(event.alert)])
    assert await store.prune_alerts(START + HOUR, limit=10) == 0
    assert await store.prune_alerts(START + 2 * HOUR, limit=10) == 1
    assert await store.alert_events(0, 10) == []
    assert await store.last_alert_seq() == end.seq
    (again,) = await store.record_alerts([raised(alert())])
    assert again.seq == end.seq + 1
    assert again.alert.id > event.alert.id


async def test_a_channels_position_is_kept(store: Store) -> None:
    assert await store.channel("webhook") is None
    failing = ChannelPosition("webhook", 7, 3, START, START + HOUR, "HTTP 500")
    await store.put_channel(ChannelPosition("webhook", 6))
    await store.put_channel(failing)
    assert await store.channel("webhook") == failing


def event(account_id: str, text: str, hours: int = 0) -> AccountEvent:
    at = START + hours * HOUR
    return AccountEvent(account_id, at, "page", "info", text, 2, {"look": "feed"})


async def test_what_happened_to_an_account_is_paged_both_ways(store: Store, company: Owned) -> None:
    known = company.account_id
    await store.add_account_events(
        [event(known, "1"), event("stranger", "x"), event(known, "2"), event(known, "3")]
    )
    newest = await store.account_events(AccountEventFilter(known, limit=2))
    assert [each.text for each in newest] == ["3", "2"]
    assert newest[0] == replace(event(known, "3"), id=newest[0].id)
    (first,) = await store.account_events(AccountEventFilter(known, before=newest[-1].id))
    later = await store.account_events(AccountEventFilter(known, after=first.id))
    assert [each.text for each in later] == ["2", "3"]
    assert await store.account_events(AccountEventFilter("stranger")) == []


async def test_old_events_are_forgotten_a_few_at_a_time(store: Store, company: Owned) -> None:
    known = company.account_id
    await store.add_account_events([event(known, str(hours), hours) for hours in range(5)])
    assert await store.prune_account_events(START + 3 * HOUR, limit=2) == 2
    assert await store.prune_account_events(START + 3 * HOUR, limit=2) == 1
    assert await store.prune_account_events(START + 3 * HOUR, limit=2) == 0


async def test_purge_forgets_events_and_alerts_and_keeps_the_audit(
    store: Store, company: Owned
) -> None:
    known = company.account_id
    await store.add_account_events([event(known, "1")])
    await store.record_alerts([raised(alert(known, account_id=known)), raised(alert("other"))])
    await store.add_audit([AuditEntry(START, "ada", "::1", "disconnect", "done", known)])
    await store.disconnect(known, purge=True, at=START)
    assert await store.account_events(AccountEventFilter(known)) == []
    assert [each.subject for each in await store.open_alerts()] == ["other"]
    assert len(await store.alert_events(0, 10)) == 1
    (entry,) = await store.audit(AuditFilter(account_id=known))
    assert (entry.who, entry.peer, entry.what, entry.outcome) == (
        "ada",
        "::1",
        "disconnect",
        "done",
    )


async def test_audit_is_paged_and_can_only_be_added_to(store: SqliteStore, path: Path) -> None:
    entries = [
        AuditEntry(START, "ada", "", "pause", "done", str(number % 2), "x") for number in range(4)
    ]
    await store.add_audit(entries)
    page = await store.audit(AuditFilter(limit=3))
    assert [each.account_id for each in page] == ["1", "0", "1"]
    (oldest,) = await store.audit(AuditFilter(before=page[-1].id))
    assert oldest == replace(entries[0], id=oldest.id)
    assert len(await store.audit(AuditFilter(account_id="1"))) == 2
    connection = sqlite3.connect(path)
    try:
        for statement in ("DELETE FROM audit", "UPDATE audit SET who = 'nobody'"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)
    finally:
        connection.close()


async def test_samples_of_a_part_are_kept_for_as_long_as_is_said(store: Store) -> None:
    samples = [PackedSamples(START + hours * HOUR, bytes([hours])) for hours in range(3)]
    for each in samples:
        await store.put_health_samples(1, each, START + HOUR)
    await store.put_health_samples(2, samples[0], START)
    assert await store.health_samples(1, START) == samples[1:]
    assert await store.health_samples(1, START + 2 * HOUR) == samples[2:]


async def test_text_that_cannot_be_stored_as_it_is(store: Store, company: Owned) -> None:
    """Vendors' error texts, and names that somebody sends, may hold anything."""
    odd = "a\0b\ud800c"
    known = company.account_id
    detail: Detail = {"look": odd, "pages": 1}
    told = replace(event(known, odd), detail=detail)
    await store.add_account_events([told, replace(told, account_id=odd)])
    (kept,) = await store.account_events(AccountEventFilter(known))
    assert (kept.text, kept.detail) == ("a\ufffdb?c", {"look": "a\ufffdb?c", "pages": 1})
    await store.add_audit([AuditEntry(START, odd, odd, "pause", odd, odd, odd)])
    (entry,) = await store.audit(AuditFilter())
    assert entry.who == entry.subject == entry.account_id == "a\ufffdb?c"
    (raised_one,) = await store.record_alerts([raised(alert(cause=odd, tried=odd))])
    assert raised_one.alert.cause == "a\ufffdb?c"
    noted = replace(raised_one.alert, note=odd, acked_by="ada", acked_at=START)
    await store.record_alerts([AlertChange(AlertHappening.ACKNOWLEDGED, noted, START)])
    assert (await store.open_alerts())[0].note == "a\ufffdb?c"
