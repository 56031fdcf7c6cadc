"""QuickBooks Online, as `actors.vendors.writing.Writer` wants it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from actors.errors import VendorError
from actors.vendors.base import Session
from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks import action_payload, batch, drift, write_request, write_trace
from actors.vendors.quickbooks.action_types import ACTION_TYPES, MAILS, TOUCHED, Act
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.parse import read_reply, reply_time
from actors.vendors.quickbooks.read_back import read_back
from actors.vendors.writing import (
    DailyLimit,
    Difference,
    Intent,
    PayloadProblem,
    ReadBack,
    Target,
    Written,
)
from store.models import ObjectRecord

_ONE_SECOND_S = 2.0
"""Time enough for another second to begin at the vendor."""


class QuickBooksWriter:
    """The writing half."""

    def __init__(self, api: ApiClient, mails_per_day: int | None = None) -> None:
        """Take what makes the calls, and how many mails a company may send in a day."""
        self._api = api
        self._mails_per_day = mails_per_day

    @property
    def action_types(self) -> Sequence[str]:
        """All types of actions that it takes."""
        return tuple(ACTION_TYPES)

    @property
    def settled_after(self) -> timedelta:
        """A call may take the vendor 120 s, and what it wrote be listed only minutes later."""
        return timedelta(minutes=5)

    def problems(self, action_type: str, payload: bytes) -> Sequence[PayloadProblem]:
        """Say what keeps a payload from being sent."""
        return action_payload.problems(action_type, payload)

    def daily_limit(self, action_type: str) -> DailyLimit | None:
        """Return what limits how often such actions may be done in a day: mails are counted."""
        if self._mails_per_day is None or action_type not in MAILS:
            return None
        return DailyLimit(MAILS, self._mails_per_day)

    def target(self, action_type: str, payload: bytes) -> Target:
        """Return what a sound payload is about."""
        return write_request.target_of(action_type, payload)

    def base(self, action_type: str, payload: bytes, record: bytes) -> str:
        """Note what has to be known of the object as it is before the write."""
        return write_request.base_of(action_type, payload, record)

    def merges_again(self, payload: bytes) -> bool:
        """Tell whether it may be sent over another version: not when the user named the version."""
        return action_payload.decoded(payload).get("SyncToken") is None

    def quiet_s(self, action_type: str) -> float:
        """Return how long after a write of the same object it has to wait to be told from it.

        The vendor writes down to the second when it sent something, and nothing else.
        """
        return _ONE_SECOND_S if ACTION_TYPES[action_type].act is Act.SEND else 0.0

    def is_ours(self, action_id: str, record: bytes) -> bool:
        """Tell whether the object carries the action's mark."""
        return write_trace.is_marked(action_id, record)

    def is_compared(self, action_type: str) -> bool:
        """Tell whether it is compared with what the vendor has: all that is written here is."""
        return action_type in ACTION_TYPES

    def differences(
        self, action_type: str, payload: bytes, record: bytes | None
    ) -> Sequence[Difference]:
        """Compare what was asked for with what the vendor has."""
        return tuple(drift.differences(action_type, payload, record))

    def overwrites(self, action_type: str) -> bool:
        """Tell whether what an earlier write asked for may be otherwise after this one."""
        return drift.overwrites(action_type)

    def ends(self, action_type: str) -> bool:
        """Tell whether nothing shows in the object any more after such a write of it."""
        return drift.ends(action_type)

    def related(self, action_type: str, payload: bytes) -> Sequence[Target]:
        """Return the other objects that the write is to show in."""
        return drift.related(action_type, payload)

    def related_differences(
        self, action_type: str, payload: bytes, object_id: str, record: bytes
    ) -> Sequence[Difference]:
        """Compare one of those with what it is to show."""
        return tuple(drift.related_differences(action_type, payload, object_id, record))

    def touched_types(self, action_type: str, payload: bytes) -> Sequence[str]:
        """Return the types of other objects that the write changes at the vendor."""
        return TOUCHED.get(self.target(action_type, payload).object_type, ())

    async def read(self, session: Session, target: Target) -> ObjectRecord | None:
        """Read the object as it is now; None when it is gone. Raises `VendorError`s."""
        return await self._api.read(
            session, OBJECT_TYPES[target.object_type], str(target.object_id)
        )

    async def write(self, session: Session, intent: Intent) -> Written:
        """Make the call, once. Raises as the contract says."""
        target = self.target(intent.action_type, intent.payload)
        deletes = ACTION_TYPES[intent.action_type].act is Act.DELETE

        def read(body: bytes) -> tuple[ObjectRecord | None, datetime | None]:
            record = read_reply(body, target.object_type)
            if (record is None) != deletes:
                raise UnreadableReplyError("the answer tells of another end than was asked for")
            return record, reply_time(body) if deletes else None

        answer = await self._api.post(session, write_request.request_of(intent), read)
        record, gone_at = answer.value
        if record is not None:
            target = Target(target.object_type, record.object_id)
        return Written(target, record, answer.trace_id, answer.status, gone_at)

    @property
    def most_together(self) -> int:
        """How many writes one call can carry."""
        return batch.MOST_WRITES

    def goes_together(self, action_type: str) -> bool:
        """Tell whether it may share a call: what creates an object, which is known by its mark or name.

        Of what changes one object, a repeat is told from another change only by what it was before.
        """
        return ACTION_TYPES[action_type].act is Act.CREATE

    def leans_on(self, action_type: str, payload: bytes) -> AbstractSet[str]:
        """Name the transactions that it is linked to, or the name that must be its own."""
        return action_payload.leans_on(action_type, payload)

    async def write_together(
        self, session: Session, intents: Sequence[Intent]
    ) -> Sequence[Written | VendorError]:
        """Make one call for all of them, once. Raises as the contract says."""
        return await batch.write_together(self._api, session, intents)

    async def read_back(self, session: Session, intent: Intent, since: datetime) -> ReadBack:
        """Find out whether a write whose answer was lost happened. Raises `VendorError`s."""
        return await read_back(self._api, session, intent, since)
