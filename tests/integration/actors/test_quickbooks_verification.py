"""What was altered or lost in the replica is named and mended by one verification."""

import sqlite3
from collections.abc import Callable
from math import ceil
from pathlib import Path

import anyio
import pytest

from actors.messages import Pause, Resume, VerificationRequested
from actors.settings import DeleteBrake
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.models import ChangeFilter, Via
from store.verification import Certificate, TypeComparison
from support.company_house import CompanyHouse

Alter = Callable[[str], tuple[str, tuple[str, ...]]]


class Vandal:
    """Writes into the database's file past everything."""

    def __init__(self, path: Path, account_id: str) -> None:
        self._path = path
        self._account_id = account_id

    def do(self, statement: str, object_id: str, object_type: str = "Invoice") -> None:
        connection = sqlite3.connect(self._path)
        with connection:
            where = f"{statement} WHERE account_id = ? AND object_type = ? AND object_id = ?"
            done = connection.execute(where, (self._account_id, object_type, object_id))
            assert done.rowcount == 1
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "syncline.db"


async def verified(
    house: CompanyHouse, account_id: str, *, repair: bool = True, within_s: float = 1200.0
) -> Certificate:
    """Ask for a verification as the API does, and wait for its certificate."""
    number = await house.real_store.request_verification(account_id, repair=repair)
    house.tell(account_id, VerificationRequested(number, repair))
    return await answered(house, account_id, number, within_s)


async def answered(
    house: CompanyHouse, account_id: str, number: int, within_s: float = 1200.0
) -> Certificate:
    with anyio.fail_after(within_s):
        while True:
            found = await house.real_store.certificate(account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(1.0)


def of_type(found: Certificate, object_type: str = "Invoice") -> TypeComparison:
    return next(each for each in found.types if each.object_type == object_type)


DAMAGES = {
    "payload": "UPDATE objects SET payload = replace(payload, '\"Id\"', '\"Ie\"')",
    "bit": "UPDATE objects SET payload = CAST(x'ff' || substr(payload, 2) AS TEXT)",
    "no version": "UPDATE objects SET version = CAST(x'ff' AS TEXT)",
    "bytes for a version": "UPDATE objects SET version = x'31'",
    "undecodable time": "UPDATE objects SET updated_at = CAST(x'ff' AS TEXT)",
    "no flag": "UPDATE objects SET deleted = CAST(x'ff' AS TEXT)",
    "version": "UPDATE objects SET version = '99'",
    "older time": "UPDATE objects SET updated_at = '2001-01-01T00:00:00.000000Z'",
    "newer time": "UPDATE objects SET updated_at = '2099-01-01T00:00:00.000000Z'",
    "no time": "UPDATE objects SET updated_at = 'x026-01-01T00:00:00.000000Z'",
    "false tombstone": "UPDATE objects SET deleted = 1, updated_at = '2099-01-01T00:00:00.000000Z'",
    "lost": "DELETE FROM objects",
    "no time of ours": "UPDATE objects SET synced_at = '2026-13-41T00:00:00.000000Z'",
    "undecodable time of ours": "UPDATE objects SET synced_at = CAST(x'ff' AS TEXT)",
    "bytes for a time of ours": "UPDATE objects SET synced_at = CAST(synced_at AS BLOB)",
    "no channel": "UPDATE objects SET via = 'poln'",
}
MISSING = {"false tombstone", "lost"}
GHOST = (
    "INSERT INTO objects (account_id, object_type, object_id, version, updated_at, synced_at,"
    " deleted, via, payload) SELECT account_id, object_type, '99999', version, updated_at,"
    " synced_at, deleted, via, payload FROM objects"
)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_row_is_named_and_mended_in_one_run(
    house: CompanyHouse, path: Path, damage: str
) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        victim = sorted(house.truth(account_id)["Invoice"])[3]
        Vandal(path, account_id).do(DAMAGES[damage], victim)
        found = await verified(house, account_id)
        assert not found.exact
        assert found.repaired
        expected = ([victim], []) if damage in MISSING else ([], [victim])
        invoices = of_type(found)
        assert (list(invoices.missing), list(invoices.differing)) == expected
        assert found.differences == 1
        assert await house.is_exact(account_id)
        row = await house.real_store.object(account_id, "Invoice", victim)
        assert row is not None
        assert row.version != "99"
        history = await house.real_store.history(account_id, "Invoice", victim)
        assert history is not None
        altered = [version for version in history.versions if version.updated_at is None]
        assert len(altered) == (damage != "lost")
        assert history.versions[-1].updated_at is not None
        assert [mend.certificate for mend in history.mends] == [found.number]
        again = await verified(house, account_id)
        assert again.exact
        assert again.number == found.number + 1
    changes = await house.real_store.changes(ChangeFilter(limit=100_000))
    mended = [change for change in changes if change.via is Via.VERIFY]
    assert [change.object_id for change in mended][-1] == victim


async def test_a_ghost_is_named_and_buried_in_one_run(house: CompanyHouse, path: Path) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        known = sorted(house.truth(account_id)["Invoice"])[3]
        Vandal(path, account_id).do(GHOST, known)
        found = await verified(house, account_id)
        assert list(of_type(found).extra) == ["99999"]
        assert of_type(found).local_count == of_type(found).vendor_count + 1
        assert (found.exact, found.repaired, found.differences) == (False, True, 1)
        assert await house.is_exact(account_id)
        assert (await verified(house, account_id)).exact


async def mended_under_another_id(house: CompanyHouse, path: Path, damage: str) -> TypeComparison:
    """Damage an invoice's id; a verification finds the right one missing, and mends both."""
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        victim = sorted(house.truth(account_id)["Invoice"])[3]
        Vandal(path, account_id).do(damage, victim)
        found = await verified(house, account_id)
        invoices = of_type(found)
        assert (list(invoices.missing), invoices.extra_count) == ([victim], 1)
        assert (found.exact, found.repaired) == (False, True)
        assert await house.is_exact(account_id)
        assert (await verified(house, account_id)).exact
    return invoices


UNREADABLE = {
    "bytes": "UPDATE objects SET object_id = x'31'",
    "no text": "UPDATE objects SET object_id = CAST(x'ff31' AS TEXT)",
    "zero": "UPDATE objects SET object_id = CAST(x'310032' AS TEXT)",
}


@pytest.mark.parametrize("damage", UNREADABLE)
async def test_a_row_whose_id_cannot_be_read_gives_way_to_the_right_one(
    house: CompanyHouse, path: Path, damage: str
) -> None:
    invoices = await mended_under_another_id(house, path, UNREADABLE[damage])
    assert invoices.extra[0].startswith("x'")


FALSE_IDS = {
    "number": "UPDATE objects SET object_id = '99999'",
    "no number": "UPDATE objects SET object_id = char(1) || '2'",
    "quotes": "UPDATE objects SET object_id = 'a''b'",
    "slash and quote": "UPDATE objects SET object_id = '1/2''3'",
    "slash": "UPDATE objects SET object_id = '1/2'",
    "question": "UPDATE objects SET object_id = '1?x=2#3'",
    "parent": "UPDATE objects SET object_id = '..'",
    "nothing": "UPDATE objects SET object_id = ''",
    "percent": "UPDATE objects SET object_id = '%2f%00'",
    "backslash": "UPDATE objects SET object_id = '1\\'",
}


@pytest.mark.parametrize("damage", FALSE_IDS)
async def test_a_row_under_a_false_id_gives_way_to_the_right_one(
    house: CompanyHouse, path: Path, damage: str
) -> None:
    await mended_under_another_id(house, path, FALSE_IDS[damage])


async def test_rows_under_false_ids_are_all_mended_in_one_run(
    house: CompanyHouse, path: Path
) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        victims = sorted(house.truth(account_id)["Invoice"])[: len(FALSE_IDS)]
        for damage, victim in zip(FALSE_IDS.values(), victims, strict=True):
            Vandal(path, account_id).do(damage, victim)
        found = await verified(house, account_id)
        invoices = of_type(found)
        assert sorted(invoices.missing) == victims
        assert invoices.extra_count == len(victims)
        assert (found.exact, found.repaired) == (False, True)
        assert await house.is_exact(account_id)


FALSE_TYPES = {
    "another type": ("'Bill'", "Bill"),
    "no type": ("'Invoicf'", "Invoicf"),
    "no text": ("CAST(x'ff31' AS TEXT)", "x'ff31'"),
}


@pytest.mark.parametrize("damage", FALSE_TYPES)
async def test_a_row_under_a_false_type_gives_way_to_the_right_one(
    house: CompanyHouse, path: Path, damage: str
) -> None:
    literal, told = FALSE_TYPES[damage]
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        bills = house.truth(account_id)["Bill"]
        victim = next(each for each in house.truth(account_id)["Invoice"] if each not in bills)
        change = f"UPDATE objects SET object_type = {literal}"  # noqa: S608  our own text
        Vandal(path, account_id).do(change, victim)
        found = await verified(house, account_id)
        assert of_type(found).missing == (victim,)
        assert of_type(found, told).extra == (victim,)
        assert (found.exact, found.repaired, found.differences) == (False, True, 2)
        assert await house.is_exact(account_id)
        assert (await verified(house, account_id)).exact


@pytest.mark.parametrize("damage", DAMAGES)
async def test_without_repair_all_is_named_and_nothing_written(
    house: CompanyHouse, path: Path, damage: str
) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        victim = sorted(house.truth(account_id)["Invoice"])[3]
        Vandal(path, account_id).do(DAMAGES[damage], victim)
        before = await house.real_store.last_seq()
        found = await verified(house, account_id, repair=False)
        assert (found.exact, found.repaired, found.differences) == (False, False, 1)
        assert of_type(found).unrepaired_count == 1
        assert await house.real_store.last_seq() == before
        assert (await verified(house, account_id)).repaired


async def test_rows_that_change_and_go_meanwhile_raise_no_alarm(house: CompanyHouse) -> None:
    house.configure(poll_interval_s=60.0)
    house.sandbox.behaviour.commit_delay_s = (0.0, 60.0)
    account_id = await house.connect(Invoice=60, Payment=60)
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        async with anyio.create_task_group() as users:
            users.start_soon(_work, house, realm)
            for _ in range(40):
                found = await verified(house, account_id)
                assert found.exact, found
            users.cancel_scope.cancel()


async def _work(house: CompanyHouse, realm: str) -> None:
    while True:
        await anyio.sleep(1.3)
        house.sandbox.churn(realm, 2)


async def test_a_run_takes_a_call_a_page_and_one_for_all_counts_and_small_types_share_theirs(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Invoice=3500, Customer=900)
    async with house.syncing():
        await anyio.sleep(900)
        before = house.sandbox.statistics()
        found = await verified(house, account_id)
        after = house.sandbox.statistics()
    truth = house.truth(account_id)
    assert found.exact
    small = sum(len(rows) for rows in truth.values()) - 3500
    batches = after.calls_to(Route.BATCH) - before.calls_to(Route.BATCH)
    queries = after.calls_to(Route.QUERY) - before.calls_to(Route.QUERY)
    assert (queries, batches) == (4, 1 + ceil(small / 1000))
    assert found.reads == queries + batches
    assert [each.vendor_count for each in found.types] == [
        len(truth[each.object_type]) for each in found.types
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ITEM_FAULT, probability=0.8),
        Fault(FaultKind.ITEM_MISSING, probability=0.8),
        Fault(FaultKind.ITEM_THROTTLED, count=1),
        Fault(FaultKind.HTML_503, frozenset({Route.BATCH})),
        Fault(FaultKind.TRUNCATED, frozenset({Route.BATCH})),
        Fault(FaultKind.FAULT_IN_200, frozenset({Route.BATCH})),
        Fault(FaultKind.SPURIOUS_500, frozenset({Route.BATCH})),
    ],
)
async def test_batches_that_go_wrong_hide_no_damage_and_make_none_up(
    house: CompanyHouse, path: Path, fault: Fault
) -> None:
    account_id = await house.connect(Invoice=30, Payment=0)
    async with house.syncing():
        await anyio.sleep(700)
        house.sandbox.inject(fault)
        for n, damage in enumerate(("lost", "payload")):
            victim = sorted(house.truth(account_id)["Invoice"])[n]
            Vandal(path, account_id).do(DAMAGES[damage], victim)
        found = await verified(house, account_id)
        assert (found.differences, found.repaired, found.complete) == (2, True, True)
        assert await house.is_exact(account_id)
        assert (await verified(house, account_id)).exact


async def test_a_paused_account_is_verified_once_it_goes_on(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        house.tell(account_id, Pause())
        number = await house.real_store.request_verification(account_id, repair=True)
        house.tell(account_id, VerificationRequested(number, repair=True))
        await anyio.sleep(1000)
        assert await house.real_store.certificate(account_id) is None
        house.tell(account_id, Resume())
        assert (await answered(house, account_id, number)).exact


async def test_a_request_survives_the_daemon(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
    number = await house.real_store.request_verification(account_id, repair=True)
    async with house.syncing():
        assert (await answered(house, account_id, number)).exact


async def test_the_vendor_going_down_midway_only_delays_the_run(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=3500)
    realm = house.realms[account_id]
    house.sandbox.behaviour.latency_s = (2.0, 2.0)
    async with house.syncing():
        await anyio.sleep(900)
        number = await house.real_store.request_verification(account_id, repair=True)
        house.tell(account_id, VerificationRequested(number, repair=True))
        await anyio.sleep(5)
        house.sandbox.outage(realm)
        await anyio.sleep(400)
        house.sandbox.end_outage(realm)
        found = await answered(house, account_id, number, 2000)
    assert found.exact


async def test_more_extras_than_the_brake_lets_pass_are_named_and_kept(
    house: CompanyHouse, path: Path
) -> None:
    house.configure(delete_brake=DeleteBrake(share=0.1, at_least=5))
    account_id = await house.connect(Invoice=30)
    async with house.syncing():
        await anyio.sleep(700)
        known = sorted(house.truth(account_id)["Invoice"])[3]
        for number in range(20):
            Vandal(path, account_id).do(GHOST.replace("99999", f"9{number:04}"), known)
        found = await verified(house, account_id)
        invoices = of_type(found)
        assert (invoices.extra_count, invoices.unrepaired_count) == (20, 20)
        assert (found.exact, found.repaired) == (False, False)
        ghost = await house.real_store.object(account_id, "Invoice", "90000")
        assert ghost is not None
        assert not ghost.deleted
