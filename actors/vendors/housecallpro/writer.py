"""Housecall Pro, as `actors.vendors.writing.Writer` wants it: leads.

The vendor has no ids for requests, and nothing of ours that it could look for (housecallpro facts §0.6,
§2.4). So a lead whose answer was lost is looked for by a tag of its own: among the leads of the customer
that came with it, where most are found, and else among all, newest first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from actors.errors import TransientError
from actors.vendors.base import Session
from actors.vendors.create_only import WITHOUT_MARK, CreateOnly, made_twice, mark_of
from actors.vendors.housecallpro import action_payload
from actors.vendors.housecallpro.action_payload import OBJECT_TYPES as MADE
from actors.vendors.housecallpro.client import Answer, ApiClient
from actors.vendors.housecallpro.object_types import OBJECT_TYPES
from actors.vendors.housecallpro.parse import ListPage, record
from actors.vendors.housecallpro.price import PAGE_ROWS
from actors.vendors.writing import (
    Intent,
    NotFound,
    PayloadProblem,
    ReadBack,
    Target,
    Unclear,
    Written,
)
from store.models import ObjectRecord

_LEADS, _CUSTOMERS = OBJECT_TYPES["leads"], OBJECT_TYPES["customers"]
_OLDEST_FIRST = {"sort_direction": "asc"}
_MOST_CUSTOMERS = 5
_MOST_PAGES = 20
"""Of 100 rows: nobody gets as many leads between a sending and a look for it soon after."""
_SOON = timedelta(days=2)


class HousecallProWriter(CreateOnly):
    """The writing half."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    @property
    def action_types(self) -> Sequence[str]:
        """All types of actions that it takes."""
        return tuple(MADE)

    def problems(self, action_type: str, payload: bytes) -> Sequence[PayloadProblem]:
        """Say what keeps a payload from being sent."""
        del action_type
        return action_payload.problems(payload)

    def target(self, action_type: str, payload: bytes) -> Target:
        """Return what it is about: a new object."""
        del payload
        return Target(MADE[action_type], None)

    async def write(self, session: Session, intent: Intent) -> Written:
        """Make the call, once. Raises as the contract says."""
        content = action_payload.content(intent.payload, intent.action_id)
        made = await self._api.create(session, _LEADS, content)
        lead = record(_LEADS, made.shown, made.seen_at)
        return Written(
            Target(_LEADS.name, lead.object_id),
            lead,
            trace_id=made.trace_id,
            status=made.status,
            remark=None if self.is_ours(intent.action_id, lead.payload) else WITHOUT_MARK,
        )

    async def read_back(self, session: Session, intent: Intent, since: datetime) -> ReadBack:
        """Find out whether a write whose answer was lost happened. Raises `VendorError`s."""
        theirs: list[ObjectRecord] = []
        for customer_id in await self._customers(session, intent):
            of_customer = {"customer_id": customer_id, **_OLDEST_FIRST}
            theirs += _marked(intent, await self._api.found(session, _LEADS, of_customer))
        if theirs:
            return _written(theirs)
        return await self._among_the_newest(session, intent, since)

    async def _customers(self, session: Session, intent: Intent) -> Sequence[str]:
        """Return whose leads it is most likely among, oldest first."""
        known = action_payload.customers_id(intent.payload)
        if known is not None:
            return [known]
        wanted = action_payload.found_by(intent.payload)
        answer = await self._api.found(session, _CUSTOMERS, {"q": wanted})
        newest = [customer_id for customer_id, _, _ in answer.value.rows[:_MOST_CUSTOMERS]]
        return newest[::-1]

    async def _among_the_newest(
        self, session: Session, intent: Intent, since: datetime
    ) -> ReadBack:
        """Look through all leads, newest first, as far as one may be that was sent lately.

        How the vendor searches for customers is not documented: that it finds none proves nothing.
        Leads have no times: of one that was sent long ago, nothing says how far back it is.

        Raises:
            TransientError: rows went while they were read: one may have been passed over.
            VendorError: a call failed.
        """
        first_time: datetime | None = None
        least = 0
        for number in range(1, _MOST_PAGES + 1):
            answer = await self._api.found(session, _LEADS, {"page": str(number)})
            page, first_time = answer.value, first_time or answer.asked_at
            if there := _marked(intent, answer):
                return _written(there[::-1])
            if page.total < least:
                raise TransientError("the list of leads changed while it was read")
            least = page.total
            if number >= page.pages:
                break
        else:
            if first_time is not None and first_time - since > _SOON:
                return Unclear(
                    f"it was sent long ago, and is not among the newest {_MOST_PAGES * PAGE_ROWS} leads:"
                    f" look there for the tag {mark_of(intent.action_id)}"
                )
        if first_time is None:
            raise TransientError("a list without the vendor's time")
        return NotFound(first_time)


def _marked(intent: Intent, answer: Answer[ListPage]) -> Sequence[ObjectRecord]:
    """Return the rows that carry the mark. What a list does not filter by is ignored without a word."""
    mark = mark_of(intent.action_id).encode()
    return [record(_LEADS, row, answer.seen_at) for row in answer.value.rows if mark in row[2]]


def _written(there: Sequence[ObjectRecord]) -> Written:
    remark = made_twice(_LEADS.name, [each.object_id for each in there])
    return Written(Target(_LEADS.name, there[0].object_id), there[0], remark=remark)
