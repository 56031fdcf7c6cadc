"""What a verification mends while the feed, the store and the vendor's users go on beside it."""

import sqlite3
from pathlib import Path

import anyio

from actors import events
from actors.messages import SyncNow, VerificationRequested
from actors.settings import DeleteBrake
from actors.vendors.base import Count, Session
from store.errors import StoreUnavailableError
from store.models import PageApplied, PageWrite, Via
from store.verification import Certificate
from support.actor_house import House, Run

GHOST = (
    "INSERT INTO objects (account_id, object_type, object_id, version, updated_at, synced_at,"
    " deleted, via, payload) SELECT account_id, object_type, 'ghost {}', version, updated_at,"
    " synced_at, deleted, via, payload FROM objects WHERE object_id = '1'"
)


async def answer(house: House, run: Run, within_s: float = 8000.0) -> Certificate:
    """Ask for a verification that mends, and wait for its certificate."""
    number = await house.real_store.request_verification(house.account_id, repair=True)
    run.actor.post(VerificationRequested(number, repair=True))
    with anyio.fail_after(within_s):
        while True:
            found = await house.real_store.certificate(house.account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(0.5)


def alter(path: Path, statement: str) -> None:
    """Write into the database's file past everything."""
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


async def test_a_row_that_came_back_while_it_was_waited_for_is_kept(house: House) -> None:
    house.configure(overlap_s=120.0)
    for each in range(5):
        house.vendor.put("Customer", str(each))
    count_objects = house.vendor.count_objects

    async def revive_and_count(session: Session, object_type: str) -> Count:
        found = await count_objects(session, object_type)
        if object_type == "Customer" and house.vendor.count("read"):
            house.vendor.put("Customer", "3")
        return found

    async with house.running() as run:
        await anyio.sleep(700)
        house.vendor.vanish("Customer", "3")
        house.vendor.count_objects = revive_and_count  # type: ignore[method-assign]
        found = await answer(house, run)
        assert found.differences == 0
        assert await house.is_exact()


async def test_what_was_mended_is_told_although_the_store_failed_right_after(
    house: House, tmp_path: Path
) -> None:
    for each in range(3):
        house.vendor.put("Customer", str(each))
    asked = 0

    def fail_the_second(method: str) -> None:
        nonlocal asked
        asked += method == "unlike"
        if method == "unlike" and asked == 2:
            raise StoreUnavailableError("busy")

    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, "UPDATE objects SET payload = '{\"damaged\":1}' WHERE object_id = '1'")
        house.store.trouble = fail_the_second
        found = await answer(house, run)
    assert (found.exact, found.repaired) == (False, True)
    assert found.types[0].differing == ("1",)
    assert await house.is_exact()


async def test_what_the_brake_holds_is_named_and_not_waited_for(house: House) -> None:
    house.configure(overlap_s=120.0, delete_brake=DeleteBrake(share=0.2, at_least=5))
    for each in range(20):
        house.vendor.put("Customer", f"{each:02}")
    async with house.running() as run:
        await anyio.sleep(700)
        for each in range(12):
            house.vendor.delete("Customer", f"{each:02}")
        await anyio.sleep(400)
        assert await house.real_store.held_deletes(house.account_id)
        fed = house.vendor.count("feed")
        found = await answer(house, run, within_s=100.0)
        assert house.vendor.count("feed") == fed
        customers = found.types[0]
        assert (customers.extra_count, customers.unrepaired_count) == (12, 12)
        assert (found.exact, found.repaired, found.complete) == (False, False, True)
        assert not house.told(events.VerificationAbandoned)
        assert len((await house.replica())["Customer"]) == 20


async def test_runs_that_may_not_finish_take_turns_with_the_types(house: House) -> None:
    house.configure(verify_max_reads=5)
    for object_type in ("Customer", "Invoice", "Item"):
        for each in range(12):
            house.vendor.put(object_type, f"{each:02}")
    async with house.running() as run:
        await anyio.sleep(700)
        runs = [await answer(house, run) for _ in range(3)]
    finished = [[each.object_type for each in found.types if each.complete] for found in runs]
    assert finished == [["Customer"], ["Invoice"], ["Item"]]


async def test_a_type_that_is_too_large_does_not_keep_the_others_waiting(house: House) -> None:
    house.configure(verify_max_reads=5)
    for each in range(60):
        house.vendor.put("Customer", f"{each:02}")
    house.vendor.put("Invoice", "1")
    async with house.running() as run:
        await anyio.sleep(700)
        first, second = await answer(house, run), await answer(house, run)
    assert [each.complete for each in first.types] == [False]
    names = [(each.object_type, each.complete) for each in second.types]
    assert names == [("Invoice", True), ("Item", True), ("Customer", False)]


async def test_a_second_witness_s_calls_count_too(house: House, tmp_path: Path) -> None:
    for each in range(3):
        house.vendor.put("Customer", str(each))
    async with house.running() as run:
        await anyio.sleep(700)
        for number in range(20):
            alter(tmp_path, GHOST.format(number))
        house.configure(verify_max_reads=8)
    async with house.running() as run:
        await anyio.sleep(700)
        found = await answer(house, run)
    assert found.reads == 8
    assert (found.complete, found.exact, found.repaired) == (False, False, False)
    assert [each.complete for each in found.types] == [False]


async def test_an_extra_row_that_stays_is_told_as_not_mended(house: House, tmp_path: Path) -> None:
    for each in range(3):
        house.vendor.put("Customer", str(each))
    async with house.running() as run:
        await anyio.sleep(700)
        for number in range(2):
            alter(tmp_path, GHOST.format(number))
        connection = sqlite3.connect(tmp_path / "syncline.db")
        connection.execute(
            "CREATE TRIGGER stays BEFORE UPDATE OF deleted ON objects"
            " WHEN old.object_id = 'ghost 1' BEGIN SELECT RAISE(IGNORE); END"
        )
        connection.close()
        found = await answer(house, run)
        customers = found.types[0]
        assert customers.extra == ("ghost 0", "ghost 1")
        assert customers.unrepaired_count == 1
        assert (found.exact, found.repaired, found.complete) == (False, False, True)
        assert (await house.replica())["Customer"].keys() == {"0", "1", "2", "ghost 1"}


async def test_a_row_mended_while_it_goes_is_deleted_by_the_next_look(
    house: House, tmp_path: Path
) -> None:
    house.configure(overlap_s=120.0)
    for each in range(5):
        house.vendor.put("Customer", str(each))
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, "DELETE FROM objects WHERE object_id = '3'")
        apply_page, mended = house.store.apply_page, anyio.Event()

        async def delete_and_apply(page: PageWrite) -> PageApplied:
            if page.via is Via.VERIFY and not mended.is_set():
                mended.set()
                house.vendor.delete("Customer", "3")
                run.actor.post(SyncNow())
                await anyio.sleep(2.0)
            return await apply_page(page)

        house.store.apply_page = delete_and_apply  # type: ignore[method-assign]
        found = await answer(house, run)
        assert found.types[0].missing == ("3",)
        run.actor.post(SyncNow())
        await anyio.sleep(30)
        assert await house.is_exact()
