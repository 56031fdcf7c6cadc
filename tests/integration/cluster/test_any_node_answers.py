"""Whatever is asked of a node that does not host the account reaches the one that does, and is answered."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import anyio
import msgspec
import pytest
import structlog

from actors import events
from actors.clock import SystemClock
from actors.mailbox import MailboxFullError
from actors.messages import (
    Pause,
    Read,
    RescanRequested,
    Resume,
    SyncNow,
    VerificationRequested,
)
from actors.status import AccountState
from daemon.action_desk import Wish
from daemon.connect_errors import CodeRefusedError, ConsentRefusedError
from daemon.hosted import Condition, NotHostedError
from daemon.standing import standing
from daemon.token_mark import compare_admin_token
from store.action_models import ActionState
from store.models import Account
from support.cluster_house import ClusterHouse, Node, cluster_house
from support.deliveries import cloud_event, signed
from support.postgres_database import PostgresDatabase


@pytest.fixture
async def house(database: PostgresDatabase) -> AsyncIterator[ClusterHouse]:
    async with cluster_house(database) as opened:
        yield opened


@pytest.fixture
async def silent(database: PostgresDatabase) -> AsyncIterator[ClusterHouse]:
    async with cluster_house(database, silent=True) as opened:
        yield opened


@contextmanager
def place(_wait_s: float) -> Iterator[bool]:
    """There is room for every reader."""
    with anyio.move_on_after(_wait_s):
        yield True


def state(node: Node, account: Account) -> AccountState:
    return standing(account, node.fleet.hosted().get(account.id)).state


def customer() -> bytes:
    return msgspec.json.encode({"DisplayName": f"Somebody {uuid4()}"})


async def ask(house: ClusterHouse, account: Account, wait_s: float = 5.0) -> ActionState:
    """Ask for a write through the node that does not host the account."""
    desk, new_id = house.other.actions, uuid4()
    with desk.expect(new_id) as happening:
        wish = Wish("customer.create", customer(), allow_duplicate=True)
        asked = await desk.ask(account, wish, new_id, at_once=True)
        return (await desk.outcome(asked.action, wait_s, happening)).state


async def test_how_an_account_does_is_known_everywhere(house: ClusterHouse) -> None:
    account = await house.live()
    assert state(house.other, account) is AccountState.LIVE
    assert account.id not in house.other.supervisor.hosted()
    assert list(house.other.fleet.hosted()) == [account.id]
    assert list(house.owner.fleet.hosted()) == [account.id]


async def test_company_that_is_connected_at_another_node_is_run_by_its_owner(
    house: ClusterHouse,
) -> None:
    account = await house.connected(house.other)
    await house.until(lambda: house.is_live(house.other, account.id))
    assert account.id in house.owner.supervisor.hosted()
    assert house.other.told(events.PageStored) == 0


async def test_users_write_is_answered_at_the_node_that_took_it(house: ClusterHouse) -> None:
    account = await house.live()
    assert await ask(house, account) is ActionState.SUCCEEDED
    assert house.owner.told(events.ActionEnded) == 1
    assert house.other.told(events.ActionEnded) == 0


async def test_look_that_was_asked_for_elsewhere_is_made(house: ClusterHouse) -> None:
    account, before = await house.live(), house.owner.told(events.PageStored)
    await house.other.fleet.tell(account.id, SyncNow((), by_user=True))
    await house.until(lambda: house.owner.told(events.PageStored) > before)


async def test_account_is_paused_and_resumed_from_elsewhere(house: ClusterHouse) -> None:
    account = await house.live()
    actor = house.owner.supervisor.actor(account.id)
    assert actor is not None
    await house.other.store.set_paused(account.id, paused=True)
    await house.other.fleet.tell(account.id, Pause())
    await house.until(lambda: not actor.polls)
    await house.other.store.set_paused(account.id, paused=False)
    await house.other.fleet.tell(account.id, Resume())
    await house.until(lambda: actor.polls)


async def test_account_that_was_given_up_is_resumed_from_elsewhere(house: ClusterHouse) -> None:
    account = await house.live()
    await house.owner.supervisor.stop_account(account.id)
    await house.until(lambda: account.id not in house.other.fleet.hosted())
    await house.other.fleet.tell(account.id, Resume())
    await house.until(lambda: house.owner.supervisor.actor(account.id) is not None)


async def test_full_reading_and_verification_are_asked_for_elsewhere(house: ClusterHouse) -> None:
    account = await house.live()
    number = await house.other.store.request_verification(account.id, repair=True)
    await house.other.fleet.tell(account.id, VerificationRequested(number, repair=True))
    await house.other.store.request_rescan(account.id, ["Item"])
    await house.other.fleet.tell(account.id, RescanRequested(("Item",)))
    await house.until(lambda: house.owner.told(events.VerificationEnded) == 1)
    certificate = await house.other.store.certificate(account.id)
    assert certificate is not None
    assert certificate.exact


async def test_company_is_let_go_from_elsewhere(house: ClusterHouse) -> None:
    account = await house.live()
    result = await house.other.connector.disconnect(account.id, purge=False)
    assert result.revoked
    assert account.id not in house.owner.supervisor.hosted()
    await house.until(lambda: account.id not in house.other.fleet.hosted())
    assert house.owner.told(events.OwnerNeeded) == 0


async def test_reader_elsewhere_waits_for_a_look(house: ClusterHouse) -> None:
    account = await house.live()
    before = house.owner.told(events.PageStored)
    found = await house.other.readers.bring_up(account, 0.0, place)
    assert found.reason is None
    assert house.owner.told(events.PageStored) > before


async def test_webhook_that_another_node_takes_has_the_account_looked_at(
    house: ClusterHouse,
) -> None:
    account, before = await house.live(), house.owner.told(events.PageStored)
    body = msgspec.json.encode([cloud_event(account.external_account_id)])
    headers = signed(body)
    taken = await house.other.deliveries.take("quickbooks", body, headers, 0.0)
    assert taken.received.stored == 1
    await house.until(lambda: house.owner.told(events.PageStored) > before)


async def test_whom_nobody_hosts_nobody_is_told_of(house: ClusterHouse) -> None:
    account = await house.live()
    with pytest.raises(NotHostedError):
        await house.other.fleet.tell("nobody", SyncNow())
    await house.owner.supervisor.stop_account(account.id)
    await house.until(lambda: account.id not in house.other.fleet.hosted())
    with pytest.raises(NotHostedError):
        await house.other.fleet.tell(account.id, SyncNow())


async def test_account_that_is_told_too_much_elsewhere_is_told_no_more_until_it_was_read(
    house: ClusterHouse,
) -> None:
    account, count = await house.live(), "SELECT count(*) FROM errands"
    await house.owner.let_go(0, 1)
    for _ in range(16):
        await house.other.fleet.tell(account.id, SyncNow((), by_user=True))
    for message in (SyncNow(), Pause(), VerificationRequested(1, repair=True)):
        with pytest.raises(MailboxFullError):
            await house.other.fleet.tell(account.id, message)
    await house.other.fleet.tell(account.id, Read(0.0))
    assert house.database.query(count) == [(16,)]
    await house.other.fleet.start_account(account.id)
    assert house.database.query(count) == [(17,)]
    await house.owner.take(0, 1)
    await house.until(lambda: house.database.query(count) == [(0,)])
    await house.other.fleet.tell(account.id, SyncNow((), by_user=True))


async def test_errand_waits_for_the_next_holder(house: ClusterHouse) -> None:
    account = await house.live()
    await house.owner.let_go(0, 1)
    before = house.other.told(events.PageStored)
    await house.owner.fleet.start_account(account.id)
    await house.other.take(0, 1)
    await house.until(lambda: house.other.supervisor.actor(account.id) is not None)
    await house.until(lambda: house.other.told(events.PageStored) > before)
    await house.until(lambda: house.is_live(house.owner, account.id))
    far = house.owner.fleet.hosted()[account.id]
    assert far.condition is Condition.RUNNING
    assert account.id not in house.owner.supervisor.hosted()


async def test_without_a_word_everything_comes_within_about_a_second(
    silent: ClusterHouse,
) -> None:
    account = await silent.live()
    with anyio.fail_after(8.0):
        assert await ask(silent, account) is ActionState.SUCCEEDED
    before = silent.owner.told(events.PageStored)
    body = msgspec.json.encode([cloud_event(account.external_account_id)])
    await silent.other.deliveries.take("quickbooks", body, signed(body), 0.0)
    with anyio.fail_after(8.0):
        await silent.until(lambda: silent.owner.told(events.PageStored) > before)
    account = await silent.other.store.account(account.id)
    with anyio.fail_after(8.0):
        assert (await silent.other.readers.bring_up(account, 0.0, place)).reason is None


async def test_wires_that_were_cut_lose_no_write(house: ClusterHouse) -> None:
    account = await house.live()
    house.cut_the_wires()
    with anyio.fail_after(8.0):
        assert await ask(house, account) is ActionState.SUCCEEDED


async def test_owner_may_come_back_from_the_consent_page_to_another_node(
    house: ClusterHouse,
) -> None:
    realm = house.company()
    page = await house.owner.connector.begin("quickbooks")
    (state,) = parse_qs(urlsplit(page).query)["state"]
    code = house.sandbox.issue_code(realm)
    account, is_new = await house.other.connector.finish("quickbooks", state, code, realm)
    assert is_new
    with pytest.raises(ConsentRefusedError):
        await house.owner.connector.finish("quickbooks", state, code, realm)
    # The vendor may take a second exchange for an attack: it is not made at the other node either.
    with pytest.raises(CodeRefusedError):
        await house.owner.connector.connect("quickbooks", code, realm)
    await house.until(lambda: house.is_live(house.other, account.id))


async def test_who_signs_out_at_one_node_is_signed_out_at_all(house: ClusterHouse) -> None:
    house.owner.ended_sessions.add("a session", SystemClock().now().utc)
    await house.until(lambda: "a session" in house.other.ended_sessions)


async def test_pause_at_one_node_is_counted_at_another(house: ClusterHouse) -> None:
    account = await house.live()
    for node in (house.owner, house.other):
        node.metrics.census.load(await node.store.accounts())
    paused = await house.other.store.set_paused(account.id, paused=True)
    house.other.metrics.census.put(paused)

    def is_known() -> bool:
        counted = house.owner.metrics.census.counted(account.id)
        return counted is not None and counted.account.paused

    await house.until(is_known)


async def test_state_of_an_account_is_counted_at_every_node(house: ClusterHouse) -> None:
    account = await house.live()
    census = house.other.metrics.census
    census.load(await house.other.store.accounts())
    await census.settle(house.other.fleet.hosted())
    await census.settle(house.other.fleet.hosted())
    house.owner.supervisor.hosted()[account.id].condition = Condition.QUARANTINED
    far = house.other.fleet.hosted()
    await house.until(lambda: far[account.id].condition is Condition.QUARANTINED)
    await census.settle(far)
    assert census.in_state(AccountState.QUARANTINED, 9) == [account.id]


async def test_nodes_with_different_admin_tokens_are_told(house: ClusterHouse) -> None:
    assert await compare_admin_token(house.owner.store, "one token")
    assert await compare_admin_token(house.other.store, "one token")
    with structlog.testing.capture_logs() as logs:
        assert not await compare_admin_token(house.other.store, "another")
    assert [entry["event"] for entry in logs] == ["admin_token_differs"]


async def test_company_that_is_connected_at_a_node_which_lost_its_shards_is_run_by_who_has_them(
    house: ClusterHouse,
) -> None:
    await house.other.take(0, 1)  # and the owner does not know yet
    account = await house.connected(house.owner)
    await house.until(lambda: account.id in house.other.supervisor.hosted())


async def test_look_that_is_asked_for_during_a_hand_over_is_made_afterwards(
    house: ClusterHouse,
) -> None:
    account = await house.live()
    handed_over, house.owner.holding.held = house.owner.holding.held, {}  # its actors go on a while
    await house.owner.fleet.tell(account.id, SyncNow((), by_user=True))
    for hold, claims in handed_over.values():
        await house.owner.supervisor.release(claims)
        await house.owner.store.let_go(hold)
    assert house.database.query("SELECT kind FROM errands") == [("sync",)]
    await house.other.take(0, 1)
    await house.until(lambda: house.other.told(events.PageStored) > 0)
    await house.until(lambda: house.database.query("SELECT kind FROM errands") == [])


async def test_account_that_is_stopped_during_a_hand_over_stays_stopped(
    house: ClusterHouse,
) -> None:
    account = await house.live()
    handed_over, house.owner.holding.held = house.owner.holding.held, {}  # its actors go on a while
    await house.owner.fleet.stop_account(account.id)
    for hold, claims in handed_over.values():
        await house.owner.supervisor.release(claims)
        await house.owner.store.let_go(hold)
    await house.other.take(0, 1)
    await house.until(lambda: account.id not in house.other.supervisor.hosted())
    await house.until(lambda: account.id not in house.owner.fleet.hosted())
