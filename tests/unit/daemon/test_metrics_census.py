from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from actors.breaker import BreakerState
from actors.events import OwnerNeeded, PageStored, TokenRefreshed
from actors.status import AccountState, ActorStatus, BucketStatus
from daemon.hosted import Condition, Hosted
from daemon.metrics import Census
from store.models import Account, Cursor, SealedCredential, Via

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LIVE = ActorStatus(
    BreakerState.CLOSED, 0, BucketStatus(0, 10), {"Invoice": Cursor("Invoice", "p", complete=True)}
)
OPEN = replace(LIVE, breaker=BreakerState.OPEN, trouble=("the vendor failed",))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Host(Hosted):
    """What the supervisor knows, with a status that the test sets."""

    shown: ActorStatus | None = LIVE

    def status(self) -> ActorStatus | None:
        return self.shown


def account(number: int = 1) -> Account:
    return Account(f"a{number}", "quickbooks", str(number), "A", 0, 1, NOW, exact_as_of=NOW)


def stored(account_id: str = "a1", exact_as_of: datetime | None = NOW) -> PageStored:
    return PageStored(account_id, "quickbooks", "feed", Via.POLL, 0, 0, 0, 0.1, exact_as_of)


def tokens(refresh: datetime | None, hard: datetime | None) -> SealedCredential:
    return SealedCredential(b"", NOW, NOW, refresh, hard)


def counts(census: Census) -> Mapping[AccountState, int]:
    return {state: count for (_, state), count in census.states.items() if count}


async def settled(number: int = 1) -> tuple[Census, dict[str, Host]]:
    census = Census()
    accounts = [account(n + 1) for n in range(number)]
    census.load(accounts)
    hosts = {each.id: Host(each.id, each.vendor) for each in accounts}
    await census.settle(hosts)
    return census, hosts


async def test_accounts_are_counted_by_state() -> None:
    census, hosts = await settled(3)
    assert counts(census) == {AccountState.LIVE: 3}
    del hosts["a3"]
    hosts["a2"].condition = Condition.QUARANTINED
    await census.settle(hosts)
    assert counts(census) == {
        AccountState.LIVE: 1,
        AccountState.QUARANTINED: 1,
        AccountState.DEGRADED: 1,
    }


async def test_trouble_shows_although_its_event_comes_before_it() -> None:
    census, hosts = await settled()
    census.note(stored())
    await census.settle(hosts)
    hosts["a1"].shown = OPEN  # the actor takes it in after it was told
    await census.settle(hosts)
    assert counts(census) == {AccountState.DEGRADED: 1}
    assert census.open_breakers["quickbooks"] == 1
    hosts["a1"].shown = LIVE
    census.note(stored())
    await census.settle(hosts)
    assert counts(census) == {AccountState.LIVE: 1}
    assert census.open_breakers["quickbooks"] == 0


async def test_account_to_which_nothing_happened_is_not_looked_at() -> None:
    census, hosts = await settled()
    await census.settle(hosts)
    hosts["a1"].shown = OPEN
    await census.settle(hosts)
    assert counts(census) == {AccountState.LIVE: 1}


async def test_crashes_are_counted_once_and_never_taken_back() -> None:
    census, hosts = await settled()
    hosts["a1"].restarts = 2
    await census.settle(hosts)
    await census.settle(hosts)
    assert census.restarts["quickbooks"] == 2
    hosts["a1"] = Host("a1", "quickbooks")
    await census.settle(hosts)
    assert census.restarts["quickbooks"] == 2
    hosts["a1"].restarts = 1
    await census.settle(hosts)
    assert census.restarts["quickbooks"] == 3


async def test_account_that_needs_its_owner_has_no_tokens_that_could_end() -> None:
    census, hosts = await settled()
    census.put_token_times("a1", tokens(NOW + timedelta(days=100), None))
    assert census.first_token_ends() == {"quickbooks": (NOW + timedelta(days=100)).timestamp()}
    census.note(OwnerNeeded("a1", "quickbooks", "the token is dead"))
    await census.settle(hosts)
    assert counts(census) == {AccountState.REAUTH_REQUIRED: 1}
    assert census.first_token_ends() == {}


async def test_first_token_end_is_the_earliest_of_both_ends_of_all_accounts() -> None:
    census, _ = await settled(3)
    census.put_token_times("a1", tokens(NOW + timedelta(days=100), NOW + timedelta(days=50)))
    census.put_token_times("a2", tokens(NOW + timedelta(days=80), None))
    census.put_token_times("nobody", tokens(NOW, None))
    assert census.first_token_ends()["quickbooks"] == (NOW + timedelta(days=50)).timestamp()
    assert census.without_token_times() == ["a3"]
    census.note(TokenRefreshed("a2", "quickbooks", NOW, NOW + timedelta(days=10)))
    assert census.first_token_ends()["quickbooks"] == (NOW + timedelta(days=10)).timestamp()


async def test_watermarks_follow_the_stored_pages() -> None:
    census, _ = await settled()
    later = NOW + timedelta(minutes=5)
    census.note(stored(exact_as_of=later))
    assert list(census.watermarks()) == [("quickbooks", later.timestamp())]
    census.note(stored(exact_as_of=None))
    assert list(census.watermarks()) == []


@pytest.mark.parametrize("rest", [{"paused": True}, {"disconnected_at": NOW}])
async def test_account_at_rest_is_not_expected_to_be_fresh(rest: dict[str, object]) -> None:
    census, hosts = await settled()
    census.put(replace(account(), **rest))  # type: ignore[arg-type]
    await census.settle(hosts)
    assert list(census.watermarks()) == []
    census.put(account())
    await census.settle(hosts)
    assert list(census.watermarks()) == [("quickbooks", NOW.timestamp())]


async def test_forgotten_account_is_counted_no_more() -> None:
    census, hosts = await settled(2)
    census.forget("a1")
    census.forget("a1")
    census.note(stored("a1"))
    await census.settle(hosts)
    assert counts(census) == {AccountState.LIVE: 1}
    assert census.in_state(AccountState.LIVE, 10) == ["a2"]


async def test_account_forgotten_while_the_others_are_looked_at_is_not_counted() -> None:
    census = Census()
    hosts: dict[str, Host] = {}
    census.load(account(number) for number in range(1000))

    async def forget() -> None:
        census.forget("a999")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(forget)
        await census.settle(hosts)
    assert sum(counts(census).values()) == 999


async def test_accounts_in_a_state_are_named_up_to_a_limit() -> None:
    census, _ = await settled(5)
    assert census.in_state(AccountState.LIVE, 2) == ["a1", "a2"]
    assert census.in_state(AccountState.PAUSED, 2) == []


async def test_account_whose_actor_has_not_begun_stands_as_it_stood() -> None:
    census, hosts = await settled()
    hosts["a1"].shown = None
    census.put(account())
    await census.settle(hosts)
    assert counts(census) == {AccountState.LIVE: 1}
    census.put(replace(account(), exact_as_of=None))
    await census.settle(hosts)
    assert counts(census) == {AccountState.CONNECTING: 1}
