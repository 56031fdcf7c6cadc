"""Jobs and routings as rows."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from store.job_models import (
    Address,
    Homeowner,
    Job,
    JobStatus,
    NewJob,
    Routing,
    RoutingEvent,
    RoutingStatus,
)
from store.relational.instants import from_text, optional_from_text, to_text
from store.relational.plain_text import plain


def amount_text(amount: Decimal | None) -> str | None:
    """Write an amount, exactly and without an exponent."""
    return None if amount is None else f"{amount:f}"


def job_row(new: NewJob) -> dict[str, object]:
    """Write a job as a statement takes it."""
    homeowner, address = new.homeowner, new.address
    texts = {
        "technician_id": new.technician_id,
        "summary": new.summary,
        "homeowner_name": homeowner.name,
        "homeowner_phone": homeowner.phone,
        "homeowner_email": homeowner.email,
        "street": address.street,
        "unit": address.unit,
        "city": address.city,
        "state": address.state,
        "zip": address.zip,
        "country": address.country,
    }
    return {name: plain(text) for name, text in texts.items()} | {
        "id": new.id,
        "account_id": new.account_id,
        "revenue": amount_text(new.revenue),
        "idempotency_key": new.idempotency_key,
        "fingerprint": new.fingerprint,
        "at": to_text(new.at),
    }


def job_of(row: Sequence[Any], routings: tuple[Routing, ...]) -> Job:
    """Turn a row into a job with these routings."""
    return Job(
        id=row[0],
        account_id=row[1],
        technician_id=row[2],
        summary=row[3],
        homeowner=Homeowner(*row[4:7]),
        address=Address(*row[7:13]),
        revenue=_amount(row[13]),
        idempotency_key=row[14],
        status=JobStatus(row[15]),
        created_at=from_text(row[16]),
        routings=routings,
        archived_at=optional_from_text(row[17]),
    )


def routing_of(row: Sequence[Any], history: tuple[RoutingEvent, ...] = ()) -> Routing:
    """Turn a row into a routing with this history."""
    return Routing(
        id=row[0],
        job_id=row[1],
        account_id=row[2],
        vendor=row[3],
        status=RoutingStatus(row[4]),
        action_id=row[5],
        external_type=row[6],
        external_id=row[7],
        external_job_type=row[8],
        external_job_id=row[9],
        match_key=row[10],
        revenue=_amount(row[11]),
        completed_at=optional_from_text(row[12]),
        attempts=row[13],
        last_error=row[14],
        history=history,
    )


def event_of(row: Sequence[Any]) -> RoutingEvent:
    """Turn a row, which begins with its routing's id, into a step."""
    return RoutingEvent(from_text(row[1]), RoutingStatus(row[2]), row[3])


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
