"""What several nodes do to one database at the same moment comes out as if one had done it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from decimal import Decimal

import anyio
import pytest

from store.cluster_models import HOUSE
from store.errors import JobConflictError
from store.finance import FinanceDocument, FinanceQuery, Piece, Section
from store.job_models import JobFilter
from store.ports import Store
from store.postgresql import PostgresqlStore
from store.watch_models import Alert, AlertChange, AlertHappening, Severity
from support.jobs import new_job, new_routing
from support.postgres_database import PostgresDatabase
from support.store_fixtures import Owned, at, move, own, record

NODES = 3
MOMENTS = 12


@pytest.fixture
async def nodes(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[Sequence[PostgresqlStore]]:
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(await postgres.open_again(alone=False))
            for _ in range(NODES)
        ]


async def test_the_same_job_at_one_moment_on_all_nodes_is_entered_once(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    company = await own(store)

    async def enter(node: Store, job_id: str, moment: int) -> str:
        new = new_job(job_id, fingerprint=f"moment {moment}")
        try:
            job, _ = await node.accept_job(new, [new_routing(job_id, company)])
        except JobConflictError as conflict:
            return conflict.job_id
        return job.id

    for moment in range(MOMENTS):
        named = await asyncio.gather(
            *[enter(node, f"{moment}-{place}", moment) for place, node in enumerate(nodes)]
        )
        assert len(set(named)) == 1, named
    assert len(await store.jobs(JobFilter(limit=1000))) == MOMENTS


async def test_copies_that_all_nodes_follow_at_once_miss_nothing(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    companies = [await own(store, f"realm-{number}") for number in range(NODES)]
    held: dict[str, dict[str, int]] = {company.account_id: {} for company in companies}

    async def write(node: Store, company: Owned) -> None:
        for page in range(MOMENTS):
            amounts = {str(row): page * 10 + row for row in range(page % 4 + 1)}
            rows = [
                record(name, page, payload=str(amount).encode()) for name, amount in amounts.items()
            ]
            await node.apply_page(company.page(*rows))
            held[company.account_id] |= amounts

    async def follow(node: Store) -> None:
        """As the follower does, and as views that begin a copy anew do."""
        for turn in range(MOMENTS):
            behind, through = await node.finance.behind()
            for account_id in behind:
                await bring_up(node, account_id)
            await node.finance.raise_floor(through)
            company = companies[turn % NODES]
            if turn % 5 == 0 or await node.finance.progress(company.account_id) is None:
                await node.finance.begin(company.account_id, 1)
            await bring_up(node, company.account_id)

    async with anyio.create_task_group() as group:
        for node, company in zip(nodes, companies, strict=True):
            group.start_soon(write, node, company)
            group.start_soon(follow, node)
    await follow(store)
    for account_id, amounts in held.items():
        await bring_up(store, account_id)
        reading = await store.finance.read(account_id, FinanceQuery(totals=(Section.RECEIVABLE,)))
        assert reading.built
        shown = sum(each.amount for each in reading.totals[Section.RECEIVABLE])
        assert shown == sum(amounts.values())


def documents(piece: Piece) -> Sequence[FinanceDocument]:
    return [
        FinanceDocument(
            object_type=each.object_type,
            object_id=each.object_id,
            currency="USD",
            section=Section.RECEIVABLE,
            due_on=date(2026, 6, 1),
            open_amount=Decimal(each.payload.decode()),
        )
        for each in piece.sources
    ]


async def bring_up(node: Store, account_id: str) -> None:
    """Go on until nothing is missing, whoever else does."""
    while (piece := await node.finance.sources(account_id, ["Invoice"], 2)) is not None:
        kept = await node.finance.keep(account_id, piece, documents(piece))
        if kept and piece.after.whole:
            return


async def test_acknowledgement_outlives_what_another_node_knew_before_it(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    (raised,) = await store.record_alerts([happens(AlertHappening.RAISED)])
    known = raised.alert
    acked = replace(known, acked_at=at(1), acked_by="ada", note="I look")
    await nodes[0].record_alerts([happens(AlertHappening.ACKNOWLEDGED, acked)])
    again = replace(known, severity=Severity.CRITICAL, escalations=1)
    assert await nodes[1].record_alerts([happens(AlertHappening.ESCALATED, again)]) == []
    await nodes[1].record_alerts([happens(AlertHappening.CHANGED, replace(known, cause="2"))])
    assert await store.open_alerts() == [replace(acked, cause="2")]
    worse = replace(known, severity=Severity.CRITICAL)
    (told,) = await nodes[1].record_alerts([happens(AlertHappening.ESCALATED, worse)])
    assert (told.alert.acked_at, told.alert.severity) == (None, Severity.CRITICAL)


async def test_alert_that_all_nodes_raise_and_resolve_is_told_once(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    over = replace(alert(), resolved_at=at(3), resolution="it is over")
    for change in (happens(AlertHappening.RAISED), happens(AlertHappening.RESOLVED, over)):
        told = await asyncio.gather(*[node.record_alerts([change]) for node in nodes])
        assert sum(len(events) for events in told) == 1
    assert [event.what for event in await store.alert_events(0, 10)] == ["raised", "resolved"]


async def test_events_of_alerts_never_appear_behind_one_that_was_told(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    async def tell(node: Store, place: int) -> None:
        for number in range(MOMENTS * 2):
            subject = f"{place}-{number}"
            await node.record_alerts([happens(AlertHappening.RAISED, alert(subject))])

    seen: list[str] = []

    async def follow() -> None:
        after = 0
        while len(seen) < NODES * MOMENTS * 2:
            events = await store.alert_events(after, 10)
            after = events[-1].seq if events else after
            seen.extend(event.alert.subject for event in events)

    with anyio.fail_after(20):
        await asyncio.gather(follow(), *[tell(node, place) for place, node in enumerate(nodes)])


def alert(subject: str = "a") -> Alert:
    return Alert(0, "account_failing", subject, Severity.WARNING, "HTTP 503", at(0))


def happens(what: AlertHappening, about: Alert | None = None) -> AlertChange:
    return AlertChange(what, about or alert(), at(2))


async def test_pages_of_one_node_do_not_speak_for_another(
    store: PostgresqlStore, nodes: Sequence[PostgresqlStore]
) -> None:
    await store.prepare_shards(1)
    owned = await own(store)
    hold, _ = await nodes[0].take_shard(0, "a")
    await nodes[1].take_shard(HOUSE, "b")
    claimed = await nodes[0].claim_under(hold, owned.account_id)
    page = replace(owned, epoch=claimed.account.epoch).page(record("1"), cursors=[move(covered=9)])
    await nodes[0].apply_page(page)
    assert [*(await nodes[0].pulse(0, node="a")).looks] == ["quickbooks"]
    assert (await nodes[1].pulse(0, node="b")).looks == {}
    assert [*(await nodes[1].pulse(0)).looks] == ["quickbooks"]
