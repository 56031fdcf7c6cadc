"""A vendor that has lost everything, and one whose user really deleted most of a type."""

import json
import sqlite3

import anyio

from actors import events
from actors.status import AccountState
from daemon.sandbox.quickbooks import QuickBooksSandbox
from support.company_house import CompanyHouse
from support.forgetful_vendor import forgetting
from support.store_fixtures import on_writer


async def vendors(house: CompanyHouse, account_id: str) -> int:
    return len((await house.replica(account_id)).get("Vendor", {}))


async def test_a_vendor_that_calls_everything_deleted_deletes_nothing_and_is_asked_little(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Vendor=120)
    async with house.syncing():
        await anyio.sleep(400)
        before = await vendors(house, account_id)
        exact_as_of = (await house.account(account_id)).exact_as_of
        with forgetting(house.sandbox, house.realms[account_id], "Vendor", tells=True):
            await anyio.sleep(301)
            made = len(house.calls())
            await anyio.sleep(3000)
            assert len(house.calls()) - made <= 10 * 3 + 1
            assert await house.state(account_id) is AccountState.DEGRADED
            assert (await house.account(account_id)).exact_as_of == exact_as_of
            assert await vendors(house, account_id) == before
            (held,) = await house.real_store.held_deletes(account_id)
            assert (held.object_type, held.count, held.live) == ("Vendor", before, before)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
        assert await house.real_store.held_deletes(account_id) == ()
    assert len(house.told(events.DeletesHeld)) == 1
    assert len(house.told(events.DeletesReleased)) == 1


async def test_a_comparison_that_finds_nothing_any_more_deletes_nothing(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Vendor=120)
    async with house.syncing():
        await anyio.sleep(400)
        before = await vendors(house, account_id)
        with forgetting(house.sandbox, house.realms[account_id], "Vendor", tells=False):
            await house.rescan(account_id, "Vendor")
            await anyio.sleep(3000)
            assert await vendors(house, account_id) == before
            assert await house.state(account_id) is AccountState.DEGRADED
            status = house.hosted(account_id).status()
            assert status is not None
            assert "syncline confirm-deletes" in status.trouble[0]
        await anyio.sleep(700)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE


async def test_deletes_that_a_person_confirms_are_made(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=150)
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        delete_most(house.sandbox, realm)
        await anyio.sleep(301)
        assert not await house.is_exact(account_id)
        (held,) = await house.real_store.held_deletes(account_id)
        await house.real_store.confirm_deletes(
            account_id, {"Invoice": held.count}, house.clock.utc()
        )
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
        assert await house.real_store.held_deletes(account_id) == ()


async def test_a_restart_does_not_forget_what_is_held(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=150)
    async with house.syncing():
        await anyio.sleep(400)
        delete_most(house.sandbox, house.realms[account_id])
        await anyio.sleep(301)
    async with house.syncing():
        assert await house.state(account_id) is AccountState.DEGRADED
        await anyio.sleep(700)
        assert await house.state(account_id) is AccountState.DEGRADED
    assert len(house.told(events.DeletesHeld)) == 1


async def test_every_version_says_which_call_brought_it(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=3)
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        (customer_id, *_) = house.truth(account_id)["Customer"]
        house.sandbox.update(realm, "Customer", customer_id, {"Notes": "changed"})
        await anyio.sleep(301)
    found = await house.real_store.history(account_id, "Customer", customer_id)
    assert found is not None
    first, second = found.versions
    assert (first.look, second.look) == ("Customer", "feed")
    traced = {event.trace_id for event in house.told(events.CallMade)}
    assert first.trace_ids
    assert second.trace_ids
    assert {*first.trace_ids, *second.trace_ids} <= traced


def delete_most(sandbox: QuickBooksSandbox, realm: str) -> None:
    for object_id in list(sandbox.truth(realm)["Invoice"])[:120]:
        sandbox.delete(realm, "Invoice", object_id)


async def test_pages_that_were_asked_for_early_keep_their_own_calls(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=3500)
    async with house.syncing():
        await anyio.sleep(400)
    notes = await on_writer(house.real_store, invoice_looks)
    assert len(notes) >= 4
    assert all(len(json.loads(trace_ids)) == 1 for trace_ids in notes)
    assert len(set(notes)) == len(notes)
    assert await house.is_exact(account_id)


async def test_merged_voided_and_deactivated_records_end_in_the_right_state(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Customer=30, Invoice=20)
    realm, sandbox = house.realms[account_id], house.sandbox
    async with house.syncing():
        await anyio.sleep(400)
        truth = house.truth(account_id)
        plain = [
            key
            for key in truth["Customer"]
            if "ParentRef" not in sandbox.read(realm, "Customer", key)
        ]
        loser, winner, resting = plain[0], plain[1], plain[2]
        voided, deleted = list(truth["Invoice"])[:2]
        sandbox.merge(realm, "Customer", loser, winner)
        sandbox.deactivate(realm, "Customer", resting)
        sandbox.void(realm, "Invoice", voided)
        sandbox.delete(realm, "Invoice", deleted)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
        replica = await house.replica(account_id)
        assert loser not in replica["Customer"]
        assert b'"Active":false' in replica["Customer"][resting]
        assert b"Voided" in replica["Invoice"][voided]
        assert deleted not in replica["Invoice"]
        sandbox.reactivate(realm, "Customer", resting)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
    found = await house.real_store.history(account_id, "Customer", loser)
    assert found is not None
    assert found.versions[-1].deleted


def invoice_looks(connection: sqlite3.Connection) -> list[str]:
    return [
        trace_ids
        for (trace_ids,) in connection.execute(
            "SELECT trace_ids FROM looks WHERE look = 'Invoice' ORDER BY id"
        )
    ]


async def test_a_type_that_is_not_wanted_any_more_holds_nothing_up(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=150)
    async with house.syncing():
        await anyio.sleep(400)
        delete_most(house.sandbox, house.realms[account_id])
        await anyio.sleep(301)
        assert await house.state(account_id) is AccountState.DEGRADED
    others = tuple(name for name in house.settings.object_types if name != "Invoice")
    house.configure(object_types=others)
    async with house.syncing():
        await anyio.sleep(400)
        assert await house.state(account_id) is AccountState.LIVE


async def test_without_the_brake_what_was_held_is_deleted(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=150)
    async with house.syncing():
        await anyio.sleep(400)
        delete_most(house.sandbox, house.realms[account_id])
        await anyio.sleep(301)
    house.configure(delete_brake=None)
    async with house.syncing():
        await anyio.sleep(400)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
