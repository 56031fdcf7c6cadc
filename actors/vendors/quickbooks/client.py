"""Calls to QuickBooks: made, told to the listener, and their failures named."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from actors.errors import RejectedError, ThrottledError, VendorError
from actors.vendors.base import Session
from actors.vendors.caller import Caller, CallManners, Read
from actors.vendors.failed_call import FailedCall
from actors.vendors.quickbooks.faults import (
    NO_ID,
    OBJECT_GONE,
    failure,
    find_fault,
    write_failure,
)
from actors.vendors.quickbooks.object_types import ObjectType
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.parse import (
    BatchReply,
    FeedReply,
    batch_reply,
    feed_reply,
    read_reply,
)
from actors.vendors.quickbooks.timestamps import statement_text
from actors.vendors.quickbooks.write_request import JSON, WriteRequest
from store.models import ObjectRecord

if TYPE_CHECKING:
    from actors.vendors.http import Reply

VENDOR = "quickbooks"
MINOR_VERSION = "75"
"""The only one that is left (§2)."""

_ID = re.compile(r"[0-9A-Za-z_-]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was read of an answer, with its status and the vendor's own id of the call."""

    value: T
    status: int
    trace_id: str | None


MANNERS = CallManners(
    VENDOR, "intuit_tid", failure, is_fault=lambda body: find_fault(body) is not None
)

_OPERATIONS = {"send": Operation.SEND, "batch": Operation.BATCH_WRITE}
"""What a call that changes something is, by the last part of its path, if not an ordinary write."""


def _pass(_answer: object) -> None:
    pass


class ApiClient:
    """The accounting API. Every call waits for the session's permit."""

    def __init__(self, caller: Caller, api_url: str) -> None:
        self._caller = caller
        self._api_url = api_url

    async def query(
        self,
        session: Session,
        statement: str,
        read: Read[T],
        *,
        operation: Operation = Operation.QUERY,
    ) -> T:
        """Run a statement. It travels in the body, where it needs no escaping and may be long.

        Raises:
            VendorError: the call failed.
        """
        request = self._request(
            session,
            "POST",
            ["query"],
            content=statement.encode(),
            headers={"Content-Type": "application/text"},
        )
        return await self._call(session, operation, request, read)

    async def changes(
        self, session: Session, object_types: Sequence[str], since: datetime
    ) -> FeedReply:
        """Ask change data capture what happened to these types.

        Raises:
            FeedExpiredError: `since` is too long ago.
            VendorError: the call failed.
        """
        request = self._request(
            session,
            "GET",
            ["cdc"],
            params={"entities": ",".join(object_types), "changedSince": statement_text(since)},
        )
        return await self._call(
            session, Operation.CDC, request, lambda body: feed_reply(body, object_types)
        )

    async def read(self, session: Session, kind: ObjectType, object_id: str) -> ObjectRecord | None:
        """Read one object; None when it is gone, or when damage made of its id what can be none.

        What can't be an id would not reach the object's address, but some other: nobody is asked.

        Raises:
            VendorError: the call failed.
        """
        if not can_be_id(object_id):
            return None
        key = session.external_account_id if kind.keyed_by_company else object_id
        try:
            return await self.get(
                session, Operation.READ, [kind.path, key], lambda body: read_reply(body, kind.name)
            )
        except RejectedError as error:
            if error.code == OBJECT_GONE or (error.code == NO_ID and not _is_number(key)):
                return None
            raise

    async def get(
        self, session: Session, operation: Operation, path: Sequence[str], read: Read[T]
    ) -> T:
        """Read whatever is at this path below the company, given by its segments.

        Raises:
            VendorError: the call failed.
        """
        return await self._call(session, operation, self._request(session, "GET", path), read)

    async def query_together(
        self, session: Session, statements: Mapping[str, str]
    ) -> Mapping[str, bytes]:
        """Run named statements by one call; return the answers that are none of a fault, by name.

        Raises:
            ThrottledError: one of them was throttled, if no more.
            VendorError: the call failed.
        """
        items = [{"bId": name, "Query": statement} for name, statement in statements.items()]
        request = self._request(
            session,
            "POST",
            ["batch"],
            content=msgspec.json.encode({"BatchItemRequest": items}),
            headers={"Content-Type": JSON},
        )
        operation = Operation.BATCH_READ
        async with session.permit(operation, items=len(items)):
            reply = await self._called(session, operation, request, batch_reply)
            for error in self.item_failures(session, reply).values():
                if isinstance(error, ThrottledError):
                    raise error
        return {name: body for name, body in reply.answers.items() if name in statements}

    def item_failures(self, session: Session, reply: BatchReply) -> Mapping[str, VendorError]:
        """Say of the items of a batch that went wrong what became of each, if it was a write."""
        now = self._caller.clock.now().utc
        return {
            name: write_failure(FailedCall(200, body, now, secrets=[session.access_token]))
            for name, body in reply.faults.items()
        }

    async def post(
        self,
        session: Session,
        call: WriteRequest,
        read: Read[T],
        *,
        items: int | None = None,
        heed: Callable[[T], None] = _pass,
    ) -> "Answer[T]":
        """Make a call that changes something, once; `items` things when it is a batch.

        What `heed` raises when it is shown the answer, the permit learns of.

        Raises:
            StaleVersionError, RejectedError: the vendor refused it; nothing happened.
            NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError: nothing happened.
            UnknownOutcomeError: it may have happened.
        """
        request = self._request(
            session,
            "POST",
            call.path,
            params=dict(call.params),
            headers={"Content-Type": call.content_type},
            content=call.content,
        )
        replies: list[Reply] = []
        operation = _OPERATIONS.get(call.path[-1], Operation.WRITE)
        async with session.permit(operation, items=items):
            done = await self._caller.write(
                operation,
                request,
                read,
                judge=write_failure,
                account=session.external_account_id,
                secrets=[session.access_token],
                on_reply=replies.append,
            )
            heed(done)
        return Answer(done, replies[0].status, self._caller.trace_id(replies[0]))

    async def _call(
        self, session: Session, operation: Operation, request: httpx.Request, read: Read[T]
    ) -> T:
        async with session.permit(operation):
            return await self._called(session, operation, request, read)

    async def _called(
        self, session: Session, operation: Operation, request: httpx.Request, read: Read[T]
    ) -> T:
        return await self._caller.call(
            operation,
            request,
            read,
            account=session.external_account_id,
            secrets=[session.access_token],
            trace_ids=session.trace_ids,
        )

    def _request(
        self,
        session: Session,
        method: str,
        path: Sequence[str],
        *,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        segments = [session.external_account_id, *path]
        return self._caller.channel.request(
            method,
            "/".join([self._api_url, "v3/company", *map(_segment, segments)]),
            params={**(params or {}), "minorversion": MINOR_VERSION},
            headers={
                "Authorization": f"Bearer {session.access_token}",
                "Accept": "application/json",
                **(headers or {}),
            },
            content=content,
        )


def can_be_id(object_id: str) -> bool:
    """Tell whether the vendor may have given an object this id: digits, and words for tax codes."""
    return _ID.fullmatch(object_id) is not None


def _segment(text: str) -> str:
    """Most are ids and names that are safe as they are; quoting costs as much as a whole header."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def _is_number(object_id: str) -> bool:
    return object_id.isascii() and object_id.isdigit()
