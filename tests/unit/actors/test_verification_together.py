"""A verification of a vendor with batches: fewer calls, and nothing believed that was not plain."""

import sqlite3
from pathlib import Path

import anyio

from actors.messages import VerificationRequested
from store.verification import Certificate
from support.actor_house import House, Run
from support.scripted_vendor import ScriptedVendor, down

GHOST = (
    "INSERT INTO objects (account_id, object_type, object_id, version, updated_at, synced_at,"
    " deleted, via, payload) SELECT account_id, object_type, 'ghost', version, updated_at,"
    " synced_at, deleted, via, payload FROM objects WHERE object_type = 'Customer' LIMIT 1"
)
NO_INVOICES = "DELETE FROM objects WHERE object_type = 'Invoice'"


def alter(path: Path, statement: str, rows: int) -> None:
    """Write into the database's file past everything."""
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        assert connection.execute(statement).rowcount == rows
    connection.close()


def fill(vendor: ScriptedVendor) -> None:
    for each in range(10):
        vendor.put("Customer", f"{each:03}")
        vendor.put("Invoice", f"{each:03}")
    vendor.put("Item", "1")


async def together(house: House, run: Run) -> tuple[Certificate, list[str]]:
    """Verify an account of a vendor with batches; return the calls that it took."""
    house.vendor.most_together, house.vendor.page_size = 30, 1000
    began = len(house.vendor.calls)
    number = await house.real_store.request_verification(house.account_id, repair=True)
    run.actor.post(VerificationRequested(number, repair=True))
    await anyio.sleep(3000)
    found = await house.real_store.certificate(house.account_id)
    assert found is not None
    calls = [name for _, name in house.vendor.calls[began:] if name not in {"feed", "refresh"}]
    return found, calls


async def test_small_types_are_read_by_one_call(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        found, calls = await together(house, run)
    assert found.exact
    assert [each.vendor_count for each in found.types] == [10, 10, 1]
    assert (calls, found.reads) == (["together"], 1)


async def test_what_is_not_held_is_counted_and_read_together(house: House) -> None:
    house.vendor.put("Item", "1")
    async with house.running() as run:
        await anyio.sleep(700)
        found, calls = await together(house, run)
    assert found.exact
    assert [each.vendor_count for each in found.types] == [0, 0, 1]
    assert calls == ["together", "together"]


async def test_a_type_whose_page_did_not_come_is_read_by_itself(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)

        def leave_out(operation: str) -> None:
            if operation == "list:Invoice" and house.vendor.calls[-1][1] == "together":
                down(operation)

        house.vendor.trouble = leave_out
        found, calls = await together(house, run)
    assert found.exact
    assert calls == ["together", "list:Invoice"]


async def test_a_type_whose_count_failed_is_not_taken_for_empty(
    house: House, tmp_path: Path
) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, NO_INVOICES, 10)

        def leave_out(operation: str) -> None:
            if operation == "count:Invoice" and house.vendor.calls[-1][1] == "together":
                down(operation)

        house.vendor.trouble = leave_out
        found, calls = await together(house, run)
    invoices = found.types[-1]
    assert (invoices.object_type, invoices.missing_count, found.repaired) == ("Invoice", 10, True)
    assert "list:Invoice" in calls
    assert len((await house.replica())["Invoice"]) == 10


async def test_an_empty_page_is_not_believed_when_more_is_counted(
    house: House, tmp_path: Path
) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, NO_INVOICES, 10)
        shown = dict(house.vendor.objects["Invoice"])

        def hide(operation: str) -> None:
            hidden = operation == "list:Invoice" and house.vendor.calls[-1][1] == "together"
            house.vendor.objects["Invoice"] = {} if hidden else shown

        house.vendor.trouble = hide
        found, _ = await together(house, run)
    missing = {each.object_type: each.missing_count for each in found.types}
    assert (missing["Invoice"], found.repaired) == (10, True)


async def test_batches_that_fail_altogether_leave_single_calls(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        house.vendor.trouble = lambda name: down(name) if name == "together" else None
        found, calls = await together(house, run)
    assert found.exact
    assert calls == ["together", "together", "list:Customer", "list:Invoice", "list:Item"]


async def test_a_run_with_a_limit_of_calls_reads_type_by_type(house: House) -> None:
    fill(house.vendor)
    house.configure(verify_max_reads=50)
    async with house.running() as run:
        await anyio.sleep(700)
        found, calls = await together(house, run)
    assert found.exact
    assert calls == ["list:Customer", "list:Invoice", "list:Item"]


async def test_pages_that_came_together_are_read_anew_when_the_first_types_took_long(
    house: House, tmp_path: Path
) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, GHOST, 1)
        found, calls = await together(house, run)
    assert (found.types[0].extra, found.repaired) == (("ghost",), True)
    assert calls[-2:] == ["list:Invoice", "list:Item"]
