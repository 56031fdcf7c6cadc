"""How ServiceTitan's tenants are offered jobs, and what their rows say of those."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.dispatching import CannotOfferError, Referral, Sighting
from actors.vendors.servicetitan import DISPATCHER
from store.job_models import Address, Homeowner, RoutingStatus

NOON = datetime(2026, 3, 1, 12, 30, 15, 5, tzinfo=UTC)
REFERRAL = Referral(
    "Replace the water heater",
    Homeowner("Ada Park", "+1 555 0100", "ada@example.com"),
    Address("1 Main St", "", "Springfield", "IL", "62701", "US"),
    NOON,
    "Ben's Plumbing",
)


def offered(options: dict[str, str | int], referral: Referral = REFERRAL) -> dict[str, Any]:
    offer = DISPATCHER.offer(options, referral)
    found: dict[str, Any] = msgspec.json.decode(offer.payload)
    return {"action": offer.action_type, **found}


def seen(object_type: str, **members: object) -> Sighting:
    sighting = DISPATCHER.sighting(object_type, msgspec.json.encode({"id": 5, **members}))
    assert sighting is not None
    return sighting


def test_a_booking_where_there_is_a_provider() -> None:
    assert offered({"booking_provider": "11", "campaign_id": 7, "business_unit_id": 3}) == {
        "action": "booking.create",
        "booking_provider": "11",
        "source": "Syncline",
        "name": "Ada Park",
        "summary": "Replace the water heater\nReferred by Ben's Plumbing",
        "isFirstTimeClient": True,
        "customerType": "Residential",
        "address": {
            "street": "1 Main St",
            "city": "Springfield",
            "state": "IL",
            "zip": "62701",
            "country": "US",
        },
        "contacts": [
            {"type": "Phone", "value": "+1 555 0100"},
            {"type": "Email", "value": "ada@example.com"},
        ],
        "campaignId": 7,
        "businessUnitId": 3,
    }


def test_a_booking_names_only_the_contacts_that_there_are() -> None:
    silent = replace(REFERRAL, homeowner=Homeowner("Ada", "", "ada@example.com"))
    booking = offered({"booking_provider": "11"}, silent)
    assert booking["contacts"] == [{"type": "Email", "value": "ada@example.com"}]
    assert not booking.keys() & {"campaignId", "businessUnitId"}


def test_else_a_lead_that_is_to_be_followed_up_at_once() -> None:
    in_a_flat = replace(REFERRAL, address=replace(REFERRAL.address, unit="4b"))
    assert offered({"campaign_id": 7}, in_a_flat) == {
        "action": "lead.create",
        "campaignId": 7,
        "summary": "Replace the water heater\nReferred by Ben's Plumbing",
        "followUpDate": "2026-03-01T12:30:15Z",
        "leadCustomerName": "Ada Park",
        "leadPhone": "+1 555 0100",
        "leadEmail": "ada@example.com",
        "leadStreet": "1 Main St",
        "leadUnit": "4b",
        "leadCity": "Springfield",
        "leadState": "IL",
        "leadZip": "62701",
        "leadCountry": "US",
    }


@pytest.mark.parametrize("options", [{}, {"business_unit_id": 3}])
def test_a_tenant_without_either_is_told_what_to_set(options: dict[str, str | int]) -> None:
    with pytest.raises(CannotOfferError, match=r"booking_provider.* campaign_id"):
        DISPATCHER.offer(options, REFERRAL)


def test_odd_options_are_told_instead_of_sent() -> None:
    with pytest.raises(CannotOfferError, match="not sound"):
        DISPATCHER.offer({"booking_provider": "../leads"}, REFERRAL)


@pytest.mark.parametrize(
    ("payload", "active"),
    [(b'{"id":1,"active":true}', True), (b'{"id":1,"active":false}', False), (b'{"id":1}', False)],
)
def test_technicians_are_active_when_they_say_so(payload: bytes, *, active: bool) -> None:
    assert DISPATCHER.technician_type == "technicians"
    assert DISPATCHER.is_active_technician(payload) is active


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("New", None),
        ("Accepted", RoutingStatus.ACCEPTED),
        ("Dismissed", RoutingStatus.CANCELED),
        ("Pondered", None),
    ],
)
def test_a_booking_says_what_became_of_it(word: str, status: RoutingStatus | None) -> None:
    sighting = seen("bookings", status=word, jobId=None)
    assert sighting == Sighting(("bookings", "5"), None, status=status, cause=word)


def test_a_converted_booking_names_its_job() -> None:
    sighting = seen("bookings", status="Converted", jobId=77)
    assert sighting.job == ("jobs", "77")
    assert sighting.status is RoutingStatus.ACCEPTED
    assert seen("bookings", status="New", jobId=77).status is RoutingStatus.ACCEPTED


def test_what_was_made_inactive_is_called_off() -> None:
    for object_type in ("bookings", "leads", "jobs"):
        assert seen(object_type, active=False).status is RoutingStatus.CANCELED


def test_a_lead_and_its_job_have_customer_and_campaign_in_common() -> None:
    lead = seen("leads", status="Converted", customerId=3, campaignId=7)
    job = seen("jobs", jobStatus="Scheduled", customerId=3, campaignId=7, createdOn="2026-03-01")
    assert lead.offer == ("leads", "5")
    assert lead.job is None
    assert lead.match_key == job.match_key == "customer 3 campaign 7"
    assert lead.status is RoutingStatus.ACCEPTED
    assert seen("leads", status="Open", customerId=None, campaignId=7).match_key is None
    assert seen("leads", status="Dismissed", campaignId=7).status is RoutingStatus.CANCELED


def test_a_lead_that_was_made_of_a_booking_is_about_that_one() -> None:
    lead = seen("leads", status="Open", bookingId=9, customerId=3, campaignId=7)
    assert lead.offer == ("bookings", "9")
    assert lead.match_key == "customer 3 campaign 7"
    assert lead.status is RoutingStatus.ACCEPTED
    assert seen("leads", status="Dismissed", bookingId=9).status is RoutingStatus.CANCELED


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Scheduled", RoutingStatus.SCHEDULED),
        ("Dispatched", RoutingStatus.SCHEDULED),
        ("InProgress", RoutingStatus.IN_PROGRESS),
        ("Hold", RoutingStatus.IN_PROGRESS),
        ("Completed", RoutingStatus.COMPLETED),
        ("Canceled", RoutingStatus.CANCELED),
        ("Rerouted", None),
        ("completed", None),
    ],
)
def test_a_job_says_where_it_stands(word: str, status: RoutingStatus | None) -> None:
    sighting = seen("jobs", jobStatus=word, bookingId=9, createdOn="2026-03-01T12:30:15.000005Z")
    assert sighting.status is status
    assert sighting.cause == word
    assert sighting.job == ("jobs", "5")
    assert sighting.offer == ("bookings", "9")
    assert sighting.since == NOON


def test_completed_is_a_status_and_not_a_date() -> None:
    done = "2026-03-04T10:00:00Z"
    assert seen("jobs", jobStatus="Completed", completedOn=done).completed_at == datetime(
        2026, 3, 4, 10, tzinfo=UTC
    )
    for word in ("Canceled", "InProgress", "Odd"):
        assert seen("jobs", jobStatus=word, completedOn=done).completed_at is None
    assert seen("jobs", jobStatus="Completed", completedOn=None).completed_at is None


def test_a_job_that_names_its_invoice_leaves_the_money_to_it() -> None:
    job = seen("jobs", jobStatus="Completed", total=850.1, invoiceId=8)
    assert job.amounts == {("jobs", "5"): None}
    assert job.more == (("invoices", "8"),)


def test_a_job_without_an_invoice_counts_by_itself() -> None:
    payload = b'{"id":5,"jobStatus":"Completed","total":850.10}'
    sighting = DISPATCHER.sighting("jobs", payload)
    assert sighting is not None
    assert sighting.amounts == {("jobs", "5"): Decimal("850.10")}


def test_an_adjustment_is_added_and_nothing_counts_twice() -> None:
    rows = [
        ("jobs", {"id": 5, "total": 850.0, "jobStatus": "InProgress"}),
        ("invoices", {"id": 8, "job": {"id": 5}, "total": "850.00", "adjustmentToId": None}),
        ("jobs", {"id": 5, "total": 800.0, "jobStatus": "Completed", "invoiceId": 8}),
        ("invoices", {"id": 9, "job": {"id": 5}, "total": "-50.00", "adjustmentToId": 8}),
    ]
    known: dict[tuple[str, str], Decimal | None] = {}
    for object_type, row in rows:
        sighting = DISPATCHER.sighting(object_type, msgspec.json.encode(row))
        assert sighting is not None
        assert sighting.job == ("jobs", "5")
        known |= sighting.amounts
    assert sum(each for each in known.values() if each is not None) == Decimal("800.00")


def test_an_invoice_that_was_voided_brings_nothing_any_more() -> None:
    sighting = seen("invoices", job={"id": 6}, total="850.00", active=False)
    assert sighting.amounts == {("invoices", "5"): None, ("jobs", "6"): None}


def test_an_invoice_of_no_job_says_nothing() -> None:
    assert DISPATCHER.sighting("invoices", b'{"id":5,"job":null,"total":"1.00"}') is None
    assert DISPATCHER.sighting("customers", b'{"id":5}') is None
    assert DISPATCHER.sighting("jobs", b'{"id":null}') is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MEMBERS = (
    "id",
    "status",
    "jobId",
    "jobStatus",
    "total",
    "job",
    "completedOn",
    "active",
    "invoiceId",
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from(DISPATCHER.tracked_types))
def test_no_row_is_too_odd(row: dict[str, object], object_type: str) -> None:
    DISPATCHER.sighting(object_type, msgspec.json.encode(row))
