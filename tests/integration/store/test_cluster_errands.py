"""What nodes leave for each other, and how they tell how accounts do."""

import pytest

from actors.clock import SystemClock
from store.action_models import NewAction
from store.cluster_models import HostedStanding, NewErrand, ShardHold
from store.errors import ErrandLimitError
from store.notice import Notice
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.store_fixtures import at, own

HOLD = ShardHold(0, 1, "one")


def hold(
    postgres: PostgresDatabase, shard: int = 0, node: str = "one", epoch: int = 1
) -> ShardHold:
    """Have a node hold a shard."""
    take = (
        "INSERT INTO shards (shard, epoch, node) VALUES (%s, %s, %s) ON CONFLICT (shard)"
        " DO UPDATE SET epoch = excluded.epoch, node = excluded.node RETURNING 1"
    )
    postgres.query(take, shard, epoch, node)
    return ShardHold(shard, epoch, node)


def errand(account_id: str, kind: str = "sync", payload: bytes = b"{}") -> NewErrand:
    return NewErrand(account_id, kind, payload)


async def kinds(store: PostgresqlStore, *holds: ShardHold, limit: int = 100) -> list[str]:
    return [each.kind for each in await store.errands(holds, limit=limit)]


async def test_errands_come_in_the_order_in_which_they_were_left(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company, held = await own(store), hold(postgres)
    await store.leave_errands([errand(company.account_id, kind) for kind in "abc"])
    await store.leave_errands([errand(company.account_id, "d", b'{"x": "\xc3\xbc"}')])
    assert await kinds(store, held) == ["a", "b", "c", "d"]
    assert await kinds(store, held, limit=2) == ["a", "b"]
    *_, last = await store.errands([held], limit=100)
    assert (last.account_id, last.shard) == (company.account_id, 0)
    assert last.payload == b'{"x": "\xc3\xbc"}'


async def test_no_more_errands_of_an_account_wait_than_may(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    full, other, held = await own(store), await own(store, "realm-2"), hold(postgres)
    for kind in "abc":
        await store.leave_errands([errand(full.account_id, kind)], most=3)
    with pytest.raises(ErrandLimitError):
        await store.leave_errands([errand(full.account_id, "d")], most=3)
    await store.leave_errands([errand(other.account_id, "x")], most=3)
    await store.leave_errands([errand(full.account_id, "start")])
    assert await kinds(store, held) == ["a", "b", "c", "x", "start"]
    left = await store.errands([held], limit=2)
    await store.end_errands([each.id for each in left], [held])
    await store.leave_errands([errand(full.account_id, "e")], most=3)
    assert await kinds(store, held) == ["c", "x", "start", "e"]


async def test_ended_errand_is_gone(store: PostgresqlStore, postgres: PostgresDatabase) -> None:
    company, held = await own(store), hold(postgres)
    await store.leave_errands([errand(company.account_id, kind) for kind in "abc"])
    first, _, third = await store.errands([held], limit=100)
    await store.end_errands([first.id, third.id], [held])
    assert await kinds(store, held) == ["b"]


async def test_errand_of_an_unknown_account_is_dropped(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company, held = await own(store), hold(postgres)
    await store.leave_errands([errand("nobody"), errand(company.account_id)])
    assert await kinds(store, held) == ["sync"]


async def test_whoever_lost_the_shard_sees_no_errand_and_ends_none(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company, held = await own(store), hold(postgres)
    await store.leave_errands([errand(company.account_id)])
    (left,) = await store.errands([held], limit=100)
    taken = hold(postgres, node="two", epoch=2)
    assert await kinds(store, held) == []
    await store.end_errands([left.id], [held])
    assert await kinds(store, taken) == ["sync"]


async def test_news_are_what_came_of_late_for_held_accounts(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company, held, now = await own(store), hold(postgres), SystemClock().now().utc
    assert not (await store.news([held], within_s=60)).asked
    await store.accept_action(
        NewAction("a1", company.account_id, "invoice.create", b"{}", "print", None, now)
    )
    notice = Notice("event", "realm-1", "Invoice", "7", "created", now)
    received = await store.receive_notices("quickbooks", [notice], now)
    news = await store.news([held], within_s=60)
    assert news.asked == {company.account_id: now}
    assert news.noticed == {company.account_id: list(received.fresh[company.account_id])}
    assert not (await store.news([ShardHold(0, 7, "one")], within_s=60)).noticed
    postgres.query("UPDATE actions SET asked_at = now() - interval '2 minutes' RETURNING id")
    postgres.query("UPDATE notices SET handled_at = now() RETURNING id")
    news = await store.news([held], within_s=60)
    assert (news.asked, news.noticed) == ({}, {})


async def test_standings_are_followed_in_the_order_of_their_publishing(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    companies = [await own(store, f"realm-{number}") for number in range(3)]
    hold(postgres)
    first = [HostedStanding(each.account_id, "one", b'{"n":1}') for each in companies]
    await store.publish_standings(first)
    found = await store.standings(0, limit=2)
    assert [each.account_id for each in found] == [each.account_id for each in companies[:2]]
    again = HostedStanding(companies[0].account_id, "one", b'{"n":2}')
    await store.publish_standings([again])
    rest = await store.standings(found[-1].published, limit=100)
    assert [(each.account_id, each.document) for each in rest] == [
        (companies[2].account_id, b'{"n":1}'),
        (companies[0].account_id, b'{"n":2}'),
    ]
    assert await store.standing_count("one") == 3
    await store.withdraw_standings("one")
    assert await store.standing_count("one") == 0


async def test_only_the_holder_of_the_shard_tells_how_its_accounts_do(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company = await own(store)
    hold(postgres, node="two", epoch=2)
    await store.publish_standings([HostedStanding(company.account_id, "one", b"{}")])
    assert await store.standings(0, limit=100) == []


async def test_forgotten_account_is_told_to_be_hosted_no_more(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company = await own(store)
    hold(postgres)
    told = HostedStanding(company.account_id, "one", b"{}")
    await store.publish_standings([told])
    await store.disconnect(company.account_id, purge=True, at=at(0))
    await store.publish_standings([told, HostedStanding(company.account_id, "one", b"")])
    (found,) = await store.standings(0, limit=100)
    assert found.document == b""


async def test_node_that_leaves_tells_of_whom_nobody_is_to_host_that_they_are_gone(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    going, let_go, purged = [await own(store, f"realm-{number}") for number in range(3)]
    hold(postgres)
    told = [HostedStanding(each.account_id, "one", b"{}") for each in (going, let_go, purged)]
    await store.publish_standings(told)
    *_, last = await store.standings(0, limit=100)
    await store.disconnect(let_go.account_id, purge=False, at=at(0))
    await store.disconnect(purged.account_id, purge=True, at=at(0))
    await store.withdraw_standings("one")
    assert await store.standing_count("one") == 0
    gone = await store.standings(last.published, limit=100)
    assert {each.account_id: each.document for each in gone} == {
        let_go.account_id: b"",
        purged.account_id: b"",
    }
    await store.withdraw_standings("one")
    assert await store.standings(last.published, limit=100) == gone


async def test_that_an_account_is_gone_is_not_told_for_ever(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    gone, hosted = await own(store), await own(store, "realm-2")
    hold(postgres)
    await store.publish_standings([HostedStanding(gone.account_id, "one", b"")])
    await store.publish_standings([HostedStanding(hosted.account_id, "one", b"{}")])
    through = await store.forget_gone_standings(0)
    assert len(await store.standings(0, limit=100)) == 2
    await store.publish_standings([HostedStanding(gone.account_id, "one", b"")])
    through = await store.forget_gone_standings(through)
    assert len(await store.standings(0, limit=100)) == 2
    await store.forget_gone_standings(through)
    assert [each.account_id for each in await store.standings(0, limit=100)] == [hosted.account_id]


async def test_follower_of_a_database_that_was_put_back_begins_anew(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company = await own(store)
    hold(postgres)
    await store.publish_standings([HostedStanding(company.account_id, "one", b"{}")])
    (found,) = await store.standings(1000, limit=100)
    assert found.account_id == company.account_id
