"""The canary through the whole pipe: whichever part hangs, it says so, while metrics go on being served."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from actors.mailbox import Mailbox
from actors.messages import Pause, SyncNow
from daemon.heartbeat import CHECK_EVERY_S, GAP_TOLD_FOR_S
from daemon.hosted import Condition
from store.errors import StoreFullError
from support.store_fixtures import on_writer
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock
from support.web_house import House, house

INTERVAL_S = 300.0
SLACK_S = 2 * CHECK_EVERY_S + 20.0
"""A check's rhythm, and the deadlines of what it asks."""

Freeze = Callable[[House, pytest.MonkeyPatch], None]


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@asynccontextmanager
async def beating(path: Path, accounts: int = 1) -> AsyncIterator[House]:
    """Run a daemon with so many companies, in sync, and its heartbeat."""
    async with house(path, clock=VirtualClock()) as within, anyio.create_task_group() as tasks:
        for _ in range(accounts):
            await within.connected()
        await anyio.sleep(60.0)
        tasks.start_soon(within.heartbeat.run)
        await anyio.sleep(2 * INTERVAL_S)
        yield within
        tasks.cancel_scope.cancel()


async def metric(within: House, name: str) -> float:
    shown = await within.metrics.scrape(within.store, within.supervisor, "")
    lines = shown.body.decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name}{{")))


def looks_hang(within: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(within.vendors["quickbooks"], "look", hang)


def actors_stand_still(within: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let them come to no decision any more. Each may end the look that it is about to begin."""

    async def hang(*_: object) -> None:
        await anyio.sleep_forever()

    assert within.supervisor.hosted()
    monkeypatch.setattr(Mailbox, "receive", hang)


def the_writer_hangs(within: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        within.store._writer,  # noqa: SLF001 - faults have no public door
        "submit",
        lambda *_: asyncio.get_running_loop().create_future(),
    )


def readers_hang(within: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(within.store._readers, "run", hang)  # noqa: SLF001


def the_disk_is_full(within: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise StoreFullError("no space left")

    monkeypatch.setattr(within.store, "apply_page", refuse)
    monkeypatch.setattr(within.store, "check", refuse)


@pytest.mark.parametrize(
    ("freeze", "cause"),
    [
        (looks_hang, "no page was stored: the looks of 1 account don't end, or fail"),
        (actors_stand_still, "no page was stored: the looks of 1 account don't end, or fail"),
        (the_writer_hangs, "no page was stored: the database did not write within 5 s"),
        (readers_hang, "the database gave no answer to a reader within 5 s"),
        (the_disk_is_full, "no page was stored: the database takes no writes: no space left"),
    ],
)
async def test_a_frozen_pipe_is_told_within_two_intervals_while_metrics_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freeze: Freeze, cause: str
) -> None:
    async with beating(tmp_path) as within:
        assert within.heartbeat.reasons() == []
        freeze(within, monkeypatch)
        if freeze is actors_stand_still:
            await anyio.sleep(INTERVAL_S)
        with capture_logs() as logs:
            await anyio.sleep(2 * INTERVAL_S + SLACK_S)
            oldest_s = await metric(within, "syncline_heartbeat_timestamp_seconds")
        expected_s = await metric(within, "syncline_heartbeat_interval_seconds")
        assert within.clock.now().utc.timestamp() - oldest_s > 2 * expected_s
        assert within.heartbeat.reasons() == [f"quickbooks: {cause}"]
        told = [each for each in logs if each["event"] == "heartbeat_silent"]
        assert [(each["log_level"], each["cause"]) for each in told] == [("error", cause)]
        monkeypatch.undo()


async def test_it_says_when_changes_come_through_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with beating(tmp_path) as within:
        the_disk_is_full(within, monkeypatch)
        await anyio.sleep(2 * INTERVAL_S + SLACK_S)
        monkeypatch.undo()
        with capture_logs() as logs:
            await anyio.sleep(2 * INTERVAL_S)
        assert within.heartbeat.reasons() == []
        assert [each["event"] for each in logs if "heartbeat" in each["event"]] == [
            "heartbeat_back"
        ]


async def skip_a_number(within: House) -> None:
    await on_writer(
        within.store,
        lambda connection: connection.execute(
            "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'changes'"
        ),
    )


async def test_a_gap_in_the_feed_is_told_and_the_alarm_ends(tmp_path: Path) -> None:
    async with beating(tmp_path) as within:
        account = (await within.store.accounts())[0]
        within.sandbox.churn(account.external_account_id, 20)
        await anyio.sleep(INTERVAL_S - 2 * CHECK_EVERY_S)
        with capture_logs() as logs:
            await skip_a_number(within)
            await anyio.sleep(CHECK_EVERY_S)
            [reason] = within.heartbeat.reasons()
            assert "the feed of changes has a gap behind number" in reason
            await anyio.sleep(GAP_TOLD_FOR_S - 2 * CHECK_EVERY_S)
            assert within.heartbeat.reasons() == [reason]
            await anyio.sleep(2 * CHECK_EVERY_S)
        assert within.heartbeat.reasons() == []
        assert [each["event"] for each in logs if "heartbeat" in each["event"]] == [
            "heartbeat_silent",
            "heartbeat_back",
        ]


async def test_a_purge_is_no_gap_when_another_account_is_connected_at_once(tmp_path: Path) -> None:
    async with beating(tmp_path, accounts=2) as within:
        account = (await within.store.accounts())[0]
        await anyio.sleep(INTERVAL_S - CHECK_EVERY_S / 2)
        before = within.heartbeat._after  # noqa: SLF001 - shows that both lie between two checks
        within.sandbox.churn(account.external_account_id, 20)
        within.supervisor.post(account.id, SyncNow(()))
        await anyio.sleep(0.5)
        await within.connector.disconnect(account.id, purge=True)
        await within.connected()
        assert within.heartbeat._after == before  # noqa: SLF001
        await anyio.sleep(2 * INTERVAL_S + SLACK_S)
        assert within.heartbeat.reasons() == []


async def test_an_account_that_was_let_go_of_before_it_was_exact_hides_no_gap(
    tmp_path: Path,
) -> None:
    async with beating(tmp_path, accounts=2) as within:
        account = (await within.store.accounts())[0]
        await within.connector.disconnect(account.id, purge=False)
        await on_writer(
            within.store,
            lambda connection: connection.execute(
                "UPDATE accounts SET exact_as_of = NULL WHERE id = ?", (account.id,)
            ),
        )
        await anyio.sleep(CHECK_EVERY_S + 1.0)
        await skip_a_number(within)
        await anyio.sleep(CHECK_EVERY_S + 1.0)
        assert len(within.heartbeat.reasons()) == 1


async def test_a_purge_is_no_gap(tmp_path: Path) -> None:
    async with beating(tmp_path, accounts=2) as within:
        account = (await within.store.accounts())[0]
        for _ in range(3):
            within.sandbox.churn(account.external_account_id, 20)
            await anyio.sleep(INTERVAL_S)
        within.sandbox.churn(account.external_account_id, 20)
        await anyio.sleep(1.0)
        await within.connector.disconnect(account.id, purge=True)
        await anyio.sleep(2 * INTERVAL_S + SLACK_S)
        assert within.heartbeat.reasons() == []


async def test_one_broken_account_neither_triggers_nor_silences_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with beating(tmp_path, accounts=3) as within:
        broken, paused, _ = await within.store.accounts()
        within.sandbox.outage(broken.external_account_id)
        await within.store.set_paused(paused.id, paused=True)
        within.supervisor.post(paused.id, Pause())
        await anyio.sleep(10 * INTERVAL_S)
        assert within.heartbeat.reasons() == []
        looks_hang(within, monkeypatch)
        await anyio.sleep(3 * INTERVAL_S + SLACK_S)
        assert len(within.heartbeat.reasons()) == 1


async def test_when_all_accounts_are_paused_nothing_is_expected(tmp_path: Path) -> None:
    async with beating(tmp_path) as within:
        [account] = await within.store.accounts()
        await within.store.set_paused(account.id, paused=True)
        within.supervisor.post(account.id, Pause())
        await anyio.sleep(10 * INTERVAL_S)
        assert within.heartbeat.reasons() == []
        assert within.heartbeat.beats == {}


async def test_without_accounts_there_is_no_alarm(tmp_path: Path) -> None:
    async with beating(tmp_path, accounts=0) as within:
        await anyio.sleep(10 * INTERVAL_S)
        assert (within.heartbeat.beats, within.heartbeat.reasons()) == ({}, [])


async def test_actors_that_crash_again_and_again_are_told_or_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("a defect")

    async with beating(tmp_path) as within:
        monkeypatch.setattr(within.vendors["quickbooks"], "look", crash)
        account_id = next(iter(within.supervisor.hosted()))
        with capture_logs() as logs:
            await anyio.sleep(2 * INTERVAL_S + SLACK_S)
        condition = within.supervisor.hosted()[account_id].condition
        told = [each for each in logs if each["event"] == "heartbeat_silent"]
        assert told or condition is Condition.QUARANTINED
        monkeypatch.undo()
