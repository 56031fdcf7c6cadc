"""Rows that the vendor's list does not show to a verification are compared all the same."""

import sqlite3
from pathlib import Path

import anyio

from actors.messages import VerificationRequested
from store.verification import Certificate
from support.actor_house import House, Run

LOST = "DELETE FROM objects WHERE object_id = '006'"
DAMAGED = "UPDATE objects SET payload = '{\"damaged\":1}' WHERE object_id = '006'"


def alter(path: Path, statement: str) -> None:
    """Write into the database's file past everything."""
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


async def verified(house: House, run: Run) -> Certificate:
    number = await house.real_store.request_verification(house.account_id, repair=True)
    run.actor.post(VerificationRequested(number, repair=True))
    with anyio.fail_after(5000.0):
        while True:
            found = await house.real_store.certificate(house.account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(0.5)


def fill(house: House) -> None:
    for each in range(7):
        house.vendor.put("Customer", f"{each:03}")


async def test_one_that_goes_before_the_count_does_not_end_the_reading_a_row_too_soon(
    house: House, tmp_path: Path
) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, LOST)

        def delete(operation: str) -> None:
            if operation == "count:Customer" and "000" in house.vendor.objects["Customer"]:
                house.vendor.delete("Customer", "000")

        house.vendor.trouble = delete
        found = await verified(house, run)
        assert found.types[0].missing == ("006",)
        assert (found.exact, found.repaired) == (False, True)
    assert "006" in (await house.replica())["Customer"]


async def test_a_row_that_only_a_read_by_id_shows_is_compared(house: House, tmp_path: Path) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, DAMAGED)
        whole = house.vendor.objects["Customer"]
        listed = {key: row for key, row in whole.items() if key != "006"}

        def hide(operation: str) -> None:
            house.vendor.objects["Customer"] = whole if operation in {"read", "feed"} else listed

        house.vendor.trouble = hide
        found = await verified(house, run)
        house.vendor.objects["Customer"] = whole
        assert found.types[0].differing == ("006",)
        assert (found.exact, found.repaired) == (False, True)
        assert await house.is_exact()
