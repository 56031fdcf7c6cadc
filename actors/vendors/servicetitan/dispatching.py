"""How tenants are offered jobs, and what their rows say of those. Pure.

A job goes out as a booking where the tenant has a booking provider for us: a booking names the job
that it became (servicetitan facts §1.7). Else it goes out as a lead, which never does (§0.2). A lead
is told from others by its customer and our campaign, which should be one of its own.

Money is counted once: by invoices. A job has one from the moment it is booked, and adjustments are
invoices of their own (§1.5), so their totals add up to what the job brings. A job's own total is the
same money again, with or without the adjustments, which is not documented. So it counts only where
the job names no invoice, and until one is seen. A job row names its invoice in `Sighting.more`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.vendors.dispatching import CannotOfferError, Offer, Referral, Sighting
from actors.vendors.loose_row import LooseRow
from actors.vendors.servicetitan.timestamps import parameter_text
from store.job_models import RoutingStatus

BOOKING_CREATE = "booking.create"
LEAD_CREATE = "lead.create"

_SOURCE = "Syncline"
_MOST_ID = 2**63 - 1

_JOB_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {
        "Scheduled": RoutingStatus.SCHEDULED,
        "Dispatched": RoutingStatus.SCHEDULED,
        "InProgress": RoutingStatus.IN_PROGRESS,
        "Hold": RoutingStatus.IN_PROGRESS,
        "Completed": RoutingStatus.COMPLETED,
        "Canceled": RoutingStatus.CANCELED,
    }
)

_OFFER_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {
        "Accepted": RoutingStatus.ACCEPTED,
        "Converted": RoutingStatus.ACCEPTED,
        "Dismissed": RoutingStatus.CANCELED,
    }
)
"""Of bookings and leads; new and open ones say no more than that they are there."""


class ServiceTitanOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be known of a tenant besides its keys; either of the first two."""

    booking_provider: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9]{1,19}$",
                extra={"in_words": "a number of up to 19 digits, as text"},
                description="The number of the tenant's booking provider tag for us: jobs become bookings.",
            ),
        ]
        | None
    ) = None
    campaign_id: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=_MOST_ID,
                description="The campaign of routed work. It needs one of its own for leads.",
            ),
        ]
        | None
    ) = None
    business_unit_id: (
        Annotated[
            int, Meta(ge=1, le=_MOST_ID, description="The business unit that routed work is for.")
        ]
        | None
    ) = None


class ServiceTitanDispatcher:
    """How ServiceTitan's tenants are offered jobs."""

    @property
    def options(self) -> type[msgspec.Struct]:
        """What has to be known of a tenant."""
        return ServiceTitanOptions

    @property
    def technician_type(self) -> str:
        """Technicians, who are not among the employees."""
        return "technicians"

    def is_active_technician(self, payload: bytes) -> bool:
        """Tell whether somebody works there: of what does not say, no."""
        return LooseRow.read(payload).flag("active") is True

    def offer(self, options: Mapping[str, str | int], referral: Referral) -> Offer:
        """Offer it as a booking if that can be, else as a lead."""
        try:
            tenant = msgspec.convert(dict(options), ServiceTitanOptions)
        except msgspec.ValidationError as error:
            raise CannotOfferError(f"its routing options are not sound: {error}") from error
        if tenant.booking_provider is not None:
            return Offer(BOOKING_CREATE, _encoded(_booking(tenant, referral)))
        if tenant.campaign_id is not None:
            return Offer(LEAD_CREATE, _encoded(_lead(tenant, referral)))
        raise CannotOfferError(
            "set booking_provider (the number of its booking provider tag for us) or, for leads,"
            " campaign_id"
        )

    @property
    def job_type(self) -> str:
        """The type of the objects that stand for jobs."""
        return "jobs"

    @property
    def tracked_types(self) -> Sequence[str]:
        """The types whose rows say something of routed work."""
        return tuple(_READERS)

    @property
    def rereads(self) -> Sequence[str]:
        """Jobs: their time does not move with every change (§1.9)."""
        return ("jobs",)

    def sighting(self, object_type: str, payload: bytes) -> Sighting | None:
        """Read what a row says; None when that is nothing."""
        row = LooseRow.read(payload)
        object_id, read = row.id("id"), _READERS.get(object_type)
        return None if object_id is None or read is None else read(object_id, row)


def _booking(tenant: ServiceTitanOptions, referral: Referral) -> Mapping[str, object]:
    homeowner, address = referral.homeowner, referral.address
    contacts = [
        {"type": kind, "value": value}
        for kind, value in (("Phone", homeowner.phone), ("Email", homeowner.email))
        if value
    ]
    return _given(
        booking_provider=tenant.booking_provider,
        source=_SOURCE,
        name=homeowner.name,
        summary=_summary(referral),
        isFirstTimeClient=True,
        customerType="Residential",
        address=_given(
            street=address.street,
            unit=address.unit,
            city=address.city,
            state=address.state,
            zip=address.zip,
            country=address.country,
        ),
        contacts=contacts,
        campaignId=tenant.campaign_id,
        businessUnitId=tenant.business_unit_id,
    )


def _lead(tenant: ServiceTitanOptions, referral: Referral) -> Mapping[str, object]:
    homeowner, address = referral.homeowner, referral.address
    return _given(
        campaignId=tenant.campaign_id,
        businessUnitId=tenant.business_unit_id,
        summary=_summary(referral),
        followUpDate=parameter_text(referral.created_at),
        leadCustomerName=homeowner.name,
        leadPhone=homeowner.phone,
        leadEmail=homeowner.email,
        leadStreet=address.street,
        leadUnit=address.unit,
        leadCity=address.city,
        leadState=address.state,
        leadZip=address.zip,
        leadCountry=address.country,
    )


def _summary(referral: Referral) -> str:
    return f"{referral.summary}\nReferred by {referral.referred_by}"


def _given(**members: object) -> Mapping[str, object]:
    """Leave out what there is nothing of."""
    return {name: value for name, value in members.items() if value not in (None, "", [])}


def _encoded(document: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(document)


def _booking_seen(object_id: str, row: LooseRow) -> Sighting:
    job_id, status, cause = row.id("jobId"), *_offer_status(row)
    return Sighting(
        offer=("bookings", object_id),
        job=None if job_id is None else ("jobs", job_id),
        status=status if job_id is None or status is RoutingStatus.CANCELED else _TAKEN,
        cause=cause,
    )


_TAKEN = RoutingStatus.ACCEPTED


def _lead_seen(object_id: str, row: LooseRow) -> Sighting:
    """A lead that was made of a booking is about that one; ours never are."""
    status, cause = _offer_status(row)
    booking_id = row.id("bookingId")
    if booking_id is None:
        return Sighting(("leads", object_id), None, _match_key(row), status=status, cause=cause)
    taken = _TAKEN if status is None and cause == "Open" else status
    return Sighting(
        ("bookings", booking_id), match_key=_match_key(row), status=taken, cause=f"lead: {cause}"
    )


def _offer_status(row: LooseRow) -> tuple[RoutingStatus | None, str]:
    if row.flag("active") is False:
        return RoutingStatus.CANCELED, "inactive"
    word = row.text("status")
    return _OFFER_WORDS.get(word), word


def _job_seen(object_id: str, row: LooseRow) -> Sighting:
    booking_id, invoice_id, word = row.id("bookingId"), row.id("invoiceId"), row.text("jobStatus")
    status = _JOB_WORDS.get(word)
    if row.flag("active") is False:
        status, word = RoutingStatus.CANCELED, "inactive"
    # A cancelled one may carry the date, too (§1.4): it was not done for that.
    done = status is RoutingStatus.COMPLETED
    return Sighting(
        offer=None if booking_id is None else ("bookings", booking_id),
        job=("jobs", object_id),
        match_key=_match_key(row),
        since=row.moment("createdOn"),
        status=status,
        completed_at=row.moment("completedOn") if done else None,
        amounts={("jobs", object_id): row.amount("total") if invoice_id is None else None},
        cause=word,
        more=() if invoice_id is None else (("invoices", invoice_id),),
    )


def _invoice_seen(object_id: str, row: LooseRow) -> Sighting | None:
    job_id = row.inner("job").id("id")
    if job_id is None:
        return None
    amount = None if row.flag("active") is False else row.amount("total")
    return Sighting(
        job=("jobs", job_id),
        amounts={("invoices", object_id): amount, ("jobs", job_id): None},
        cause="invoice",
    )


def _match_key(row: LooseRow) -> str | None:
    customer_id, campaign_id = row.id("customerId"), row.id("campaignId")
    if customer_id is None or campaign_id is None:
        return None
    return f"customer {customer_id} campaign {campaign_id}"


_READERS: Mapping[str, Callable[[str, LooseRow], Sighting | None]] = MappingProxyType(
    {
        "bookings": _booking_seen,
        "leads": _lead_seen,
        "jobs": _job_seen,
        "invoices": _invoice_seen,
    }
)

DISPATCHER = ServiceTitanDispatcher()
