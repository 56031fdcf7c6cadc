import sqlite3
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from store.errors import StaleEpochError, UnknownAccountError
from store.job_models import Company
from store.models import Account, Cursor, OpenRefresh
from store.ports import Store
from store.relational import claims
from store.sqlite import SqliteStore
from store.sqlite.connection import open_writer
from support.store_fixtures import (
    START,
    Owned,
    all_changes,
    all_objects,
    at,
    credential,
    move,
    on_writer,
    own,
    record,
)


async def test_new_company_is_stored_with_its_tokens(store: Store) -> None:
    account, is_new = await store.connect(
        "quickbooks", "realm-1", "Ada's Bakery", credential(), at(5), "id-1"
    )
    assert is_new
    assert account == Account(
        id="id-1",
        vendor="quickbooks",
        external_account_id="realm-1",
        name="Ada's Bakery",
        shard=0,
        epoch=account.epoch,
        connected_at=at(5),
    )
    assert await store.account("id-1") == account
    assert await store.credential("id-1") == credential()


async def test_known_company_keeps_its_id_and_data_and_gets_the_new_tokens(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1"), cursors=[move(covered=10)]))
    await store.set_paused(company.account_id, paused=True)
    await store.require_reauthorization(company.account_id, company.epoch, "revoked", at(1))

    account, is_new = await store.connect(
        "quickbooks", "realm-1", "Renamed", credential("second"), at(9), "another-id"
    )

    assert not is_new
    assert account.id == company.account_id
    assert (account.name, account.connected_at) == ("Renamed", at(9))
    assert (account.paused, account.reauth_cause, account.exact_as_of) == (False, None, at(10))
    assert await store.credential(account.id) == credential("second")
    assert list(await all_objects(store, account.id)) == ["1"]


async def test_same_external_id_at_another_vendor_is_another_company(store: Store) -> None:
    first, _ = await store.connect("quickbooks", "7", "A", credential(), START, "a")
    second, is_new = await store.connect("servicetitan", "7", "B", credential(), START, "b")
    assert is_new
    assert [account.id for account in await store.accounts()] == [first.id, second.id]


async def test_accounts_are_listed_oldest_first(store: Store) -> None:
    for name, seconds in (("late", 20), ("early", 10), ("middle", 15)):
        await store.connect("quickbooks", name, name, credential(), at(seconds), name)
    assert [account.id for account in await store.accounts()] == ["early", "middle", "late"]


async def test_reconnecting_fences_off_the_refresh_under_way(store: Store, company: Owned) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    await store.connect("quickbooks", "realm-1", "N", credential("owner's"), at(2), "x")
    with pytest.raises(StaleEpochError):
        await store.finish_refresh(
            company.account_id, company.epoch, "aa", credential("refreshed"), at(3)
        )
    assert await store.credential(company.account_id) == credential("owner's")
    assert (await store.claim(company.account_id)).open_refresh is None


async def test_a_name_gives_way_to_another_but_not_to_the_vendors_id(
    store: Store, company: Owned
) -> None:
    await store.set_company(Company(company.account_id), "The books")
    again, _ = await store.connect("quickbooks", "realm-1", "realm-1", credential("a"), at(1), "x")
    assert again.name == "The books"
    named, _ = await store.connect("quickbooks", "realm-1", "Anew", credential("b"), at(2), "x")
    assert named.name == "Anew"


async def test_each_claim_has_a_higher_epoch(store: Store, company: Owned) -> None:
    epochs = [(await store.claim(company.account_id)).account.epoch for _ in range(3)]
    assert epochs == [company.epoch + 1, company.epoch + 2, company.epoch + 3]


async def test_claim_returns_all_that_was_stored(store: Store, company: Owned) -> None:
    await store.apply_page(
        company.page(
            cursors=[move("Invoice", 10, position="x"), move("Bill")],
            object_types=("Invoice",),
            observed=7,
        )
    )
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(8))

    claimed = await store.claim(company.account_id)

    assert claimed.account == await store.account(company.account_id)
    assert claimed.credential == credential()
    assert claimed.open_refresh == OpenRefresh("aa", at(8), 1)
    assert list(claimed.cursors) == [
        Cursor("Bill", "p", last_synced_at=at(7)),
        Cursor("Invoice", "x", complete=True, covered_until=at(10), last_synced_at=at(7)),
    ]


async def test_claim_shard_returns_the_same_as_claiming_one_by_one(store: Store) -> None:
    for number in range(5):
        company = await own(store, f"realm-{number}")
        await store.apply_page(
            company.page(
                cursors=[move(kind, number) for kind in ("Bill", "Invoice", "Item")[:number]],
                object_types=("Bill",),
            )
        )
        if number % 2:
            await store.begin_refresh(company.account_id, company.epoch, f"{number}", at(1))
    gone = await own(store, "gone")
    await store.disconnect(gone.account_id, purge=False, at=at(2))

    of_shard = {claimed.account.id: claimed for claimed in await store.claim_shard(0)}

    assert gone.account_id not in of_shard
    assert len(of_shard) == 5
    for account_id, claimed in of_shard.items():
        alone = await store.claim(account_id)
        assert alone.account.epoch == claimed.account.epoch + 1
        assert claimed.credential == alone.credential
        assert list(claimed.cursors) == list(alone.cursors)
        assert claimed.open_refresh == alone.open_refresh
    assert list(await store.claim_shard(1)) == []


async def test_claimed_cursors_share_what_is_equal(store: Store) -> None:
    """With 10,000 accounts of nine types each, copies would be most of the memory."""
    for number in range(2):
        company = await own(store, f"realm-{number}")
        moves = [move(kind, 10, position="the same") for kind in ("Bill", "Invoice")]
        await store.apply_page(company.page(cursors=moves))
    cursors = [cursor for claimed in await store.claim_shard(0) for cursor in claimed.cursors]
    assert len(cursors) == 4
    assert len({id(cursor.position) for cursor in cursors}) == 1
    assert len({id(cursor.covered_until) for cursor in cursors}) == 1
    assert len({id(cursor.object_type) for cursor in cursors}) == 2


def test_claim_shard_takes_as_many_statements_for_many_accounts_as_for_one(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / "many.db", durable=False, busy_timeout_s=0)
    statements: list[str] = []
    counts = []
    for number in (1, 300):
        connection.executemany(
            "INSERT INTO accounts (id, vendor, external_account_id, name, shard, connected_at)"
            " VALUES (?, 'quickbooks', ?, '', ?, '2026-11-21T09:00:00.000000Z')",
            [(f"{number}/{i}", f"{number}/{i}", number) for i in range(number)],
        )
        connection.set_trace_callback(statements.append)
        assert len(claims.claim_shard(connection, number)) == number
        connection.set_trace_callback(None)
        counts.append(len(statements))
        statements.clear()
    connection.close()
    assert counts[0] == counts[1]


async def test_pause_lasts_and_ends(store: Store, company: Owned) -> None:
    assert (await store.set_paused(company.account_id, paused=True)).paused
    assert (await store.account(company.account_id)).paused
    assert not (await store.set_paused(company.account_id, paused=False)).paused
    assert (await store.claim(company.account_id)).account.paused is False


async def test_disconnected_account_keeps_its_data_but_no_tokens(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1"), cursors=[move(covered=10)]))
    await store.disconnect(company.account_id, purge=False, at=at(20))

    account = await store.account(company.account_id)
    assert (account.disconnected_at, account.exact_as_of) == (at(20), at(10))
    assert await store.credential(company.account_id) is None
    assert list(await all_objects(store, company.account_id)) == ["1"]
    with pytest.raises(StaleEpochError):
        await store.apply_page(company.page(record("2")))
    with pytest.raises(StaleEpochError):
        await store.claim(company.account_id)


async def test_disconnecting_twice_keeps_the_first_time(store: Store, company: Owned) -> None:
    await store.disconnect(company.account_id, purge=False, at=at(20))
    await store.disconnect(company.account_id, purge=False, at=at(30))
    assert (await store.account(company.account_id)).disconnected_at == at(20)


async def test_disconnected_company_can_be_connected_again(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1")))
    await store.disconnect(company.account_id, purge=False, at=at(20))
    again = await own(store)
    assert again.account_id == company.account_id
    assert again.epoch > company.epoch
    await store.apply_page(again.page(record("2")))
    assert set(await all_objects(store, again.account_id)) == {"1", "2"}


async def test_purge_leaves_no_trace_in_any_table(
    store: SqliteStore, company: Owned, path: Path
) -> None:
    await store.apply_page(
        company.page(
            *[record(str(number)) for number in range(4500)],
            cursors=[move(covered=10)],
            begins=["Invoice"],
            seen=[("Invoice", str(number)) for number in range(4500)],
        )
    )
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    await store.disconnect(company.account_id, purge=True, at=at(20))

    with pytest.raises(UnknownAccountError):
        await store.account(company.account_id)
    reader = sqlite3.connect(path)
    tables = [
        name
        for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    ]
    assert set(tables) >= {"accounts", "objects", "changes", "scan_seen", "refresh_journal"}
    held = {name: reader.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables}  # noqa: S608
    reader.close()
    # All that stays is that something was purged, and a number of no account's.
    assert held == dict.fromkeys(tables, (0,)) | {"metadata": (1,), "routings_followed": (1,)}


async def test_purge_of_a_disconnected_account_finishes_it(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1")))
    await store.disconnect(company.account_id, purge=False, at=at(20))
    await store.disconnect(company.account_id, purge=True, at=at(30))
    assert list(await store.accounts()) == []


async def test_purge_leaves_the_numbers_of_others_changes_and_gives_none_twice(
    store: Store, company: Owned
) -> None:
    other = await own(store, "realm-2")
    await store.apply_page(company.page(record("1")))
    await store.apply_page(other.page(record("1")))
    await store.apply_page(company.page(record("2")))
    await store.disconnect(company.account_id, purge=True, at=at(20))

    assert [change.seq for change in await all_changes(store)] == [2]
    assert await store.last_seq() == 3
    assert (await store.apply_page(other.page(record("2")))).last_seq == 4


async def test_company_connected_during_its_purge_stops_the_purge(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1")))
    refused = []

    async def purge() -> None:
        try:
            await store.disconnect(company.account_id, purge=True, at=at(20))
        except StaleEpochError as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(purge)
        tasks.start_soon(own, store)

    assert len(refused) == 1
    assert (await store.account(company.account_id)).disconnected_at is None
    assert await store.credential(company.account_id) == credential()
    assert list(await all_objects(store, company.account_id)) == ["1"]


async def test_account_connected_again_after_half_a_purge_is_compared_from_end_to_end(
    store: SqliteStore, company: Owned
) -> None:
    """As after a crash between the pieces: the rows are gone already, the account is not."""
    moves = [move("Invoice", 10, position="x"), move("Bill", position="y")]
    await store.apply_page(company.page(record("1"), cursors=moves))
    await on_writer(
        store,
        lambda connection: connection.executescript(
            "CREATE TRIGGER broken BEFORE DELETE ON cursors"
            " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
        ),
    )
    with pytest.raises(Exception, match="broken on purpose"):
        await store.disconnect(company.account_id, purge=True, at=at(20))
    await on_writer(store, lambda connection: connection.executescript("DROP TRIGGER broken"))
    assert await all_objects(store, company.account_id) == {}

    again = await own(store)

    claimed = await store.claim(again.account_id)
    assert (claimed.account.exact_as_of, claimed.account.last_synced_at) == (None, None)
    assert [
        (cursor.object_type, cursor.position, cursor.complete, cursor.covered_until)
        for cursor in claimed.cursors
    ] == [("Bill", "", True, None), ("Invoice", "", True, None)]
    assert all(cursor.rescan_requested for cursor in claimed.cursors)


async def test_disconnecting_without_a_purge_keeps_the_cursors(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(cursors=[move("Invoice", 10, position="x")]))
    before = list(await store.cursors(company.account_id))
    await store.disconnect(company.account_id, purge=False, at=at(20))
    assert list(await store.cursors(company.account_id)) == before


async def test_unknown_account_is_refused_everywhere(store: Store) -> None:
    with pytest.raises(UnknownAccountError):
        await store.claim("nobody")
    with pytest.raises(UnknownAccountError):
        await store.account("nobody")
    with pytest.raises(UnknownAccountError):
        await store.set_paused("nobody", paused=True)
    with pytest.raises(UnknownAccountError):
        await store.disconnect("nobody", purge=True, at=START)
    with pytest.raises(UnknownAccountError):
        await store.request_rescan("nobody", ["Invoice"])
    with pytest.raises(StaleEpochError):
        await store.apply_page(Owned("nobody", 1).page(record("1")))
    assert await store.credential("nobody") is None
    assert list(await store.cursors("nobody")) == []
    assert await store.live_counts("nobody") == {}


async def test_requested_rescan_lasts_until_a_full_reading_begins(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(cursors=[move("Invoice", 10), move("Bill", 10)]))
    await store.request_rescan(company.account_id, ["Invoice", "Item"])

    def asked(cursors: Sequence[Cursor]) -> set[str]:
        return {cursor.object_type for cursor in cursors if cursor.rescan_requested}

    assert asked(await store.cursors(company.account_id)) == {"Invoice", "Item"}
    await store.apply_page(company.page(cursors=[move("Invoice", 20)]))
    assert asked(await store.cursors(company.account_id)) == {"Invoice", "Item"}
    await store.apply_page(company.page(cursors=[move("Invoice", 20, begins_comparison=True)]))
    assert asked((await store.claim(company.account_id)).cursors) == {"Item"}


async def test_metadata_is_kept_and_replaced(store: Store) -> None:
    assert await store.metadata("key") is None
    await store.set_metadata("key", b"\x00\xff one")
    await store.set_metadata("key", b"two")
    await store.set_metadata("other", b"three")
    assert await store.metadata("key") == b"two"
