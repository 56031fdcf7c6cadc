from collections.abc import Awaitable, Callable

import pytest

from store.errors import StaleEpochError
from store.models import OpenRefresh, SealedCredential
from store.ports import Store
from support.store_fixtures import START, Owned, Read, at, credential


def journal(read: Read) -> list[tuple[object, ...]]:
    return read("SELECT token_hash, attempts, outcome FROM refresh_journal ORDER BY id")


async def test_refresh_is_open_from_its_beginning_until_its_tokens_are_stored(
    store: Store, company: Owned, read: Read
) -> None:
    begun = await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    assert begun == OpenRefresh("aa", at(1), 1)
    await store.finish_refresh(company.account_id, company.epoch, "aa", credential("second"), at(2))

    assert await store.credential(company.account_id) == credential("second")
    assert journal(read) == [("aa", 1, "refreshed")]
    assert (await store.claim(company.account_id)).open_refresh is None


async def test_same_token_again_counts_the_attempts(store: Store, company: Owned) -> None:
    for seconds, attempts in ((1, 1), (2, 2), (3, 3)):
        begun = await store.begin_refresh(company.account_id, company.epoch, "aa", at(seconds))
        assert begun == OpenRefresh("aa", at(1), attempts)
    assert (await store.claim(company.account_id)).open_refresh == OpenRefresh("aa", at(1), 3)


async def test_another_token_ends_the_entry_of_the_one_before(
    store: Store, company: Owned, read: Read
) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    begun = await store.begin_refresh(company.account_id, company.epoch, "bb", at(2))
    assert begun == OpenRefresh("bb", at(2), 1)
    assert journal(read) == [("aa", 1, "replaced"), ("bb", 1, None)]


async def test_dead_token_is_noted_with_its_cause(store: Store, company: Owned, read: Read) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    await store.require_reauthorization(
        company.account_id, company.epoch, "the owner revoked it", at(2)
    )
    assert (await store.account(company.account_id)).reauth_cause == "the owner revoked it"
    assert journal(read) == [("aa", 1, "refused")]


async def test_journal_of_more_than_forty_is_cut_to_the_newest_twenty(
    store: Store, company: Owned, read: Read
) -> None:
    other, _ = await store.connect("quickbooks", "realm-2", "", credential(), START, "other")
    other_epoch = (await store.claim(other.id)).account.epoch
    await store.begin_refresh(other.id, other_epoch, "other's", at(0))
    for number in range(41):
        assert len(journal(read)) == 1 + number
        await store.begin_refresh(company.account_id, company.epoch, f"{number}", at(number))
        await store.finish_refresh(
            company.account_id, company.epoch, f"{number}", credential(), at(number)
        )
    kept = [token_hash for token_hash, _, _ in journal(read)]
    assert kept == ["other's", *[f"{number}" for number in range(21, 41)]]


async def test_unknown_ends_of_tokens_stay_unknown(store: Store, company: Owned) -> None:
    endless = SealedCredential(b"\x00\xff", at(1), at(2), None, at(3))
    await store.finish_refresh(company.account_id, company.epoch, "aa", endless, at(2))
    assert await store.credential(company.account_id) == endless


@pytest.mark.parametrize(
    "write",
    [
        lambda store, own: store.begin_refresh(own.account_id, own.epoch, "aa", at(1)),
        lambda store, own: store.finish_refresh(
            own.account_id, own.epoch, "aa", credential("stale"), at(1)
        ),
        lambda store, own: store.require_reauthorization(own.account_id, own.epoch, "stale", at(1)),
    ],
)
async def test_earlier_owner_cannot_touch_the_tokens(
    store: Store,
    company: Owned,
    read: Read,
    write: Callable[[Store, Owned], Awaitable[object]],
) -> None:
    before = await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await write(store, company)
    assert journal(read) == []
    assert await store.account(company.account_id) == before.account
    assert await store.credential(company.account_id) == before.credential


async def test_answer_to_the_token_that_is_still_stored_is_taken_from_an_earlier_owner(
    store: Store, company: Owned, read: Read
) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    later = (await store.claim(company.account_id)).account.epoch
    await store.begin_refresh(company.account_id, later, "aa", at(2))
    with pytest.raises(StaleEpochError, match="its new tokens are stored"):
        await store.finish_refresh(
            company.account_id, company.epoch, "aa", credential("late"), at(3)
        )
    assert await store.credential(company.account_id) == credential("late")
    assert journal(read) == [("aa", 2, "refreshed")]


async def test_owner_who_holds_the_old_token_is_fenced_off_by_a_late_answer(
    store: Store, company: Owned
) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    later = (await store.claim(company.account_id)).account.epoch
    with pytest.raises(StaleEpochError):
        await store.finish_refresh(
            company.account_id, company.epoch, "aa", credential("late"), at(3)
        )
    for epoch in (company.epoch, later):
        with pytest.raises(StaleEpochError):
            await store.require_reauthorization(company.account_id, epoch, "refused", at(4))
        with pytest.raises(StaleEpochError):
            await store.begin_refresh(company.account_id, epoch, "aa", at(4))
        with pytest.raises(StaleEpochError):
            await store.finish_refresh(company.account_id, epoch, "aa", credential("x"), at(4))
    afresh = await store.claim(company.account_id)
    assert (afresh.credential, afresh.open_refresh) == (credential("late"), None)
    assert (afresh.account.epoch, afresh.account.reauth_cause) == (later + 2, None)


async def connected(store: Store, company: Owned) -> None:
    account = await store.account(company.account_id)
    await store.connect(
        account.vendor, account.external_account_id, "Again", credential("other"), at(2), "x"
    )


async def disconnected(store: Store, company: Owned) -> None:
    await store.disconnect(company.account_id, purge=False, at=at(2))


async def refreshed(store: Store, company: Owned) -> None:
    epoch = (await store.claim(company.account_id)).account.epoch
    await store.begin_refresh(company.account_id, epoch, "aa", at(2))
    await store.finish_refresh(company.account_id, epoch, "aa", credential("other"), at(3))


async def refreshed_and_spending(store: Store, company: Owned) -> None:
    await refreshed(store, company)
    epoch = (await store.claim(company.account_id)).account.epoch
    await store.begin_refresh(company.account_id, epoch, "bb", at(3))


async def refused(store: Store, company: Owned) -> None:
    epoch = (await store.claim(company.account_id)).account.epoch
    await store.require_reauthorization(company.account_id, epoch, "refused", at(2))


@pytest.mark.parametrize(
    "happened", [connected, disconnected, refreshed, refreshed_and_spending, refused]
)
async def test_late_answer_replaces_nothing_that_was_stored_since(
    store: Store,
    company: Owned,
    read: Read,
    happened: Callable[[Store, Owned], Awaitable[None]],
) -> None:
    await store.begin_refresh(company.account_id, company.epoch, "aa", at(1))
    await happened(store, company)
    before = await store.account(company.account_id), await store.credential(company.account_id)
    entries = journal(read)
    with pytest.raises(StaleEpochError):
        await store.finish_refresh(
            company.account_id, company.epoch, "aa", credential("late"), at(9)
        )
    after = await store.account(company.account_id), await store.credential(company.account_id)
    assert after == before
    assert journal(read) == entries
