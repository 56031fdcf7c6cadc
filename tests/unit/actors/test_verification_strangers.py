"""Rows of types that the account never had: damage made them."""

import sqlite3
from pathlib import Path

import anyio
import pytest

from actors.messages import VerificationRequested
from actors.settings import DeleteBrake
from store.verification import Certificate
from support.actor_house import House, Run

FALSE_TYPES = {
    "letter": ("'Custoner'", "Custoner"),
    "no text": ("CAST(x'ff43' AS TEXT)", "x'ff43'"),
    "bytes": ("x'437573746f6d6572'", "x'437573746f6d6572'"),
    "nothing": ("''", ""),
    "zero": ("'Cus' || char(0) || 'tomer'", "x'43757300746f6d6572'"),
}


async def verify(house: House, run: Run, *, repair: bool = True) -> Certificate:
    number = await house.real_store.request_verification(house.account_id, repair=repair)
    run.actor.post(VerificationRequested(number, repair))
    with anyio.fail_after(8000.0):
        while True:
            found = await house.real_store.certificate(house.account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(0.5)


def alter(path: Path, statement: str) -> None:
    """Write into the database's file past everything."""
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("damage", FALSE_TYPES)
async def test_a_row_under_a_false_type_is_named_and_taken_out_and_the_right_one_put_back(
    house: House, tmp_path: Path, damage: str
) -> None:
    literal, told = FALSE_TYPES[damage]
    for each in range(5):
        house.vendor.put("Customer", str(each))
    async with house.running() as run:
        await anyio.sleep(700)
        change = f"UPDATE objects SET object_type = {literal}"  # noqa: S608  our own text
        alter(tmp_path, f"{change} WHERE object_id = '3'")
        assert (await house.real_store.live_counts(house.account_id))[told] == 1
        named = await verify(house, run, repair=False)
        assert [each.extra for each in named.types if each.object_type == told] == [("3",)]
        assert (named.exact, named.repaired) == (False, False)
        found = await verify(house, run)
        assert found.types[0].missing == ("3",)
        assert [each.extra for each in found.types if each.object_type == told] == [("3",)]
        assert (found.exact, found.repaired, found.differences) == (False, True, 2)
        assert await house.is_exact()
        assert set(await house.real_store.live_counts(house.account_id)) == {"Customer"}
        assert (await verify(house, run)).exact


async def test_rows_of_a_type_that_was_read_once_are_no_strangers(house: House) -> None:
    for each in range(5):
        house.vendor.put("Item", str(each))
    async with house.running():
        await anyio.sleep(700)
    house.configure(object_types=("Customer", "Invoice"))
    async with house.running() as run:
        assert (await verify(house, run)).exact
    assert await house.real_store.live_counts(house.account_id) == {"Item": 5}


async def test_so_many_strangers_that_the_brake_would_hold_them_are_named_and_kept(
    house: House, tmp_path: Path
) -> None:
    house.configure(delete_brake=DeleteBrake(share=0.2, at_least=5))
    for each in range(8):
        house.vendor.put("Customer", str(each))
    async with house.running() as run:
        await anyio.sleep(700)
        alter(tmp_path, "UPDATE objects SET object_type = 'Custoner'")
        found = await verify(house, run)
        (strange,) = [each for each in found.types if each.object_type == "Custoner"]
        assert (strange.extra_count, strange.unrepaired_count) == (8, 8)
        assert not found.repaired
        assert await house.is_exact()
