"""What every vendor's entry in the registry promises to the rest of the program."""

import msgspec
import pytest

from actors import events
from actors.vendors.notice import UnreadableDeliveryError
from actors.vendors.registry import VENDORS
from support.conformance.trial_house import TrialHouse
from support.conformance.trials import TRIALS


def test_every_registered_vendor_is_tried() -> None:
    assert set(VENDORS) == set(TRIALS)


async def test_what_a_user_posts_is_what_connects(house: TrialHouse) -> None:
    company = house.trial.found_company()
    form = VENDORS[house.name].connecting
    grant = msgspec.convert(house.trial.grant(company), form.grant)
    credential = await house.trial.vendor.exchange(
        grant.proof,  # type: ignore[attr-defined]
        grant.external_account_id,  # type: ignore[attr-defined]
    )
    assert credential.access_expires_at > house.clock.utc()
    assert (house.trial.vendor.authorize_url("state") is None) == (form.consent is None)


async def test_calls_are_of_the_closed_set(house: TrialHouse) -> None:
    account_id = await house.connect()
    house.trial.delete(house.companies[account_id])
    async with house.syncing():
        await house.verified(account_id)
    operations = {event.operation for event in house.told(events.CallMade)}
    assert operations <= set(VENDORS[house.name].operations)


async def test_genuine_delivery_names_what_changed(house: TrialHouse) -> None:
    company = house.trial.found_company()
    await house.connect(company)
    delivered, secret = house.trial.deliver(company)
    door = house.trial.door()
    assert delivered.headers[door.signature]
    assert door.verify(delivered.body, delivered.headers, secret)
    notices = door.parse(delivered.body).notices
    assert {notice.external_account_id for notice in notices} == {company}
    for notice in notices:
        assert notice.object_id in house.trial.truth(company)[notice.object_type]


async def test_forged_delivery_is_refused(house: TrialHouse) -> None:
    company = house.trial.found_company()
    await house.connect(company)
    delivered, secret = house.trial.deliver(company)
    door = house.trial.door()
    assert not door.verify(delivered.body, delivered.headers, f"not {secret}")
    assert not door.verify(delivered.body + b" ", delivered.headers, secret)
    assert not door.verify(delivered.body, {}, secret)
    assert not door.verify(delivered.body, {door.signature: "é" * 40}, secret)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[1]", b'{"a":', b"\xff\xfe", b"[" * 9999])
async def test_rubbish_is_no_delivery(house: TrialHouse, body: bytes) -> None:
    try:
        delivery = house.trial.door().parse(body)
    except UnreadableDeliveryError:
        return
    assert not delivery.notices
