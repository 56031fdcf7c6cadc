"""How companies are offered jobs, and what their rows say of those. Pure.

A job goes out as a lead with a customer of its own, whom the vendor is told to send no messages. The
lead names the job that it became in `conversions`, which is not documented (housecallpro facts §2.4).
Where that is missing, both have the customer in common; where the lead became an estimate first,
both have that.

What a job brings is its `total_amount`, in cents, which the vendor says is the invoiced value: its
invoices are the same money again, so none of them is counted.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.vendors.dispatching import CannotOfferError, Offer, Referral, Sighting
from actors.vendors.loose_row import LooseRow
from store.job_models import RoutingStatus

LEAD_CREATE = "lead.create"

_TAG = "Syncline"
_CENTS = -2

_JOB_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {
        "needs scheduling": RoutingStatus.ACCEPTED,
        "scheduled": RoutingStatus.SCHEDULED,
        "in progress": RoutingStatus.IN_PROGRESS,
        "complete rated": RoutingStatus.COMPLETED,
        "complete unrated": RoutingStatus.COMPLETED,
        "user canceled": RoutingStatus.CANCELED,
        "pro canceled": RoutingStatus.CANCELED,
    }
)
"""As bodies say it: filters have words of their own (§2.3)."""

_LEAD_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {"won": RoutingStatus.ACCEPTED, "lost": RoutingStatus.CANCELED}
)


class HousecallProOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be known of a company besides its key. Nothing is needed."""

    lead_source: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=100,
                description="The name of one of the company's lead sources, for routed work.",
            ),
        ]
        | None
    ) = None


class HousecallProDispatcher:
    """How Housecall Pro's companies are offered jobs."""

    @property
    def options(self) -> type[msgspec.Struct]:
        """What may be known of a company."""
        return HousecallProOptions

    @property
    def technician_type(self) -> str:
        """Employees: the vendor has no technicians apart."""
        return "employees"

    def is_active_technician(self, payload: bytes) -> bool:
        """Tell whether somebody works there: the vendor lists nobody else (§2.5)."""
        return LooseRow.read(payload).id("id") is not None

    def offer(self, options: Mapping[str, str | int], referral: Referral) -> Offer:
        """Offer it as a lead."""
        try:
            company = msgspec.convert(dict(options), HousecallProOptions)
        except msgspec.ValidationError as error:
            raise CannotOfferError(f"its routing options are not sound: {error}") from error
        return Offer(LEAD_CREATE, msgspec.json.encode(_lead(company, referral)))

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
        """None: each poll reads all rows, so that one whose time did not move is seen as well (§2.3)."""
        return ()

    def sighting(self, object_type: str, payload: bytes) -> Sighting | None:
        """Read what a row says; None when that is nothing."""
        row = LooseRow.read(payload)
        object_id, read = row.id("id"), _READERS.get(object_type)
        return None if object_id is None or read is None else read(object_id, row)


def _lead(company: HousecallProOptions, referral: Referral) -> Mapping[str, object]:
    homeowner, address = referral.homeowner, referral.address
    first_name, _, last_name = homeowner.name.strip().rpartition(" ")
    if not first_name:
        first_name, last_name = last_name, ""
    customer = _given(
        first_name=first_name.strip(),
        last_name=last_name,
        email=homeowner.email,
        mobile_number=homeowner.phone,
        notifications_enabled=False,
    )
    return _given(
        customer=customer,
        address=_given(
            street=address.street,
            street_line_2=address.unit,
            city=address.city,
            state=address.state,
            zip=address.zip,
        ),
        lead_source=company.lead_source,
        note=f"{referral.summary}\nReferred by {referral.referred_by}",
        tags=[_TAG],
    )


def _given(**members: object) -> Mapping[str, object]:
    """Leave out what there is nothing of."""
    return {name: value for name, value in members.items() if value not in (None, "")}


def _lead_seen(object_id: str, row: LooseRow) -> Sighting:
    word = row.text("status")
    became = {each.text("type").lower(): each.id("id") for each in row.rows("conversions")}
    job_id, estimate_id = became.get("job"), became.get("estimate")
    status = _LEAD_WORDS.get(word)
    if became and status is None:
        status, word = RoutingStatus.ACCEPTED, f"{word}, converted"
    if job_id is not None:
        match_key = None
    elif estimate_id is not None:
        match_key = _of_estimate(estimate_id)
    else:
        match_key = _of_customer(row)
    return Sighting(
        offer=("leads", object_id),
        job=None if job_id is None else ("jobs", job_id),
        match_key=match_key,
        status=status,
        cause=word,
    )


def _job_seen(object_id: str, row: LooseRow) -> Sighting:
    word = row.text("work_status")
    status = _JOB_WORDS.get(word)
    if "deleted_at" in row or "canceled_at" in row:
        status, word = RoutingStatus.CANCELED, word or "canceled"
    is_done = status is RoutingStatus.COMPLETED
    cents = None if status is RoutingStatus.CANCELED else row.whole("total_amount")
    estimate_id = row.id("original_estimate_id")
    return Sighting(
        job=("jobs", object_id),
        match_key=_of_customer(row) if estimate_id is None else _of_estimate(estimate_id),
        since=row.moment("created_at"),
        status=status,
        completed_at=row.inner("work_timestamps").moment("completed_at") if is_done else None,
        amounts={("jobs", object_id): None if cents is None else Decimal(cents).scaleb(_CENTS)},
        cause=word,
    )


def _of_customer(row: LooseRow) -> str | None:
    customer_id = row.inner("customer").id("id")
    return None if customer_id is None else f"customer {customer_id}"


def _of_estimate(estimate_id: str) -> str:
    return f"estimate {estimate_id}"


_READERS: Mapping[str, Callable[[str, LooseRow], Sighting]] = MappingProxyType(
    {"leads": _lead_seen, "jobs": _job_seen}
)

DISPATCHER = HousecallProDispatcher()
