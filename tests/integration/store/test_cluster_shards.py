"""Shards change hands, and whoever held one before writes nothing more."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import anyio
import psycopg
import pytest

from store.action_models import (
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
)
from store.cluster_models import HOUSE, ShardHold
from store.errors import StaleEpochError, UnknownAccountError
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.store_fixtures import Owned, all_objects, at, credential, move, own, record

SHARDS = 4
SENDING = Attempt(AttemptCall.SEND, at(1), AttemptOutcome.OPEN)
SENT = replace(SENDING, outcome=AttemptOutcome.DONE, ended_at=at(2))


@pytest.fixture
async def other(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[PostgresqlStore]:
    """The same database, as another process has it."""
    await store.prepare_shards(SHARDS)
    async with await postgres.open_again(alone=False) as opened:
        yield opened


@pytest.fixture
async def company(store: PostgresqlStore, other: PostgresqlStore) -> Owned:
    """One that is owned under `held`, with a payment on its way."""
    account, _ = await store.connect(
        "quickbooks", "realm-1", "Company", credential(), at(0), "account of realm-1"
    )
    _, claimed = await store.take_shard(account.shard, "a")
    epoch = claimed[0].account.epoch
    await store.accept_action(
        NewAction("one", account.id, "payment.create", b"{}", "fingerprint", None, at(0))
    )
    await store.begin_attempt(account.id, epoch, "one", SENDING, None, known_attempts=0)
    return Owned(account.id, epoch)


@pytest.fixture
async def held(store: PostgresqlStore, company: Owned) -> ShardHold:
    """The hold that the company is owned under."""
    shard = (await store.account(company.account_id)).shard
    return next(
        ShardHold(each.shard, each.epoch, "a")
        for each in await store.shards()
        if each.shard == shard
    )


async def test_accounts_are_in_the_shard_that_their_ids_decide(store: PostgresqlStore) -> None:
    before = [await own(store, f"early-{number}") for number in range(20)]
    assert {account.shard for account in await store.accounts()} == {0}
    assert await store.prepare_shards(SHARDS) == SHARDS
    for number in range(20):
        await own(store, f"late-{number}")
    shards = {account.id: account.shard for account in await store.accounts()}
    assert set(shards.values()) == set(range(SHARDS))
    assert await store.prepare_shards(7) == SHARDS
    assert {account.id: account.shard for account in await store.accounts()} == shards
    moved = next(each for each in before if shards[each.account_id] != 0)
    with pytest.raises(StaleEpochError):
        await store.apply_page(moved.page(record("1")))
    assert [each.shard for each in await store.shards()] == [HOUSE, *range(SHARDS)]
    assert sum(each.accounts for each in await store.shards()) == 40
    told = await store.shards({0: 7})
    assert [each.accounts for each in told] == [0, 7, *[0] * (SHARDS - 1)]


async def test_shards_are_counted_once_whoever_comes_first(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with AsyncExitStack() as opened:
        others = [
            await opened.enter_async_context(await postgres.open_again(alone=False))
            for _ in range(3)
        ]
        counts: list[int] = []

        async def prepare(each: PostgresqlStore, count: int) -> None:
            counts.append(await each.prepare_shards(count))

        async def connect(each: PostgresqlStore, number: int) -> None:
            await own(each, f"realm-{number}")

        async with anyio.create_task_group() as tasks:
            for number, each in enumerate(others):
                tasks.start_soon(prepare, each, 5 + number)
                tasks.start_soon(connect, each, number)
        assert len(set(counts)) == 1
        wrong = "SELECT count(*) FROM accounts, cluster WHERE shard <> shard_of(id, shard_count)"
        assert postgres.query(wrong) == [(0,)]


async def test_a_shard_is_taken_with_all_that_its_actors_go_on_from(
    store: PostgresqlStore, other: PostgresqlStore
) -> None:
    companies = [await own(store, f"realm-{number}") for number in range(8)]
    for company in companies:
        await store.apply_page(company.page(record("1"), cursors=[move(covered=5)]))
    found = []
    for shard in range(SHARDS):
        hold, claimed = await other.take_shard(shard, "b")
        assert (hold.shard, hold.node) == (shard, "b")
        assert all(each.account.shard == shard for each in claimed)
        assert all(each.credential is not None and each.cursors for each in claimed)
        found += [each.account.id for each in claimed]
    assert sorted(found) == sorted(company.account_id for company in companies)
    _, nobody = await other.take_shard(HOUSE, "b")
    assert nobody == []


def deeds(store: PostgresqlStore, company: Owned) -> Sequence[Callable[[], Awaitable[object]]]:
    """All kinds of writes that an actor makes."""
    owner = (company.account_id, company.epoch)
    end = AttemptEnd(SENT, ActionState.SUCCEEDED, object_types=("Payment",))
    return [
        lambda: store.begin_attempt(*owner, "one", SENDING, None, known_attempts=1),
        lambda: store.end_attempt(*owner, "one", end),
        lambda: store.apply_page(company.page(record("1"))),
        lambda: store.apply_page(company.page(cursors=[move(covered=5)])),
        lambda: store.begin_refresh(*owner, "hash", at(1)),
        lambda: store.finish_refresh(*owner, "hash", credential("new"), at(1)),
        lambda: store.require_reauthorization(*owner, "because", at(1)),
    ]


async def test_whoever_held_it_before_is_refused_whatever_he_writes(
    store: PostgresqlStore, other: PostgresqlStore, company: Owned, held: ShardHold
) -> None:
    taken, claimed = await other.take_shard(held.shard, "b")
    assert taken.epoch == held.epoch + 1
    for deed in deeds(store, company):
        with pytest.raises(StaleEpochError):
            await deed()
    with pytest.raises(StaleEpochError):
        await store.claim_under(held, company.account_id)
    with pytest.raises(StaleEpochError):
        await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await store.claim_shard(held.shard)
    assert not await store.let_go(held)
    assert await store.credential(company.account_id) == credential()
    assert await all_objects(store, company.account_id) == {}
    again = Owned(company.account_id, claimed[0].account.epoch)
    for deed in deeds(other, again):
        await deed()


async def test_what_was_submitted_before_is_refused_when_it_comes_after(
    store: PostgresqlStore, other: PostgresqlStore, postgres: PostgresDatabase,
    company: Owned, held: ShardHold,
) -> None:  # fmt: skip
    """Whoever is stopped with writes under way finds them refused when he goes on."""
    refused: list[str] = []

    async def attempt(deed: Callable[[], Awaitable[object]]) -> None:
        try:
            await deed()
        except StaleEpochError as error:
            refused.append(str(error))

    writes = deeds(store, company)
    async with anyio.create_task_group() as tasks:
        with psycopg.connect(postgres.url) as in_between:
            in_between.execute("SELECT 1 FROM accounts FOR NO KEY UPDATE")
            for deed in writes:
                tasks.start_soon(attempt, deed)
            await anyio.sleep(0.1)
            assert refused == []
            # What `take_shard` does, while the others wait for the same row.
            in_between.execute("UPDATE shards SET epoch = epoch + 1, node = 'b'")
            in_between.execute("UPDATE accounts SET epoch = epoch + 1")
    assert len(refused) == len(writes)
    assert await store.still_held([held]) == []


async def test_a_write_under_way_is_finished_before_the_shard_is_taken(
    store: PostgresqlStore, other: PostgresqlStore, postgres: PostgresDatabase,
    company: Owned, held: ShardHold,
) -> None:  # fmt: skip
    taken: list[int] = []

    async def take() -> None:
        _, claimed = await other.take_shard(held.shard, "b")
        taken.append(claimed[0].account.epoch)

    async with anyio.create_task_group() as tasks:
        with psycopg.connect(postgres.url) as writing:
            writing.execute("SELECT 1 FROM accounts FOR NO KEY UPDATE")
            tasks.start_soon(take)
            await anyio.sleep(0.1)
            assert taken == []
            writing.execute("UPDATE accounts SET name = 'as the last owner left it'")
    assert taken == [company.epoch + 1]
    assert (await store.account(company.account_id)).name == "as the last owner left it"


async def test_claims_and_takings_at_the_same_time_leave_one_owner(
    store: PostgresqlStore, other: PostgresqlStore, company: Owned, held: ShardHold
) -> None:
    holds: list[ShardHold] = []
    epochs: list[int] = []

    async def take(by: PostgresqlStore, node: str) -> None:
        hold, claimed = await by.take_shard(held.shard, node)
        holds.append(hold)
        epochs.append(claimed[0].account.epoch)

    async def claim(by: PostgresqlStore, hold: ShardHold) -> None:
        with suppress(StaleEpochError):
            epochs.append((await by.claim_under(hold, company.account_id)).account.epoch)

    for _ in range(10):
        hold = holds[-1] if holds else held
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take, other, "b")
            tasks.start_soon(claim, store, hold)
            tasks.start_soon(take, store, "a")
            tasks.start_soon(claim, other, hold)
        (standing,) = await store.still_held(holds)
        last = await (other if standing.node == "b" else store).claim_under(
            standing, company.account_id
        )
        assert last.account.epoch > max(epochs)
        assert len(set(epochs)) == len(epochs)
        epochs.append(last.account.epoch)
        holds[:] = [standing]


async def test_letting_go_frees_the_shard_and_fences_its_accounts(
    store: PostgresqlStore, other: PostgresqlStore, company: Owned, held: ShardHold
) -> None:
    assert await store.still_held([held]) == [held]
    assert await store.let_go(held)
    assert not await store.let_go(held)
    assert await store.still_held([held]) == []
    with pytest.raises(StaleEpochError):
        await store.apply_page(company.page(record("1")))
    with pytest.raises(StaleEpochError):
        await store.claim_under(held, company.account_id)
    free = next(each for each in await store.shards() if each.shard == held.shard)
    assert (free.node, free.accounts) == (None, 1)
    taken, _ = await other.take_shard(held.shard, "b")
    first, second = [
        each for each in await store.shard_moves(within_s=60) if each.shard == held.shard
    ]
    assert (first.node, first.before, first.was_let_go) == ("a", None, False)
    assert (second.node, second.before, second.was_let_go) == ("b", "a", True)
    assert second.epoch == taken.epoch
    assert 0 <= second.unheld_s < 10
    await other.take_shard(held.shard, "a")
    assert not (await store.shard_moves(within_s=60))[-1].was_let_go


async def test_only_the_holder_of_its_own_shard_claims_an_account(
    store: PostgresqlStore, company: Owned, held: ShardHold
) -> None:
    assert (await store.claim_under(held, company.account_id)).account.epoch == company.epoch + 1
    elsewhere, _ = await store.take_shard((held.shard + 1) % SHARDS, "a")
    with pytest.raises(StaleEpochError):
        await store.claim_under(elsewhere, company.account_id)
    with pytest.raises(UnknownAccountError):
        await store.claim_under(held, "nobody")
    assert (await store.claim_under(held, company.account_id)).account.epoch == company.epoch + 2


async def test_company_that_is_connected_again_stays_in_its_shard(
    store: PostgresqlStore, company: Owned, held: ShardHold
) -> None:
    again = await own_again(store)
    assert again == held.shard
    assert (await store.claim_under(held, company.account_id)).account.id == company.account_id


async def own_again(store: PostgresqlStore) -> int:
    account, is_new = await store.connect(
        "quickbooks", "realm-1", "Company", credential("again"), at(9), "another id"
    )
    assert not is_new
    return account.shard
