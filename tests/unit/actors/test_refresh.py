from collections.abc import Awaitable, Callable

import anyio
import pytest
from cryptography.fernet import Fernet

from actors.credential import Sealer, token_hash
from actors.errors import CredentialError, RejectedError, TransientError
from actors.refresh import OwnerNeededError, Refresher
from store.errors import StaleEpochError, StoreUnavailableError
from store.models import ClaimedAccount, SealedCredential
from store.relational.credentials import read_open_refresh
from support.actor_house import SEALER, House, full, no_trouble
from support.scripted_vendor import no_trouble as no_vendor_trouble
from support.store_fixtures import on_writer
from support.virtual_time import VirtualClock


class Renewal:
    """A refresher of a freshly claimed account, with the tokens that it begins with."""

    def __init__(self, house: House, claimed: ClaimedAccount, sealer: Sealer) -> None:
        assert claimed.credential is not None
        self.sealed: SealedCredential = claimed.credential
        self.refresher = Refresher(
            house.around.store,
            house.vendor,
            sealer,
            house.clock,
            house.account_id,
            claimed.account.epoch,
        )

    async def go(self) -> SealedCredential:
        return await self.refresher.renew(self.sealed)


async def begin(house: House, sealer: Sealer = SEALER) -> Renewal:
    return Renewal(house, await house.real_store.claim(house.account_id), sealer)


async def stored(house: House) -> SealedCredential | None:
    return await house.real_store.credential(house.account_id)


async def left_open(house: House) -> int:
    """Return how often the journal's open entry was tried; 0 when there is none."""
    entry = await on_writer(
        house.real_store, lambda connection: read_open_refresh(connection, house.account_id)
    )
    return 0 if entry is None else entry.attempts


def only(method: str, trouble: Callable[[str], None]) -> Callable[[str], None]:
    return lambda called: trouble(called) if called == method else None


def lost(_operation: str) -> None:
    raise TransientError("reset")


async def test_new_tokens_are_in_the_store_when_they_are_returned(house: House) -> None:
    renewal = await begin(house)
    fresh = await renewal.go()
    assert await stored(house) == fresh
    assert SEALER.unseal(fresh).access_token == "access-2"
    assert await left_open(house) == 0


async def test_the_journal_is_open_while_the_vendor_is_asked(house: House) -> None:
    order: list[str] = []
    house.store.trouble_after = order.append
    house.vendor.trouble = order.append
    renewal = await begin(house)
    await renewal.go()
    assert order == ["begin_refresh", "refresh", "finish_refresh"]


async def test_the_journal_names_the_token_by_its_hash(house: House) -> None:
    house.vendor.trouble = lost
    renewal = await begin(house)
    with pytest.raises(TransientError):
        await renewal.go()
    entry = (await house.real_store.claim(house.account_id)).open_refresh
    assert entry is not None
    assert entry.token_hash == token_hash("refresh-1")


class FrozenProcess(VirtualClock):
    """A clock of a process that is frozen, again and again, for so long."""

    frozen_s = 0.0

    def since_boot_s(self) -> float:
        return super().since_boot_s() + self.frozen_s


def frozen_after(clock: FrozenProcess, *methods: str) -> Callable[[str], None]:
    """Freeze the process each time one of these is durable, before it hears of that."""

    def freeze(called: str) -> None:
        if called in methods:
            clock.frozen_s += 14.0

    return freeze


async def test_whoever_was_frozen_behind_the_journal_asks_again_whose_the_account_is(
    house: House,
) -> None:
    house.clock = clock = FrozenProcess()
    house.store.trouble_after = frozen_after(clock, "begin_refresh")
    renewal = await begin(house)
    await renewal.go()
    assert house.store.log[-3:] == ["begin_refresh", "check_owner", "finish_refresh"]
    assert await left_open(house) == 0


async def test_no_token_is_spent_by_whoever_was_frozen_until_the_account_was_taken(
    house: House,
) -> None:
    house.clock = clock = FrozenProcess()
    house.store.trouble_after = frozen_after(clock, "begin_refresh")
    house.vendor.trouble = fail_test
    renewal = await begin(house)
    taken: list[ClaimedAccount] = []

    async def take() -> None:
        taken.append(await house.real_store.claim(house.account_id))

    async with anyio.create_task_group() as tasks:
        house.store.latency_s = 0.1
        tasks.start_soon(take_after, 0.15, take)
        with pytest.raises(StaleEpochError):
            await renewal.go()
    assert taken
    assert taken[0].open_refresh is not None


async def test_nobody_spends_a_token_who_is_never_sure(house: House) -> None:
    house.clock = clock = FrozenProcess()
    house.store.trouble_after = frozen_after(clock, "begin_refresh", "check_owner")
    house.vendor.trouble = fail_test
    renewal = await begin(house)
    with pytest.raises(StoreUnavailableError):
        await renewal.go()
    assert await left_open(house) == 1


def fail_test(operation: str) -> None:
    pytest.fail(f"the vendor was asked to {operation}")


async def take_after(seconds: float, take: Callable[[], Awaitable[None]]) -> None:
    await anyio.sleep(seconds)
    await take()


async def test_without_a_journal_the_vendor_is_not_asked(house: House) -> None:
    house.store.trouble = only("begin_refresh", full)
    renewal = await begin(house)
    with pytest.raises(StoreUnavailableError):
        await renewal.go()
    assert house.vendor.calls == []


async def test_a_failed_refresh_may_be_tried_again_and_is_counted(house: House) -> None:
    house.vendor.trouble = lost
    renewal = await begin(house)
    for _ in range(3):
        with pytest.raises(TransientError):
            await renewal.go()
    house.vendor.trouble = no_vendor_trouble
    house.store.log.clear()
    await renewal.go()
    assert house.store.log == ["begin_refresh", "finish_refresh"]
    assert await left_open(house) == 0


async def test_attempts_stay_in_the_journal_over_a_crash(house: House) -> None:
    house.vendor.trouble = lost
    renewal = await begin(house)
    for _ in range(2):
        with pytest.raises(TransientError):
            await renewal.go()
    assert await left_open(house) == 2


async def test_a_vendor_that_will_not_is_told_apart_from_one_that_refuses_the_grant(
    house: House,
) -> None:
    def wrong_client(_operation: str) -> None:
        raise RejectedError("invalid_client")

    house.vendor.trouble = wrong_client
    renewal = await begin(house)
    with pytest.raises(RejectedError):
        await renewal.go()
    assert (await house.account()).reauth_cause is None


async def test_a_refused_token_needs_the_owner_and_says_why(house: House) -> None:
    house.vendor.issue()
    renewal = await begin(house)
    with pytest.raises(OwnerNeededError) as raised:
        await renewal.go()
    assert (await house.account()).reauth_cause == raised.value.cause
    assert raised.value.cause == (
        "the vendor refused the refresh token (invalid_grant): the app was disconnected there, the"
        " token expired, or something else has renewed it; connect the account again"
    )
    assert await left_open(house) == 0


async def test_a_refused_token_whose_answer_was_lost_says_since_when(house: House) -> None:
    await anyio.sleep(3600)
    house.vendor.trouble_after = lost
    renewal = await begin(house)
    with pytest.raises(TransientError):
        await renewal.go()
    await anyio.sleep(600)
    with pytest.raises(OwnerNeededError) as raised:
        await renewal.go()
    assert raised.value.cause == (
        "the answer to a token refresh begun at 2026-03-01 13:00:00 UTC was lost, and the vendor"
        " has replaced the token since (invalid_grant); connect the account again"
    )


async def test_an_answer_lost_in_a_crash_is_told_by_the_next_run(house: House) -> None:
    renewal = await begin(house)

    def crash(_operation: str) -> None:
        raise ZeroDivisionError

    house.vendor.trouble_after = crash
    with pytest.raises(ZeroDivisionError):
        await renewal.go()
    with pytest.raises(OwnerNeededError, match="was lost"):
        await (await begin(house)).go()


async def test_tokens_that_cannot_be_stored_now_are_stored_later(house: House) -> None:
    house.store.trouble = only("finish_refresh", full)
    renewal = await begin(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(renewal.go)
        await anyio.sleep(30)
        assert await left_open(house) == 1
        house.store.trouble = no_trouble
    assert await left_open(house) == 0
    assert house.vendor.count("refresh") == 1


async def test_tokens_that_could_not_be_stored_in_time_are_kept_and_not_asked_for_again(
    house: House,
) -> None:
    house.store.trouble = only("finish_refresh", full)
    renewal = await begin(house)
    for _ in range(3):
        began_s = house.now_s()
        with pytest.raises(StoreUnavailableError):
            await renewal.go()
        assert 59 <= house.now_s() - began_s <= 61
    house.store.trouble = no_trouble
    fresh = await renewal.go()
    assert SEALER.unseal(fresh).access_token == "access-2"
    assert await stored(house) == fresh
    assert house.vendor.count("refresh") == 1
    renewal.sealed = fresh
    assert SEALER.unseal(await renewal.go()).access_token == "access-3"


async def test_tokens_stored_without_acknowledgement_are_not_asked_for_again(house: House) -> None:
    answers = [StoreUnavailableError("the answer was lost")]

    def lose_one(_method: str) -> None:
        if answers:
            raise answers.pop()

    house.store.trouble_after = only("finish_refresh", lose_one)
    renewal = await begin(house)
    fresh = await renewal.go()
    assert await stored(house) == fresh
    assert house.vendor.count("refresh") == 1


async def test_a_refusal_that_cannot_be_noted_now_is_noted_later_with_its_true_cause(
    house: House,
) -> None:
    house.vendor.issue()
    house.store.trouble = only("require_reauthorization", full)
    renewal = await begin(house)
    with pytest.raises(StoreUnavailableError):
        await renewal.go()
    house.store.trouble = no_trouble
    with pytest.raises(OwnerNeededError, match="refused the refresh token"):
        await renewal.go()
    assert house.vendor.count("refresh") == 1


async def test_a_last_attempt_stores_what_is_left(house: House) -> None:
    house.store.trouble = only("finish_refresh", full)
    renewal = await begin(house)
    with pytest.raises(StoreUnavailableError):
        await renewal.go()
    await renewal.refresher.store_what_is_left()
    house.store.trouble = no_trouble
    await renewal.refresher.store_what_is_left()
    sealed = await stored(house)
    assert sealed is not None
    assert SEALER.unseal(sealed).access_token == "access-2"


async def test_a_last_attempt_with_nothing_left_does_nothing(house: House) -> None:
    renewal = await begin(house)
    await renewal.refresher.store_what_is_left()
    assert house.store.log == []


@pytest.mark.parametrize("after_s", [0.5, 2.5, 4.5])
async def test_cancelled_from_outside_it_finishes_first(house: House, after_s: float) -> None:
    """During the journal's write, during the vendor's call, and while the tokens are stored."""
    house.vendor.latency_s = 2.0
    house.store.latency_s = 2.0
    renewal = await begin(house)
    with anyio.move_on_after(after_s) as scope:
        await renewal.go()
        await anyio.sleep(1)
    assert scope.cancelled_caught
    assert house.now_s() == pytest.approx(6.0)
    sealed = await stored(house)
    assert sealed is not None
    assert SEALER.unseal(sealed).access_token == "access-2"
    assert await left_open(house) == 0


async def test_cancelled_while_the_store_is_full_it_ends_in_bounded_time(house: House) -> None:
    house.store.trouble = only("finish_refresh", full)
    renewal = await begin(house)
    with anyio.move_on_after(5), pytest.raises(StoreUnavailableError):
        await renewal.go()
    assert house.now_s() <= 62


async def test_another_owner_keeps_it_from_spending_the_token(house: House) -> None:
    renewal = await begin(house)
    await house.real_store.claim(house.account_id)
    with pytest.raises(StaleEpochError):
        await renewal.go()
    assert house.vendor.calls == []


async def test_with_the_wrong_key_nothing_is_spent(house: House) -> None:
    renewal = await begin(house, Sealer([Fernet.generate_key().decode()]))
    with pytest.raises(CredentialError):
        await renewal.go()
    assert house.vendor.calls == []
    assert await left_open(house) == 0


async def test_the_error_reads_as_its_cause(house: House) -> None:
    house.vendor.issue()
    renewal = await begin(house)
    with pytest.raises(OwnerNeededError) as raised:
        await renewal.go()
    assert str(raised.value) == raised.value.cause


async def test_keys_that_are_not_spent_by_their_use_need_no_journal(house: House) -> None:
    house.vendor.single_use_tokens = house.vendor.rotates = False
    renewal = await begin(house)
    renewal.sealed = SEALER.seal(house.vendor.issue())
    house.vendor.trouble = lost
    with pytest.raises(TransientError):
        await renewal.go()
    house.vendor.trouble = no_vendor_trouble
    fresh = await renewal.go()
    assert await stored(house) == fresh
    assert house.store.log.count("begin_refresh") == 0


async def test_keys_that_are_refused_are_said_to_be_withdrawn(house: House) -> None:
    house.vendor.single_use_tokens = False
    renewal = await begin(house)
    house.vendor.issue()
    with pytest.raises(OwnerNeededError, match="keys"):
        await renewal.go()
