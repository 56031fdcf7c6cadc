import itertools
from collections.abc import Callable
from datetime import timedelta

import anyio
import pytest
from cryptography.fernet import Fernet

from actors import events
from actors.account import Ending
from actors.credential import Credential, Sealer
from actors.errors import CredentialError, ReauthorizeError, ThrottledError, TransientError
from actors.messages import Stop, SyncNow
from actors.step import REFUSED
from store.errors import StoreUnavailableError
from support.actor_house import TYPES, House, no_trouble
from support.scripted_vendor import no_trouble as no_vendor_trouble

DAY_S = 24 * 3600.0


def raising(error: Callable[[], Exception], *operations: str) -> Callable[[str], None]:
    """Fail these operations each time."""

    def trouble(called: str) -> None:
        if called in operations:
            raise error()

    return trouble


def refused() -> Exception:
    return ReauthorizeError("HTTP 401", status=401)


def times_s(house: House, operation: str) -> list[float]:
    return [at_s for at_s, name in house.vendor.calls if name == operation]


def gaps_s(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


async def test_tokens_are_renewed_before_they_end(house: House) -> None:
    async with house.running():
        await anyio.sleep(3 * DAY_S)
    assert house.told(events.LookAbandoned) == []
    refreshes = times_s(house, "refresh")
    assert len(refreshes) >= 3 * DAY_S / 3000 - 2
    assert all(2699 <= gap_s <= 3001 for gap_s in gaps_s(refreshes))


async def test_an_account_that_looks_seldom_renews_its_tokens_only_to_look(house: House) -> None:
    house.configure(poll_interval_s=6 * 3600.0)
    async with house.running():
        await anyio.sleep(20)
        house.vendor.calls.clear()
        await anyio.sleep(10 * DAY_S)
    assert house.vendor.count("feed") == 40
    assert house.vendor.count("refresh") in {39, 40}
    assert house.told(events.LookAbandoned) == []


async def test_renewed_tokens_are_stored_and_used_by_the_next_run(house: House) -> None:
    async with house.running():
        await anyio.sleep(DAY_S)
    async with house.running():
        await anyio.sleep(DAY_S)
    assert house.told(events.LookAbandoned) == []
    assert house.told(events.OwnerNeeded) == []


async def test_tokens_that_ended_while_nothing_ran_are_renewed_first(house: House) -> None:
    await anyio.sleep(10 * DAY_S)
    async with house.running():
        await anyio.sleep(10)
    assert house.vendor.calls[0][1] == "refresh"
    assert house.told(events.LookAbandoned) == []


async def test_tokens_that_live_shorter_than_the_margin_are_renewed_at_half_their_life(
    house: House,
) -> None:
    house.vendor.access_life_s = 600.0
    house.account_id = await house.connect()
    async with house.running():
        await anyio.sleep(6000)
    assert house.told(events.LookAbandoned) == []
    assert all(299 <= gap_s <= 601 for gap_s in gaps_s(times_s(house, "refresh")))


async def test_tokens_that_are_dead_on_arrival_are_not_asked_for_again_and_again(
    house: House,
) -> None:
    house.vendor.access_life_s = 0.0
    house.account_id = await house.connect()
    async with house.running():
        await anyio.sleep(3600)
    assert 1 < house.vendor.count("refresh") <= 360


async def test_a_refused_token_is_renewed_at_once_and_the_look_made_again(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        house.vendor.refuse_access_tokens()
        house.vendor.put("Item", "new")
        await anyio.sleep(301)
        assert await house.is_exact()
        assert run.actor.status().trouble == ()
    assert house.vendor.count("refresh") == 1


async def test_a_refusal_of_a_token_that_was_renewed_meanwhile_renews_nothing(
    house: House,
) -> None:
    async with house.running() as run:
        await anyio.sleep(2690)
        house.vendor.latency_s = 30.0
        run.actor.post(SyncNow())
        await anyio.sleep(1)
        house.vendor.latency_s = 5.0
        await anyio.sleep(16)
        assert len(house.told(events.TokenRefreshed)) == 1
        house.vendor.trouble = raising(refused, "feed")
        await anyio.sleep(15)
        assert len(house.told(events.LookAbandoned)) == 1
        house.vendor.trouble = no_vendor_trouble
        await anyio.sleep(600)
    assert house.vendor.count("refresh") == 1


async def test_looks_refused_side_by_side_cost_one_refresh(house: House) -> None:
    for name in TYPES:
        house.vendor.put(name, "1")
    house.vendor.refuse_access_tokens()
    async with house.running():
        await anyio.sleep(60)
        assert await house.is_exact()
    assert house.vendor.count("refresh") == 1


async def test_a_vendor_that_refuses_every_token_is_left_alone_and_the_owner_told_once(
    house: House,
) -> None:
    house.vendor.trouble = raising(refused, "feed", *(f"list:{name}" for name in TYPES))
    async with house.running() as run:
        await anyio.sleep(DAY_S - 1)
        assert run.ended_by() is None
        assert any("refuses the access token" in each for each in run.actor.status().trouble)
        await anyio.sleep(2 * 3600)
        assert run.ended_by() is Ending.OWNER_NEEDED
    assert house.vendor.count("refresh") <= 31
    assert (await house.account()).reauth_cause == REFUSED
    assert [event.cause for event in house.told(events.OwnerNeeded)] == [REFUSED]


async def test_the_owner_is_told_as_soon_as_the_store_takes_it(house: House) -> None:
    house.vendor.trouble = raising(refused, "feed", *(f"list:{name}" for name in TYPES))
    house.store.trouble = raising(lambda: StoreUnavailableError("full"), "require_reauthorization")
    async with house.running() as run:
        await anyio.sleep(1.2 * DAY_S)
        assert run.ended_by() is None
        assert house.told(events.OwnerNeeded) == []
        house.store.trouble = no_trouble
        await anyio.sleep(2)
        assert run.ended_by() is Ending.OWNER_NEEDED
    assert (await house.account()).reauth_cause == REFUSED


async def test_one_look_that_is_always_refused_does_not_wear_out_the_tokens(
    house: House,
) -> None:
    house.vendor.put("Customer", "1")
    house.vendor.trouble = raising(refused, "list:Item")
    async with house.running() as run:
        await anyio.sleep(DAY_S)
        assert run.ended_by() is None
        assert run.actor.status().trouble[0].startswith("Item: ")
        assert run.actor.status().cursors["Customer"].complete
    assert house.vendor.count("refresh") <= DAY_S / 150
    assert house.vendor.count("list:Item") <= DAY_S / 150 + 5


async def test_a_spent_refresh_token_needs_the_owner_once(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        house.vendor.issue()
        await anyio.sleep(DAY_S)
        assert run.ended_by() is Ending.OWNER_NEEDED
    assert house.vendor.count("refresh") == 1
    (event,) = house.told(events.OwnerNeeded)
    stored = await house.account()
    assert stored.reauth_cause == event.cause
    assert "the vendor refused the refresh token (invalid_grant)" in event.cause


async def test_a_lost_answer_to_a_refresh_needs_the_owner_with_that_cause(house: House) -> None:
    async with house.running() as run:
        house.vendor.trouble_after = raising(lambda: TransientError("reset"), "refresh")
        await anyio.sleep(DAY_S)
        assert run.ended_by() is Ending.OWNER_NEEDED
    assert house.vendor.count("refresh") == 2
    (event,) = house.told(events.OwnerNeeded)
    assert "was lost" in event.cause
    assert "begun at 2026-03-01 12:45" in event.cause


async def test_a_refresh_that_fails_is_tried_again_with_growing_waits(house: House) -> None:
    house.vendor.trouble = raising(lambda: TransientError("HTTP 503"), "refresh")
    async with house.running() as run:
        await anyio.sleep(3500)
        assert run.actor.status().trouble == ("the tokens can't be renewed: HTTP 503",)
        assert 3 <= house.vendor.count("refresh") < 10
        await anyio.sleep(2 * 3600)
        abandoned = len(house.told(events.LookAbandoned))
        calls = house.vendor.count("feed")
        await anyio.sleep(3600)
        assert abandoned == len(house.told(events.LookAbandoned))
        assert house.vendor.count("feed") == calls
        house.vendor.trouble = no_vendor_trouble
        house.vendor.put("Item", "new")
        await anyio.sleep(301)
        assert await house.is_exact()
        assert run.actor.status().trouble == ()
    attempts = [event.attempt for event in house.told(events.RefreshFailed)]
    assert attempts == list(range(1, len(attempts) + 1))


async def test_a_throttled_refresh_waits_as_long_as_it_was_told(house: House) -> None:
    house.vendor.trouble = raising(
        lambda: ThrottledError("429", retry_after_s=500.0, status=429), "refresh"
    )
    async with house.running():
        await anyio.sleep(6000)
    waits_s = gaps_s(times_s(house, "refresh"))
    assert waits_s
    assert min(waits_s) >= 500.0


async def test_a_stop_during_a_refresh_waits_for_its_tokens(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(2690)
        house.vendor.latency_s = 20.0
        run.actor.post(SyncNow())
        await anyio.sleep(15)
        run.actor.post(Stop())
        await anyio.sleep(1)
        assert run.ended_by() is None
        await anyio.sleep(20)
        assert run.ended_by() is Ending.STOPPED
    assert len(house.told(events.TokenRefreshed)) == 1


async def test_cancelling_the_actor_during_a_refresh_loses_no_token(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(2690)
        house.vendor.latency_s = 20.0
        run.actor.post(SyncNow())
        await anyio.sleep(15)
        assert house.vendor.count("refresh") == 1
    house.vendor.latency_s = 0.1
    async with house.running():
        await anyio.sleep(DAY_S)
    assert house.told(events.OwnerNeeded) == []
    assert house.told(events.LookAbandoned) == []


async def test_a_refresh_left_open_by_a_crash_is_tried_at_once(house: House) -> None:
    claimed = await house.real_store.claim(house.account_id)
    assert claimed.credential is not None
    await house.real_store.begin_refresh(
        house.account_id, claimed.account.epoch, "the token's hash", house.clock.utc()
    )
    async with house.running():
        await anyio.sleep(1)
    assert house.vendor.count("refresh") == 1


async def test_tokens_that_cannot_be_unsealed_end_the_run(house: House) -> None:
    stranger = Sealer([Fernet.generate_key().decode()])
    now = house.clock.utc()
    credential = stranger.seal(Credential("a", "r", now, now + timedelta(hours=1)))
    account, _ = await house.real_store.connect("scripted", "2", "Other", credential, now, "other")
    house.account_id = account.id
    with pytest.raises(ExceptionGroup) as raised:
        async with house.running():
            await anyio.sleep(20)
    assert raised.group_contains(CredentialError)
    assert house.vendor.calls == []


async def test_another_owner_ends_it_at_the_refresh_before_the_token_is_spent(
    house: House,
) -> None:
    house.configure(poll_interval_s=1e6)
    async with house.running() as run:
        await anyio.sleep(20)
        await house.real_store.claim(house.account_id)
        await anyio.sleep(2800)
        run.actor.post(SyncNow())
        await anyio.sleep(1)
        assert run.ended_by() is Ending.FENCED_OFF
    assert house.vendor.count("refresh") == 0


@pytest.mark.parametrize("jump_s", [-DAY_S, -300.0, 300.0, DAY_S])
async def test_a_calendar_that_jumps_costs_at_most_one_refresh_and_no_failure(
    house: House, jump_s: float
) -> None:
    async with house.running():
        await anyio.sleep(100)
        house.clock.epoch += timedelta(seconds=jump_s)
        await anyio.sleep(2000)
        assert house.told(events.OwnerNeeded) == []
        assert house.vendor.count("refresh") <= 1


async def test_an_actors_tokens_are_never_told(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(DAY_S)
        shown = f"{house.heard} {run.actor.status()}"
    for secret in ("access-", "refresh-"):
        assert secret not in shown


async def test_tokens_that_could_not_be_stored_are_stored_when_the_actor_stops(
    house: House,
) -> None:
    async with house.running() as run:
        house.store.trouble = raising(lambda: StoreUnavailableError("full"), "finish_refresh")
        await anyio.sleep(3400)
        house.store.trouble = no_trouble
        run.actor.post(Stop())
        await anyio.sleep(1)
        assert run.ended_by() is Ending.STOPPED
    async with house.running():
        await anyio.sleep(DAY_S)
    assert house.told(events.OwnerNeeded) == []
