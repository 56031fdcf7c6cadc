"""Holding rows against the vendor's, replacing what is wrong, and keeping what was found."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from store.errors import StaleEpochError, UnknownAccountError
from store.models import Via
from store.ports import Store
from store.verification import Certificate, TypeComparison, VerificationStanding
from support.store_fixtures import Owned, at, record, tombstone

if TYPE_CHECKING:
    from store.models import StoredObject


def certificate(**more: object) -> Certificate:
    values = {
        "as_of": at(1),
        "began_at": at(2),
        "finished_at": at(3),
        "reads": 7,
        "exact": False,
        "repaired": True,
        "repair": True,
        "complete": True,
        "types": (
            TypeComparison(
                object_type="Invoice",
                vendor_count=2,
                local_count=1,
                missing=("7",),
                missing_count=1,
            ),
        ),
    }
    return Certificate(**{**values, **more})  # type: ignore[arg-type]


async def row_of(store: Store, company: Owned, object_id: str) -> "StoredObject":
    row = await store.object(company.account_id, "Invoice", object_id)
    assert row is not None
    return row


async def test_only_what_is_not_held_just_so_is_unlike(store: Store, company: Owned) -> None:
    same, other, gone = record("1"), record("2"), record("3")
    await store.apply_page(company.page(same, other, gone))
    await store.apply_page(company.page(tombstones=[tombstone("3")]))
    changed = record("2", payload=b'{"Id":"2","other":1}')
    unlike = await store.unlike(company.account_id, "Invoice", [same, changed, gone, record("4")])
    assert unlike.keys() == {"2", "3", "4"}
    assert unlike["4"] is None
    held, buried = unlike["2"], unlike["3"]
    assert held is not None
    assert buried is not None
    assert (held.updated_at, held.deleted, buried.deleted) == (other.updated_at, False, True)
    assert held.fingerprint != buried.fingerprint


async def test_what_is_held_besides_the_scanned_is_named(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1"), record("2"), record("3")))
    await store.apply_page(company.page(tombstones=[tombstone("3")]))
    rows = await store.unscanned(company.account_id, "Invoice", {"1", "9"})
    assert [row.object_id for row in rows] == ["2"]
    assert [row.object_id for row in await store.unscanned(company.account_id, "Invoice", ())] == [
        "1",
        "2",
    ]


async def test_a_judged_row_gives_way_whatever_it_claims(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1", seconds=900)))
    older = record("1", seconds=5)
    await store.apply_page(company.page(older))
    assert (await row_of(store, company, "1")).updated_at == at(900)
    (judged,) = (await store.unlike(company.account_id, "Invoice", [older])).values()
    assert judged is not None
    write = replace(company.page(older), via=Via.VERIFY, judged=[judged])
    assert (await store.apply_page(write)).upserts == 1
    assert (await row_of(store, company, "1")).updated_at == at(5)
    assert (await store.apply_page(write)).upserts == 0


async def test_a_row_that_changed_since_it_was_judged_keeps_its_claim(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", seconds=900), record("2", seconds=900)))
    older = [record("1", seconds=5), record("2", seconds=5)]
    judged = await store.unlike(company.account_id, "Invoice", older)
    await store.apply_page(company.page(record("1", seconds=901), record("2", seconds=901)))
    write = company.page(older[0], tombstones=[tombstone("2", seconds=2000)])
    applied = await store.apply_page(
        replace(write, judged=[held for held in judged.values() if held is not None])
    )
    assert (applied.upserts, applied.deletes) == (0, 0)
    assert (await row_of(store, company, "1")).updated_at == at(901)
    assert not (await row_of(store, company, "2")).deleted


async def test_requests_are_numbered_and_answered_by_certificates(
    store: Store, company: Owned
) -> None:
    assert await store.request_verification(company.account_id, repair=False) == 1
    claimed = await store.claim(company.account_id)
    assert claimed.verification == VerificationStanding(requested=1, answered=0, repair=False)
    assert await store.request_verification(company.account_id, repair=True) == 2
    assert await store.request_verification(company.account_id, repair=False) == 3
    (of_shard,) = await store.claim_shard(0)
    assert of_shard.verification == VerificationStanding(requested=3, answered=0, repair=True)
    epoch = of_shard.account.epoch
    assert await store.store_certificate(company.account_id, epoch, certificate(answers=3)) == 1
    claimed = await store.claim(company.account_id)
    assert claimed.verification == VerificationStanding(3, 3, repair=True, certified_at=at(3))
    assert await store.certified_at() == {company.account_id: at(3)}
    found = await store.certificate(company.account_id)
    assert found == certificate(number=1, answers=3)
    assert found.differences == 1


async def test_only_the_newest_certificates_are_kept(store: Store, company: Owned) -> None:
    for number in range(1, 31):
        later = certificate(finished_at=at(3) + timedelta(hours=number))
        assert await store.store_certificate(company.account_id, company.epoch, later) == number
    found = await store.certificate(company.account_id)
    assert found is not None
    assert found.number == 30


async def test_earlier_owners_certify_nothing(store: Store, company: Owned) -> None:
    await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await store.store_certificate(company.account_id, company.epoch, certificate())
    assert await store.certificate(company.account_id) is None
    with pytest.raises(UnknownAccountError):
        await store.request_verification("nobody", repair=True)


async def test_a_purge_forgets_them(store: Store, company: Owned) -> None:
    await store.request_verification(company.account_id, repair=True)
    await store.store_certificate(company.account_id, company.epoch, certificate())
    await store.disconnect(company.account_id, purge=True, at=at(9))
    assert await store.certificate(company.account_id) is None
    assert await store.certified_at() == {}
