"""What every vendor's writer promises: once, whatever becomes of the answer, and honest about it."""

import anyio
import msgspec
import pytest

from actors import events
from actors.vendors.registry import VENDORS
from store.action_models import ActionState, AttemptCall
from store.models import ChangeFilter, Via
from support.conformance.trial import TriedWrite, WriteTrouble
from support.conformance.trial_house import TrialHouse

SOON_S = 120.0
PROVEN_S = 1200.0
"""Long enough for two looks that are far apart, and another sending."""

TOOK_EFFECT = [
    WriteTrouble.LOST,
    WriteTrouble.CUT,
    WriteTrouble.LATE,
    WriteTrouble.FAILED_AFTER,
    WriteTrouble.RUBBISH,
]


def tried(house: TrialHouse, account_id: str) -> list[TriedWrite]:
    return list(house.trial.writes(house.companies[account_id]))


async def outcome(house: TrialHouse, account_id: str, action_id: str) -> tuple[ActionState, int]:
    action = await house.action(account_id, action_id)
    return action.state, house.effects(account_id, action_id)


async def sent(house: TrialHouse, account_id: str, action_id: str) -> int:
    action = await house.action(account_id, action_id)
    return sum(each.call is AttemptCall.SEND for each in action.attempts)


async def test_payloads_are_checked_for_what_must_be_there(house: TrialHouse) -> None:
    company = house.trial.found_company()
    writer = house.trial.vendor.writer
    assert writer is not None
    for wish in house.trial.writes(company):
        assert wish.action_type in writer.action_types
        assert not writer.problems(wish.action_type, msgspec.json.encode(wish.payload))
        lacking = {name: value for name, value in wish.payload.items() if name != wish.needed}
        problems = writer.problems(wish.action_type, msgspec.json.encode(lacking))
        assert [problem.path for problem in problems] == [f"payload.{wish.needed}"]
    for action_type in writer.action_types:
        for rubbish in (b"", b"[]", b"{", b"null", b"[" * 9999):
            assert writer.problems(action_type, rubbish)


async def test_write_is_done_and_in_the_replica_with_its_answer(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(5.0)
            assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)
            result = (await house.action(account_id, action_id)).result
            assert result is not None
            held = (await house.replica(account_id))[result.object_type]
            assert held[result.object_id] == result.payload
            changes = await house.store.changes(ChangeFilter(limit=1_000_000))
            mine = [each for each in changes if each.via is Via.ACTION]
            assert mine[-1].object_id == result.object_id
        await anyio.sleep(3 * house.trial.settings.poll_interval_s)
        assert await house.is_exact(account_id)
    operations = {event.operation for event in house.told(events.CallMade)}
    assert operations <= set(VENDORS[house.name].operations)
    assert house.trial.violations() == 0


@pytest.mark.parametrize("trouble", TOOK_EFFECT)
async def test_write_whose_answer_was_lost_is_found_and_not_sent_again(
    house: TrialHouse, trouble: WriteTrouble
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            house.trial.arrange_writes(trouble, 1)
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(SOON_S + house.trial.settings.timeout_s)
            assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)
            assert await sent(house, account_id, action_id) == 1
    assert house.trial.violations() == 0


async def test_write_that_shows_late_is_found_and_not_sent_again(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        house.trial.show_late(240.0)
        for wish in tried(house, account_id):
            house.trial.arrange_writes(WriteTrouble.LOST, 1)
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(PROVEN_S)
            assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)
            assert await sent(house, account_id, action_id) == 1


@pytest.mark.parametrize("trouble", [WriteTrouble.FAILED_BEFORE, WriteTrouble.RESET_BEFORE])
async def test_write_that_never_arrived_is_sent_again_only_after_proof(
    house: TrialHouse, trouble: WriteTrouble
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            house.trial.arrange_writes(trouble, 1)
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(200.0)
            assert await outcome(house, account_id, action_id) == (ActionState.UNKNOWN, 0)
            await anyio.sleep(PROVEN_S)
            assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)
            assert await sent(house, account_id, action_id) == 2
    assert house.trial.violations() == 0


async def test_throttled_write_waits_and_is_sent_again(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            house.trial.arrange_writes(WriteTrouble.THROTTLED, 1)
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(house.trial.throttle_wait_s - 2.0)
            assert await outcome(house, account_id, action_id) == (ActionState.PENDING, 0)
            await anyio.sleep(SOON_S)
            assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)


async def test_refused_write_fails_at_once_with_the_vendors_words(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            house.trial.arrange_writes(WriteTrouble.REFUSED, 1)
            action_id = await house.ask(account_id, wish)
            await anyio.sleep(PROVEN_S)
            assert await outcome(house, account_id, action_id) == (ActionState.FAILED, 0)
            action = await house.action(account_id, action_id)
            assert house.trial.refusal in (action.last_error or "")
            assert await sent(house, account_id, action_id) == 1


async def test_one_key_is_one_write(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        for wish in tried(house, account_id):
            key = f"key of {wish.action_type}"
            first = await house.ask(account_id, wish, key=key)
            await anyio.sleep(5.0)
            assert await house.ask(account_id, wish, key=key) == first
            await anyio.sleep(5.0)
            assert await outcome(house, account_id, first) == (ActionState.SUCCEEDED, 1)
    assert len(house.trial.applied(house.companies[account_id])) == len(tried(house, account_id))


@pytest.mark.parametrize(
    ("trouble", "after_s"),
    [
        (None, 0.0),
        (None, 0.06),
        (WriteTrouble.LOST, 0.06),
        (WriteTrouble.LOST, 0.2),
        (WriteTrouble.RESET_BEFORE, 0.01),
    ],
)
async def test_crash_while_it_is_sent_makes_no_second_one(
    house: TrialHouse, trouble: WriteTrouble | None, after_s: float
) -> None:
    account_id = await house.connect()
    await house.sync_for(900.0)
    wishes = tried(house, account_id)
    asked: list[str] = []
    if trouble is not None:
        house.trial.arrange_writes(trouble, len(wishes))
    async with anyio.create_task_group() as tasks:

        async def sync() -> None:
            async with house.syncing():
                await anyio.sleep_forever()

        tasks.start_soon(sync)
        await anyio.sleep(30.0)
        asked = [await house.ask(account_id, wish) for wish in wishes]
        await anyio.sleep(after_s)
        tasks.cancel_scope.cancel()
    async with house.syncing():
        await anyio.sleep(2 * PROVEN_S)
    for action_id in asked:
        assert await outcome(house, account_id, action_id) == (ActionState.SUCCEEDED, 1)


async def test_many_writes_pass_no_limit_and_each_is_done_once(house: TrialHouse) -> None:
    house.trial.hurry()
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(900.0)
        wish = tried(house, account_id)[-1]
        house.trial.arrange_writes(WriteTrouble.LOST, 5)
        asked = [await house.ask(account_id, wish) for _ in range(40)]
        await anyio.sleep(PROVEN_S)
    ends = [await outcome(house, account_id, action_id) for action_id in asked]
    assert ends == [(ActionState.SUCCEEDED, 1)] * len(asked)
    assert house.trial.violations() == 0
