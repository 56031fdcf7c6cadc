"""How Housecall Pro's companies are offered jobs, and what their rows say of those."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.dispatching import CannotOfferError, Referral, Sighting
from actors.vendors.housecallpro import DISPATCHER
from store.job_models import Address, Homeowner, RoutingStatus

REFERRAL = Referral(
    "Replace the water heater",
    Homeowner("Ada de Park", "+1 555 0100", "ada@example.com"),
    Address("1 Main St", "4b", "Springfield", "IL", "62701", "US"),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    "Ben's Plumbing",
)


def offered(options: dict[str, str | int], referral: Referral = REFERRAL) -> dict[str, Any]:
    offer = DISPATCHER.offer(options, referral)
    assert offer.action_type == "lead.create"
    found: dict[str, Any] = msgspec.json.decode(offer.payload)
    return found


def seen(object_type: str, **members: object) -> Sighting:
    sighting = DISPATCHER.sighting(object_type, msgspec.json.encode({"id": "x_1", **members}))
    assert sighting is not None
    return sighting


def test_a_lead_with_a_customer_who_gets_no_messages() -> None:
    assert offered({}) == {
        "customer": {
            "first_name": "Ada de",
            "last_name": "Park",
            "email": "ada@example.com",
            "mobile_number": "+1 555 0100",
            "notifications_enabled": False,
        },
        "address": {
            "street": "1 Main St",
            "street_line_2": "4b",
            "city": "Springfield",
            "state": "IL",
            "zip": "62701",
        },
        "note": "Replace the water heater\nReferred by Ben's Plumbing",
        "tags": ["Syncline"],
    }


def test_who_has_one_name_has_a_first_name() -> None:
    lead = offered(
        {"lead_source": "Partners"}, replace(REFERRAL, homeowner=Homeowner("Ada", "", "a@b"))
    )
    assert lead["customer"] == {
        "first_name": "Ada",
        "email": "a@b",
        "notifications_enabled": False,
    }
    assert lead["lead_source"] == "Partners"


def test_odd_options_are_told_instead_of_sent() -> None:
    with pytest.raises(CannotOfferError, match="not sound"):
        DISPATCHER.offer({"campaign_id": 3}, REFERRAL)


def test_all_who_are_listed_work_there() -> None:
    assert DISPATCHER.technician_type == "employees"
    assert DISPATCHER.is_active_technician(b'{"id":"pro_1","role":"field tech"}')
    assert not DISPATCHER.is_active_technician(b"{}")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("open", None),
        ("won", RoutingStatus.ACCEPTED),
        ("lost", RoutingStatus.CANCELED),
        (None, None),
    ],
)
def test_a_lead_says_what_became_of_it(word: str | None, status: RoutingStatus | None) -> None:
    sighting = seen("leads", status=word, customer={"id": "cus_1"})
    assert sighting == Sighting(
        ("leads", "x_1"), None, "customer cus_1", status=status, cause=word or ""
    )


def test_a_converted_lead_names_its_job() -> None:
    converted = [{"id": "csr_1", "type": "Estimate"}, {"id": "job_1", "type": "Job"}]
    sighting = seen("leads", status="open", customer={"id": "cus_1"}, conversions=converted)
    assert sighting.job == ("jobs", "job_1")
    assert sighting.match_key is None
    assert sighting.status is RoutingStatus.ACCEPTED


def test_a_lead_that_became_an_estimate_is_found_again_by_it() -> None:
    converted = [{"id": "csr_1", "type": "Estimate"}]
    lead = seen("leads", status="won", customer={"id": "cus_1"}, conversions=converted)
    job = seen("jobs", customer={"id": "cus_1"}, original_estimate_id="csr_1")
    assert lead.job is None
    assert lead.match_key == job.match_key == "estimate csr_1"


def test_without_conversions_a_lead_and_its_job_have_the_customer_in_common() -> None:
    lead = seen("leads", status="won", customer={"id": "cus_1"}, conversions=[])
    job = seen("jobs", customer={"id": "cus_1"}, created_at="2026-04-02T15:20:38Z")
    assert lead.match_key == job.match_key == "customer cus_1"
    assert job.since == datetime(2026, 4, 2, 15, 20, 38, tzinfo=UTC)
    assert seen("leads", customer=None).match_key is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("needs scheduling", RoutingStatus.ACCEPTED),
        ("scheduled", RoutingStatus.SCHEDULED),
        ("in progress", RoutingStatus.IN_PROGRESS),
        ("complete rated", RoutingStatus.COMPLETED),
        ("complete unrated", RoutingStatus.COMPLETED),
        ("user canceled", RoutingStatus.CANCELED),
        ("pro canceled", RoutingStatus.CANCELED),
        ("in_progress", None),
        ("paused", None),
        (None, None),
    ],
)
def test_a_job_says_where_it_stands_in_the_words_of_bodies(
    word: str | None, status: RoutingStatus | None
) -> None:
    sighting = seen("jobs", work_status=word, deleted_at=None, canceled_at=None)
    assert sighting.status is status
    assert sighting.job == ("jobs", "x_1")
    assert sighting.offer is None
    assert sighting.cause == (word or "")


@pytest.mark.parametrize("name", ["deleted_at", "canceled_at"])
def test_a_job_that_was_called_off_was_not_completed(name: str) -> None:
    sighting = seen(
        "jobs",
        work_status="complete unrated",
        work_timestamps={"completed_at": "2026-04-02T15:20:38Z"},
        total_amount=85_000,
        **{name: "2026-04-03T15:20:38Z"},
    )
    assert sighting.status is RoutingStatus.CANCELED
    assert sighting.completed_at is None
    assert sighting.amounts == {("jobs", "x_1"): None}


def test_a_completed_job_brings_its_cents_as_exact_money() -> None:
    sighting = seen(
        "jobs",
        work_status="complete rated",
        work_timestamps={"completed_at": "2026-04-02T15:20:38"},
        total_amount=85_010,
    )
    assert sighting.completed_at == datetime(2026, 4, 2, 15, 20, 38, tzinfo=UTC)
    assert sighting.amounts == {("jobs", "x_1"): Decimal("850.10")}
    assert str(sighting.amounts["jobs", "x_1"]) == "850.10"


def test_a_date_alone_is_no_completion() -> None:
    at = {"completed_at": "2026-04-02T15:20:38Z"}
    sighting = seen("jobs", work_status="in progress", work_timestamps=at)
    assert (sighting.status, sighting.completed_at) == (RoutingStatus.IN_PROGRESS, None)


def test_invoices_are_the_same_money_and_not_counted() -> None:
    assert "invoices" not in DISPATCHER.tracked_types
    assert DISPATCHER.sighting("invoices", b'{"id":"i_1","amount":85010}') is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MEMBERS = ("id", "status", "conversions", "work_status", "total_amount", "customer", "deleted_at")


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from(DISPATCHER.tracked_types))
def test_no_row_is_too_odd(row: dict[str, object], object_type: str) -> None:
    DISPATCHER.sighting(object_type, msgspec.json.encode(row))
