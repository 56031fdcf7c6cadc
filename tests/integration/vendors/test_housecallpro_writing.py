"""What is Housecall Pro's own about writes: leads that are known by a tag, and what comes back."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import msgspec
import pytest

from actors.errors import RejectedError, UnknownOutcomeError
from actors.vendors.base import Session
from actors.vendors.dispatching import Referral, Sighting
from actors.vendors.housecallpro import DISPATCHER, HousecallPro, writer
from actors.vendors.housecallpro.action_payload import problems
from actors.vendors.writing import Intent, NotFound, Unclear, Written
from daemon.sandbox.housecallpro import Business, FaultKind, HousecallProSandbox
from store.action_models import ActionState
from store.job_models import Address, Homeowner, RoutingStatus
from support.conformance.trial import TriedWrite
from support.conformance.trial_house import TrialHouse, open_trial_house
from support.open_session import open_session

if TYPE_CHECKING:
    from support.conformance.housecallpro_trial import HousecallProTrial

ACTION = "3a0c2e9b-7c1f-4c0e-9c60-6fd0e7c4b6aa"
MARK = "syncline:3a0c2e9b7c1f4c0e9c606fd0e7c4b6aa"
LEAD: dict[str, Any] = {
    "customer": {"first_name": "Ada", "last_name": "Park", "email": "ada@example.com"},
    "note": "No heat",
    "tags": ["Partner"],
}
REFERRAL = Referral(
    "Replace the water heater",
    Homeowner("Ada Park", "+1 555 0100", "ada@example.com"),
    Address("1 Main St", "", "Springfield", "IL", "62701", "US"),
    datetime.fromisoformat("2026-03-01T12:00:00+00:00"),
    "Ben's Plumbing",
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TrialHouse]:
    async with open_trial_house("housecallpro", tmp_path) as opened:
        yield opened


def sandbox_of(house: TrialHouse) -> HousecallProSandbox:
    return cast("HousecallProTrial", house.trial).sandbox


async def connected(house: TrialHouse) -> tuple[HousecallPro, Session, Business]:
    sandbox_of(house).per_minute = None
    company = house.trial.found_company()
    session = await open_session(house.trial, company)
    return cast("HousecallPro", house.trial.vendor), session, sandbox_of(house).businesses[company]


def lead(action_id: str = ACTION, **changes: object) -> Intent:
    given = {name: value for name, value in (LEAD | changes).items() if value is not None}
    return Intent(action_id, "lead.create", msgspec.json.encode(given), 0, None)


async def test_a_lead_carries_its_mark_as_a_tag_and_in_its_note(house: TrialHouse) -> None:
    vendor, session, business = await connected(house)
    written = await vendor.writer.write(session, lead())
    assert (written.status, written.remark) == (201, None)
    assert (written.trace_id or "").startswith("req-")
    sent = json.loads(business.writes[0].body)
    assert sent["tags"] == ["Partner", MARK]
    assert sent["note"] == f"No heat\n[{MARK}]"
    assert sent["customer"] == LEAD["customer"]


async def test_a_lead_for_a_known_customer_is_found_among_theirs(house: TrialHouse) -> None:
    vendor, session, business = await connected(house)
    customer = next(iter(business.objects["customers"]))
    intent = lead(customer=None, customer_id=customer, note=None, tags=None)
    await vendor.writer.write(session, intent)
    calls = sandbox_of(house).calls["list"]
    found = await vendor.writer.read_back(session, intent, house.clock.utc())
    assert isinstance(found, Written)
    assert sandbox_of(house).calls["list"] - calls == 1


async def test_a_lead_whose_customer_was_renamed_is_found_among_the_newest(
    house: TrialHouse,
) -> None:
    vendor, session, business = await connected(house)
    await vendor.writer.write(session, lead())
    customer = list(business.objects["customers"])[-1]
    now = house.clock.utc()
    business.change("customers", customer, now, email="other@example.com", first_name="Bea")
    assert isinstance(await vendor.writer.read_back(session, lead(), now), Written)


async def test_a_lead_that_never_came_is_not_found(house: TrialHouse) -> None:
    vendor, session, _ = await connected(house)
    another = "77777777-7c1f-4c0e-9c60-6fd0e7c4b6aa"
    await vendor.writer.write(session, lead(another))
    found = await vendor.writer.read_back(session, lead(), house.clock.utc())
    assert isinstance(found, NotFound)
    assert not found.proof
    assert not found.repeatable


@pytest.mark.parametrize(
    ("ago", "kind"), [(timedelta(hours=30), NotFound), (timedelta(days=3), Unclear)]
)
async def test_one_that_may_be_behind_all_that_were_looked_at_is_not_taken_for_absent(
    house: TrialHouse, monkeypatch: pytest.MonkeyPatch, ago: timedelta, kind: type[object]
) -> None:
    vendor, session, business = await connected(house)
    sent_at = house.clock.utc()
    await vendor.writer.write(session, lead())
    customer = list(business.objects["customers"])[-1]
    business.change("customers", customer, sent_at, email="other@example.com", first_name="Bea")
    await anyio.sleep(ago.total_seconds())
    for _ in range(120):
        business.make("leads", house.clock.utc())
    monkeypatch.setattr(writer, "_MOST_PAGES", 1)
    assert isinstance(await vendor.writer.read_back(session, lead(), sent_at), kind)


async def test_of_two_with_one_mark_the_first_is_the_actions_and_it_says_so(
    house: TrialHouse,
) -> None:
    vendor, session, _ = await connected(house)
    first = await vendor.writer.write(session, lead())
    second = await vendor.writer.write(session, lead())
    found = await vendor.writer.read_back(session, lead(), house.clock.utc())
    assert isinstance(found, Written)
    assert found.target == first.target
    assert str(second.target.object_id) in (found.remark or "")


async def test_a_refusal_comes_in_the_vendors_words(house: TrialHouse) -> None:
    vendor, session, _ = await connected(house)
    unknown = lead(customer=None, customer_id="cus_of_somebody_else")
    with pytest.raises(RejectedError, match="is not a customer"):
        await vendor.writer.write(session, unknown)


async def test_an_answer_of_the_gateway_leaves_it_open(house: TrialHouse) -> None:
    vendor, session, _ = await connected(house)
    for kind in (FaultKind.GATEWAY_502, FaultKind.OTHER_SHAPE, FaultKind.TRUNCATED):
        sandbox_of(house).faults.add(kind, "leads", method="POST")
        with pytest.raises(UnknownOutcomeError):
            await vendor.writer.write(session, lead())


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"customer": None}, "customer"),
        ({"customer_id": "cus_1"}, "customer"),
        ({"customer": {"first_name": ""}}, "customer"),
        ({"customer": {"email": 5}}, "customer.email"),
        ({"customer": "Ada"}, "customer"),
        (
            {"customer": {"email": "a@b", "notifications_enabled": 1}},
            "customer.notifications_enabled",
        ),
        ({"address": {"zip": 62701}}, "address.zip"),
        ({"address": {}, "address_id": "adr_1"}, "address"),
        ({"note": 5}, "note"),
        ({"tags": "Partner"}, "tags"),
        ({"line_items": [5]}, "line_items"),
    ],
)
def test_each_fault_of_a_payload_is_named(change: dict[str, object], path: str) -> None:
    assert not problems(msgspec.json.encode(LEAD))
    found = problems(msgspec.json.encode(LEAD | change))
    assert [problem.path for problem in found] == [f"payload.{path}"]


async def sightings(house: TrialHouse, account_id: str) -> dict[tuple[str, str], Sighting]:
    found = {}
    for object_type, rows in (await house.replica(account_id)).items():
        for object_id, payload in rows.items():
            if sighting := DISPATCHER.sighting(object_type, payload):
                found[object_type, object_id] = sighting
    return found


@pytest.mark.parametrize("tells", [True, False])
async def test_an_offered_job_comes_back_through_the_replica(
    house: TrialHouse, *, tells: bool
) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    sandbox_of(house).businesses[company].tells_conversions = tells
    office, news_s = sandbox_of(house).offices[company], 1500.0
    offer = DISPATCHER.offer({}, REFERRAL)
    async with house.syncing():
        await anyio.sleep(900.0)
        payload = msgspec.json.decode(offer.payload)
        action_id = await house.ask(account_id, TriedWrite(offer.action_type, payload, ""))
        await anyio.sleep(5.0)
        action = await house.action(account_id, action_id)
        assert action.state is ActionState.SUCCEEDED
        assert action.result is not None
        ours = ("leads", action.result.object_id)

        job_id = office.convert(ours[1], house.clock.utc())
        await anyio.sleep(news_s)
        job = ("jobs", job_id)
        seen = await sightings(house, account_id)
        assert seen[ours].status is RoutingStatus.ACCEPTED
        if tells:
            assert seen[ours].job == job
        else:
            same_key = [key for key, each in seen.items() if each.match_key == seen[ours].match_key]
            assert sorted(same_key) == sorted([ours, job])

        office.complete(job_id, 85_010, done_at := house.clock.utc(), silently=True)
        await anyio.sleep(news_s)
        seen = await sightings(house, account_id)
        assert seen[job].status is RoutingStatus.COMPLETED
        assert seen[job].completed_at == done_at.replace(microsecond=0)
        assert seen[job].amounts == {job: Decimal("850.10")}
