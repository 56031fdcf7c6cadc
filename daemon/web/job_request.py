"""A job as it is asked for on the wire."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from actors.jobs.amount import IN_WORDS, PATTERN
from daemon.jobs.entry import JobEntry
from daemon.web.action_view import Key
from store.job_models import Address, Homeowner

Amount = Annotated[
    str,
    Meta(
        max_length=60,
        description="An exact amount, as text: `850.00`.",
        extra={"in_words": IN_WORDS},
        # Whoever takes the job in looks at it: so it is told with all else that is wrong.
        extra_json_schema={"pattern": PATTERN},
    ),
]
_Id = Annotated[str, Meta(max_length=200)]
_Line = Annotated[str, Meta(max_length=200)]
_Word = Annotated[str, Meta(max_length=60)]


class CreatedBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who entered it."""

    account_id: Annotated[
        _Id, Meta(description="Our id of the company, which is offered nothing itself.")
    ] = ""
    technician_id: Annotated[
        _Id, Meta(description="The vendor's id of its technician, known in its replica.")
    ] = ""


class HomeownerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom it is for: a name, and a phone number or an e-mail address."""

    name: _Line = ""
    phone: _Word = ""
    email: Annotated[str, Meta(max_length=254)] = ""


class AddressBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is. Street, city and postal code must be there; in the US and Canada the state."""

    street: _Line = ""
    unit: _Word = ""
    city: Annotated[str, Meta(max_length=100)] = ""
    state: _Word = ""
    zip: Annotated[str, Meta(max_length=20)] = ""
    country: Annotated[_Word, Meta(description="The US when it is empty.")] = ""


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, for whom and where.

    What is missing of it is as good as empty here: so it is told with all else that is wrong.
    """

    NEEDED: ClassVar = ("created_by", "summary", "homeowner", "address")

    created_by: CreatedBy = CreatedBy()
    summary: Annotated[str, Meta(max_length=4000)] = ""
    homeowner: HomeownerBody = HomeownerBody()
    address: AddressBody = AddressBody()
    revenue: Annotated[
        Amount | None, Meta(description="What it is expected to bring, if that is known.")
    ] = None
    idempotency_key: Annotated[
        Key | None, Meta(description="The same key gives the same job, for ever.")
    ] = None
    allow_duplicate: Annotated[
        bool, Meta(description="It may be the same as one without a key of the last 24 h.")
    ] = False

    def entry(self) -> JobEntry:
        """Return what was asked for."""
        homeowner, address = self.homeowner, self.address
        return JobEntry(
            account_id=self.created_by.account_id,
            technician_id=self.created_by.technician_id,
            summary=self.summary,
            homeowner=Homeowner(homeowner.name, homeowner.phone, homeowner.email),
            address=Address(
                address.street,
                address.unit,
                address.city,
                address.state,
                address.zip,
                address.country,
            ),
            revenue=self.revenue,
            idempotency_key=self.idempotency_key,
            allow_duplicate=self.allow_duplicate,
        )
