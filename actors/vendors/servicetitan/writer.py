"""ServiceTitan, as `actors.vendors.writing.Writer` wants it: bookings and leads.

The vendor has no ids for requests and keeps no second object out, whatever it carries (§0.6, §1.7). So a
write whose answer was lost is looked for: a booking by its external id, a lead by the mark in its
summary among all that were made since.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Session
from actors.vendors.create_only import WITHOUT_MARK, CreateOnly, made_twice, mark_of
from actors.vendors.loose_row import LooseRow
from actors.vendors.servicetitan import action_payload
from actors.vendors.servicetitan.action_payload import EXTERNAL_ID, OBJECT_TYPES, address, creation
from actors.vendors.servicetitan.client import ApiClient
from actors.vendors.servicetitan.dispatching import BOOKING_CREATE
from actors.vendors.servicetitan.parse import shown_record
from actors.vendors.servicetitan.timestamps import parameter_text
from actors.vendors.writing import Intent, NotFound, PayloadProblem, ReadBack, Target, Written
from store.models import ObjectRecord

_PAGE_ROWS = 200
_MOST_PAGES = 100


class ServiceTitanWriter(CreateOnly):
    """The writing half."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    @property
    def action_types(self) -> Sequence[str]:
        """All types of actions that it takes."""
        return tuple(OBJECT_TYPES)

    def problems(self, action_type: str, payload: bytes) -> Sequence[PayloadProblem]:
        """Say what keeps a payload from being sent."""
        return action_payload.problems(action_type, payload)

    def target(self, action_type: str, payload: bytes) -> Target:
        """Return what it is about: a new object."""
        del payload
        return Target(OBJECT_TYPES[action_type], None)

    async def write(self, session: Session, intent: Intent) -> Written:
        """Make the call, once. Raises as the contract says."""
        object_type = OBJECT_TYPES[intent.action_type]
        call = creation(intent.action_type, intent.payload, intent.action_id)
        try:
            record, status = await self._api.create(
                session, call.path, call.content, lambda body: shown_record(object_type, body)
            )
        except RejectedError as error:
            there = None
            if error.status == HTTPStatus.CONFLICT and intent.action_type == BOOKING_CREATE:
                # Whether a second booking of one external id is refused is not documented.
                there = await self._found(session, intent, _by_external_id(intent))
            if isinstance(there, Written):
                return there
            raise
        target = Target(object_type, record.object_id)
        remark = None if _is_marked(intent, record.payload) else WITHOUT_MARK
        return Written(target, record, status=status, remark=remark)

    async def read_back(self, session: Session, intent: Intent, since: datetime) -> ReadBack:
        """Find out whether a write whose answer was lost happened. Raises `VendorError`s."""
        if intent.action_type == BOOKING_CREATE:
            return await self._found(session, intent, _by_external_id(intent))
        return await self._found(session, intent, {"createdOnOrAfter": parameter_text(since)})

    async def _found(
        self, session: Session, intent: Intent, params: Mapping[str, str]
    ) -> Written | NotFound:
        """Say what a list shows of the write."""
        found, vendor_time = await self._marked(session, intent, params)
        if not found:
            return NotFound(vendor_time)
        first, object_type = found[0], OBJECT_TYPES[intent.action_type]
        remark = made_twice(object_type, [each.object_id for each in found])
        return Written(Target(object_type, first.object_id), first, remark=remark)

    async def _marked(
        self, session: Session, intent: Intent, params: Mapping[str, str]
    ) -> tuple[Sequence[ObjectRecord], datetime]:
        """Return the objects that carry the action's mark, first made first, and the vendor's time.

        Raises:
            TransientError: rows came or went while they were read: one may have been passed over.
            VendorError: a call failed.
        """
        object_type = OBJECT_TYPES[intent.action_type]
        path = address(intent.action_type, intent.payload)
        found: dict[int, ObjectRecord] = {}
        first_time: datetime | None = None
        totals: set[int | None] = set()
        for number in range(1, _MOST_PAGES + 1):
            page, asked_at = await self._api.rows(
                session,
                path,
                {
                    **params,
                    "sort": "+Id",
                    "page": str(number),
                    "pageSize": str(_PAGE_ROWS),
                    "includeTotal": "true",
                },
            )
            first_time = first_time or asked_at
            totals.add(page.total)
            for row in page.rows:
                if _is_marked(intent, row):
                    record = shown_record(object_type, row)
                    found[int(record.object_id)] = record
            if not page.more:
                if len(totals) > 1 and not found:
                    break
                return [found[number] for number in sorted(found)], first_time
        raise TransientError(
            f"the list of {object_type} changed while it was read, or does not end"
        )


def _by_external_id(intent: Intent) -> Mapping[str, str]:
    return {"externalId": intent.action_id}


def _is_marked(intent: Intent, row: bytes) -> bool:
    """Tell whether a row is of this write.

    Filters that the vendor does not know are ignored without a word (§1.3): what came is looked at.
    """
    if intent.action_type == BOOKING_CREATE:
        return LooseRow.read(row).id(EXTERNAL_ID) == intent.action_id
    return mark_of(intent.action_id).encode() in row
