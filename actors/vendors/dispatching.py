"""The contract of a vendor's package whose companies can be offered jobs. All of it is pure.

A job is offered by an action of the company's account (`actors.vendors.writing`), and comes back
through the replica: rows of the vendor's own objects say what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from store.job_models import Address, Homeowner, RoutingStatus


class CannotOfferError(Exception):
    """The company cannot be offered anything as it is set up; the text says what to set."""


@dataclass(frozen=True, slots=True)
class Referral:
    """A job as it is offered to one company.

    Attributes:
        created_at: when it was entered.
        referred_by: the name of the company that entered it.
    """

    summary: str
    homeowner: Homeowner
    address: Address
    created_at: datetime
    referred_by: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The action that offers it. Its payload needs no reference: the writer stamps the action's own."""

    action_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one row says of a piece of routed work.

    Attributes:
        offer: (type, id) of the lead or booking that it is about, if it names one; its own if it is one.
        job: (type, id) of the job that it is about, if it names one; its own if it is one.
        match_key: what a lead and its job have in common where nothing else links the two.
        since: for a job, when it was made: it can only have become of what was offered before.
        status: where the work stands by this row; None when it does not say.
        completed_at: when it was done; only with `RoutingStatus.COMPLETED`.
        amounts: what this row adds to the job's revenue, by (type, id); None for nothing any more.
            They are simply added up: that no money is in them twice is the package's business.
        cause: the vendor's own word for where it stands.
        more: (type, id) of other rows that say more of the same job. Whoever comes to know of the job
            only by this one has not heard of those, and looks at them, too.
    """

    offer: tuple[str, str] | None = None
    job: tuple[str, str] | None = None
    match_key: str | None = None
    since: datetime | None = None
    status: RoutingStatus | None = None
    completed_at: datetime | None = None
    amounts: Mapping[tuple[str, str], Decimal | None] = field(default_factory=dict)
    cause: str = ""
    more: Sequence[tuple[str, str]] = ()


class Dispatcher(Protocol):
    """How one vendor's companies are offered jobs."""

    @property
    def options(self) -> type[msgspec.Struct]:
        """What has to be known of a company besides its account: a struct of optional fields."""
        ...

    @property
    def technician_type(self) -> str:
        """The type of the objects that stand for a company's technicians."""
        ...

    def is_active_technician(self, payload: bytes) -> bool:
        """Tell whether somebody works there, by the object that stands for them."""
        ...

    def offer(self, options: Mapping[str, str | int], referral: Referral) -> Offer:
        """Say by which action the job is offered.

        Raises:
            CannotOfferError: the options don't say where to.
        """
        ...

    @property
    def job_type(self) -> str:
        """The type of the objects that stand for a company's jobs; it is among the tracked ones."""
        ...

    @property
    def tracked_types(self) -> Sequence[str]:
        """The types whose rows say something of routed work."""
        ...

    @property
    def rereads(self) -> Sequence[str]:
        """Those whose rows may change without the feed telling: read again by id now and then."""
        ...

    def sighting(self, object_type: str, payload: bytes) -> Sighting | None:
        """Read what a row of a tracked type says; None when that is nothing."""
        ...
