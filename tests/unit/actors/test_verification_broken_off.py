"""What a verification mended before it was interrupted is not forgotten."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from actors import events
from actors.errors import RejectedError
from actors.messages import Pause, Resume, Stop, VerificationRequested
from store.verification import Certificate, Difference, Mend
from support.actor_house import House, Run, no_trouble

DAMAGES = {
    Difference.DIFFERING: "UPDATE objects SET payload = '{\"damaged\":1}' WHERE object_id = '01'",
    Difference.MISSING: "DELETE FROM objects WHERE object_type = 'Customer' AND object_id = '01'",
    Difference.EXTRA: (
        "INSERT INTO objects (account_id, object_type, object_id, version, updated_at, synced_at,"
        " deleted, via, payload) SELECT account_id, object_type, '99', version, updated_at,"
        " synced_at, deleted, via, payload FROM objects WHERE object_id = '01'"
    ),
}


def alter(path: Path, statement: str) -> None:
    """Write into the database's file past everything."""
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


async def ask(house: House, run: Run) -> int:
    number = await house.real_store.request_verification(house.account_id, repair=True)
    run.actor.post(VerificationRequested(number, repair=True))
    return number


async def answer(house: House, number: int) -> Certificate:
    with anyio.fail_after(40_000.0):
        while True:
            found = await house.real_store.certificate(house.account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(0.5)


async def mended(house: House) -> None:
    """Wait until a row was put right."""
    with anyio.fail_after(8000.0):
        while True:
            if any(event.mended for event in house.told(events.PageStored)):
                return
            await anyio.sleep(0.05)


async def stop(run: Run) -> None:
    run.actor.post(Stop())
    await anyio.sleep(1.0)
    assert run.ended_by() is not None


async def kill(_run: Run) -> None:
    """It is cancelled right after."""


async def pause(run: Run) -> None:
    run.actor.post(Pause())
    await anyio.sleep(60.0)
    assert run.actor.status().verification is None
    run.actor.post(Resume())


def fill(house: House) -> None:
    house.vendor.put("Customer", "01")
    for each in range(60):
        house.vendor.put("Item", f"i{each:02}")


@pytest.mark.parametrize("interrupt", [stop, kill, pause], ids=lambda way: way.__name__)
@pytest.mark.parametrize("difference", DAMAGES)
async def test_the_next_certificate_names_what_one_that_broke_off_mended(
    house: House,
    tmp_path: Path,
    difference: Difference,
    interrupt: Callable[[Run], object],
) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, DAMAGES[difference])
        number = await ask(house, run)
        await mended(house)
        assert await house.real_store.certificate(house.account_id) is None
        assert await house.real_store.unnamed_mend_count(house.account_id) == 1
        await interrupt(run)  # type: ignore[misc]
        found = await answer(house, number) if interrupt is pause else None
    if found is None:
        async with house.running():
            found = await answer(house, number)
    customers = found.types[0]
    object_id = "99" if difference is Difference.EXTRA else "01"
    assert list(getattr(customers, difference.value)) == [object_id]
    assert (found.differences, found.mended_before) == (1, 1)
    assert (found.exact, found.repaired, found.complete) == (False, True, True)
    assert await house.real_store.unnamed_mend_count(house.account_id) == 0
    async with house.running() as run:
        again = await answer(house, await ask(house, run))
    assert (again.exact, again.mended_before) == (True, 0)
    assert await house.is_exact()


async def test_what_a_run_that_failed_mended_is_named_by_the_one_that_is_made_later(
    house: House, tmp_path: Path
) -> None:
    fill(house)

    def refuse(operation: str) -> None:
        if operation == "list:Item":
            raise RejectedError("HTTP 400", status=400)

    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, DAMAGES[Difference.DIFFERING])
        house.vendor.trouble = refuse
        number = await ask(house, run)
        await anyio.sleep(60)
        assert house.told(events.VerificationAbandoned)
        house.vendor.trouble = no_trouble
        found = await answer(house, number)
    assert found.types[0].differing == ("01",)
    assert found.mended_before == 1


async def test_what_a_run_mended_itself_is_named_once(house: House, tmp_path: Path) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, DAMAGES[Difference.DIFFERING])
        found = await answer(house, await ask(house, run))
    assert (found.differences, found.mended_before) == (1, 0)
    pages = [event.mended for event in house.told(events.PageStored) if event.mended]
    assert [list(each) for each in pages] == [[Mend("Customer", "01", Difference.DIFFERING)]]


async def test_what_was_mended_of_a_type_that_is_read_no_more_is_named_all_the_same(
    house: House, tmp_path: Path
) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, DAMAGES[Difference.MISSING])
        number = await ask(house, run)
        await mended(house)
    house.configure(object_types=("Invoice", "Item"))
    async with house.running():
        found = await answer(house, number)
    assert [each.missing for each in found.types if each.object_type == "Customer"] == [("01",)]
    assert (found.complete, found.repaired) == (True, True)
