"""What is ServiceTitan's own about writes: external ids, marks in summaries, and what comes back."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import msgspec
import pytest

from actors.errors import RejectedError, TransientError, UnknownOutcomeError
from actors.vendors.base import Session
from actors.vendors.dispatching import Referral, Sighting
from actors.vendors.servicetitan import DISPATCHER, ServiceTitan
from actors.vendors.servicetitan.action_payload import problems
from actors.vendors.writing import Intent, NotFound, Written
from daemon.sandbox.exchange import SandboxRequest
from daemon.sandbox.servicetitan import FaultKind, ServiceTitanSandbox, Tenant
from daemon.sandbox.servicetitan.tenant import PROVIDER
from store.action_models import ActionState
from store.job_models import Address, Homeowner, RoutingStatus
from support.conformance.trial import TriedWrite
from support.conformance.trial_house import TrialHouse, open_trial_house
from support.open_session import open_session

if TYPE_CHECKING:
    from support.conformance.servicetitan_trial import ServiceTitanTrial

ACTION = "3a0c2e9b-7c1f-4c0e-9c60-6fd0e7c4b6aa"
OTHER = "77777777-7c1f-4c0e-9c60-6fd0e7c4b6aa"
MARK = "syncline:3a0c2e9b7c1f4c0e9c606fd0e7c4b6aa"
BOOKING: dict[str, Any] = {
    "booking_provider": str(PROVIDER),
    "source": "Web",
    "name": "Ada Park",
    "summary": "No hot water",
    "isFirstTimeClient": True,
}
LEAD: dict[str, Any] = {
    "campaignId": 7,
    "summary": "No heat",
    "followUpDate": "2026-03-01T12:00:00Z",
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
    async with open_trial_house("servicetitan", tmp_path) as opened:
        yield opened


def sandbox_of(house: TrialHouse) -> ServiceTitanSandbox:
    return cast("ServiceTitanTrial", house.trial).sandbox


async def connected(house: TrialHouse) -> tuple[ServiceTitan, Session, Tenant]:
    company = house.trial.found_company()
    session = await open_session(house.trial, company)
    return cast("ServiceTitan", house.trial.vendor), session, sandbox_of(house).tenants[company]


def booking(action_id: str = ACTION, **changes: object) -> Intent:
    return Intent(action_id, "booking.create", msgspec.json.encode(BOOKING | changes), 0, None)


def lead(action_id: str = ACTION, **changes: object) -> Intent:
    return Intent(action_id, "lead.create", msgspec.json.encode(LEAD | changes), 0, None)


async def test_a_booking_carries_the_actions_id_and_is_made_for_the_provider(
    house: TrialHouse,
) -> None:
    vendor, session, tenant = await connected(house)
    written = await vendor.writer.write(session, booking(campaignId=7))
    assert written.record is not None
    assert (written.target.object_type, written.status, written.remark) == ("bookings", 200, None)
    made = json.loads(written.record.payload)
    assert (made["externalId"], made["bookingProviderId"]) == (ACTION, PROVIDER)
    assert (made["campaignId"], made["status"]) == (7, "New")
    assert "booking_provider" not in json.loads(tenant.writes[0].body)


async def test_a_lead_carries_its_mark_below_its_summary(house: TrialHouse) -> None:
    vendor, session, tenant = await connected(house)
    written = await vendor.writer.write(session, lead())
    assert written.target.object_id == tenant.writes[0].object_id
    assert json.loads(tenant.writes[0].body)["summary"] == f"No heat\n[{MARK}]"


async def test_numbers_of_a_payload_are_sent_as_they_were_written(house: TrialHouse) -> None:
    vendor, session, tenant = await connected(house)
    payload = msgspec.json.encode(LEAD)[:-1] + b',"customFields":[{"value":1.10,"big":1e30}]}'
    await vendor.writer.write(session, Intent(ACTION, "lead.create", payload, 0, None))
    assert b'[{"value":1.10,"big":1e30}]' in tenant.writes[0].body


@pytest.mark.parametrize("intent", [booking(), lead()])
async def test_a_write_is_told_from_all_others(house: TrialHouse, intent: Intent) -> None:
    vendor, session, tenant = await connected(house)
    since = house.clock.utc()
    for number in range(450):  # three pages
        tenant.put("leads", {"status": "Open", "summary": f"{number}"}, house.clock.utc())
    await vendor.writer.write(session, intent)
    assert isinstance(await vendor.writer.read_back(session, intent, since), Written)
    another = Intent(OTHER, intent.action_type, intent.payload, 0, None)
    assert isinstance(await vendor.writer.read_back(session, another, since), NotFound)


async def test_a_lead_is_looked_for_only_among_those_made_since(house: TrialHouse) -> None:
    vendor, session, tenant = await connected(house)
    calls = sandbox_of(house).calls
    for number in range(450):
        tenant.put("leads", {"status": "Open", "summary": f"{number}"}, house.clock.utc())
    await anyio.sleep(600.0)
    before, since = calls["list"], house.clock.utc()
    found = await vendor.writer.read_back(session, lead(), since)
    assert found == NotFound(found.vendor_time)  # type: ignore[union-attr]
    assert calls["list"] - before == 1


@pytest.mark.parametrize("intent", [booking(), lead()])
async def test_of_two_with_one_mark_the_first_is_the_actions_and_it_says_so(
    house: TrialHouse, intent: Intent
) -> None:
    vendor, session, tenant = await connected(house)
    since = house.clock.utc()
    first = await vendor.writer.write(session, intent)
    second = await vendor.writer.write(session, intent)
    found = await vendor.writer.read_back(session, intent, since)
    assert isinstance(found, Written)
    assert found.target == first.target
    assert str(second.target.object_id) in (found.remark or "")
    assert len(tenant.writes) == 2


async def test_a_filter_that_is_ignored_finds_nobody_elses_booking(
    house: TrialHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, session, _ = await connected(house)
    await vendor.writer.write(session, booking(OTHER))
    handle = sandbox_of(house).handle

    def without_filter(request: SandboxRequest) -> object:
        query = request.query.replace("externalId=", "unknown=")
        return handle(SandboxRequest(request.method, request.path, query, request.headers))

    monkeypatch.setattr(sandbox_of(house), "handle", without_filter)
    found = await vendor.writer.read_back(session, booking(), house.clock.utc())
    assert isinstance(found, NotFound)


async def test_a_list_that_changes_while_it_is_read_proves_nothing(
    house: TrialHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, session, tenant = await connected(house)
    since = house.clock.utc()
    for number in range(450):
        tenant.put("leads", {"status": "Open", "summary": f"{number}"}, house.clock.utc())
    handle = sandbox_of(house).handle

    def with_a_deletion(request: SandboxRequest) -> object:
        reply = handle(request)
        tenant.delete("leads", sorted(tenant.objects["leads"])[20], house.clock.utc())
        return reply

    monkeypatch.setattr(sandbox_of(house), "handle", with_a_deletion)
    with pytest.raises(TransientError, match="changed while it was read"):
        await vendor.writer.read_back(session, lead(), since)


async def test_a_conflict_is_this_very_booking_or_a_refusal(house: TrialHouse) -> None:
    vendor, session, tenant = await connected(house)
    conflict = FaultKind.CONFLICT
    sandbox_of(house).faults.add(conflict, "bookings", method="POST", takes_effect=False)
    with pytest.raises(RejectedError, match="There is one already"):
        await vendor.writer.write(session, booking())
    sandbox_of(house).faults.add(conflict, "bookings", method="POST", takes_effect=True)
    written = await vendor.writer.write(session, booking())
    assert written.target.object_id == tenant.writes[0].object_id


async def test_an_unknown_provider_is_refused_in_the_vendors_words(house: TrialHouse) -> None:
    vendor, session, _ = await connected(house)
    with pytest.raises(RejectedError, match="Booking provider 12345 does not exist"):
        await vendor.writer.write(session, booking(booking_provider=12345))


async def test_an_answer_of_the_gateway_leaves_it_open(house: TrialHouse) -> None:
    vendor, session, _ = await connected(house)
    for kind in (FaultKind.GATEWAY_502, FaultKind.OTHER_SHAPE, FaultKind.TRUNCATED):
        sandbox_of(house).faults.add(kind, "leads", method="POST")
        with pytest.raises(UnknownOutcomeError):
            await vendor.writer.write(session, lead())


@pytest.mark.parametrize(
    ("action_type", "change", "path"),
    [
        ("booking.create", {"booking_provider": None}, "booking_provider"),
        ("booking.create", {"booking_provider": "../leads"}, "booking_provider"),
        ("booking.create", {"externalId": "mine"}, "externalId"),
        ("booking.create", {"source": " "}, "source"),
        ("booking.create", {"name": None}, "name"),
        ("booking.create", {"summary": 5}, "summary"),
        ("booking.create", {"isFirstTimeClient": "yes"}, "isFirstTimeClient"),
        ("booking.create", {"address": "1 Main St"}, "address"),
        ("booking.create", {"contacts": [{"type": "Fax"}]}, "contacts[0].value"),
        ("booking.create", {"contacts": [{"type": "Pager", "value": "1"}]}, "contacts[0].type"),
        ("booking.create", {"customerType": "Royal"}, "customerType"),
        ("booking.create", {"campaignId": "7"}, "campaignId"),
        ("lead.create", {"campaignId": None}, "campaignId"),
        ("lead.create", {"summary": ""}, "summary"),
        ("lead.create", {"followUpDate": None}, "followUpDate"),
        ("lead.create", {"followUpDate": "soon"}, "followUpDate"),
        ("lead.create", {"leadPhone": 5550100}, "leadPhone"),
        ("lead.create", {"businessUnitId": 0}, "businessUnitId"),
        ("lead.create", {"priority": "Whenever"}, "priority"),
    ],
)
def test_each_fault_of_a_payload_is_named(
    action_type: str, change: dict[str, object], path: str
) -> None:
    sound = BOOKING if action_type == "booking.create" else LEAD
    assert not problems(action_type, msgspec.json.encode(sound))
    found = problems(action_type, msgspec.json.encode(sound | change))
    assert [problem.path for problem in found] == [f"payload.{path}"]


async def sightings(house: TrialHouse, account_id: str) -> dict[tuple[str, str], Sighting]:
    found = {}
    for object_type, rows in (await house.replica(account_id)).items():
        for object_id, payload in rows.items():
            if sighting := DISPATCHER.sighting(object_type, payload):
                found[object_type, object_id] = sighting
    return found


async def test_an_offered_job_comes_back_through_the_replica_with_all_its_money(
    house: TrialHouse,
) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    office, news_s = sandbox_of(house).business(company).office, 2000.0
    offer = DISPATCHER.offer({"booking_provider": str(PROVIDER), "campaign_id": 7}, REFERRAL)
    async with house.syncing():
        await anyio.sleep(900.0)
        payload = msgspec.json.decode(offer.payload)
        action_id = await house.ask(account_id, TriedWrite(offer.action_type, payload, ""))
        await anyio.sleep(5.0)
        action = await house.action(account_id, action_id)
        assert action.state is ActionState.SUCCEEDED
        assert action.result is not None
        ours = ("bookings", action.result.object_id)
        seen = await sightings(house, account_id)
        assert (seen[ours].offer, seen[ours].status) == (ours, None)

        job_id = office.convert_booking(int(ours[1]), house.clock.utc())
        office.go_on(job_id, house.clock.utc())
        await anyio.sleep(news_s)
        job = ("jobs", str(job_id))
        seen = await sightings(house, account_id)
        assert (seen[ours].job, seen[ours].status) == (job, RoutingStatus.ACCEPTED)
        assert (seen[job].offer, seen[job].status) == (ours, RoutingStatus.SCHEDULED)

        office.go_on(job_id, house.clock.utc())
        office.complete(job_id, Decimal("850.10"), done_at := house.clock.utc())
        await anyio.sleep(news_s)
        office.adjust(job_id, Decimal("-50.05"), house.clock.utc())
        await anyio.sleep(news_s)
        seen = await sightings(house, account_id)
        assert seen[job].status is RoutingStatus.COMPLETED
        assert seen[job].completed_at == done_at
        amounts: dict[tuple[str, str], Decimal | None] = {}
        for sighting in seen.values():
            if sighting.job == job:
                amounts |= sighting.amounts
        brought = [amount for amount in amounts.values() if amount is not None]
        assert sum(brought) == Decimal("800.05")
