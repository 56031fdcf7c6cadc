"""Calls to Housecall Pro for one company. Every call waits for the session's permit."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

import httpx

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Permit, Session
from actors.vendors.caller import Caller, CallManners, Read, vendor_time
from actors.vendors.housecallpro.faults import failure
from actors.vendors.housecallpro.object_types import ObjectType
from actors.vendors.housecallpro.operation import Operation
from actors.vendors.housecallpro.parse import ListPage, Shown, company, list_page, shown_row, single
from actors.vendors.housecallpro.price import PAGE_ROWS
from actors.vendors.housecallpro.settings import HousecallProSettings

if TYPE_CHECKING:
    from actors.vendors.http import Reply

VENDOR = "housecallpro"
MANNERS = CallManners(VENDOR, "x-request-id", failure, is_fault=lambda _body: False)

BEARER = "Bearer "
"""What an OAuth partner's token is kept with; a key is kept bare."""

T = TypeVar("T")


class Order(StrEnum):
    """In which order a list is read."""

    OLDEST_FIRST = "created_at asc"
    """Rows that come meanwhile are at the end."""
    NEWEST_FIRST = "created_at desc"
    LAST_CHANGED_FIRST = "updated_at desc"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What an answer said, and when it was asked for by the vendor's clock.

    Attributes:
        asked_at: no later than the vendor began to answer; None when it did not tell its time.
        now: the same by our clock, for what has no time.
    """

    value: T
    asked_at: datetime | None
    now: datetime

    @property
    def seen_at(self) -> datetime:
        """When what it shows was so."""
        return self.asked_at or self.now


@dataclass(frozen=True, slots=True)
class Made:
    """A new object as the vendor answered.

    Attributes:
        seen_at: when it was so, by the vendor's clock if it told.
    """

    shown: Shown
    seen_at: datetime
    status: int
    trace_id: str | None


class ApiClient:
    """The API."""

    def __init__(self, caller: Caller, settings: HousecallProSettings) -> None:
        self._caller = caller
        self._settings = settings

    async def page(
        self, session: Session, kind: ObjectType, number: int, order: Order
    ) -> Answer[ListPage]:
        """Read a page of a list.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        sort_by, direction = order.value.split()
        params = {
            "page": str(number),
            "page_size": str(PAGE_ROWS),
            "sort_by": sort_by,
            "sort_direction": direction,
        }
        return await self._get(
            session, Operation.LIST, [kind.name], lambda body: list_page(body, kind, number), params
        )

    async def count(self, session: Session, kind: ObjectType) -> tuple[int, datetime]:
        """Have the vendor count all rows of a type; return the number and the vendor's time.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        params = {"page": "1", "page_size": "1"}
        answer = await self._get(
            session, Operation.COUNT, [kind.name], lambda body: list_page(body, kind, 1), params
        )
        if answer.asked_at is None:
            raise TransientError("a count without the vendor's time")
        return answer.value.total, answer.asked_at

    async def read(
        self, session: Session, kind: ObjectType, object_id: str
    ) -> Answer[Shown] | None:
        """Read one object; None when it is gone.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        try:
            return await self._get(
                session,
                Operation.READ,
                [kind.name, object_id],
                lambda body: single(body, kind, object_id),
            )
        except RejectedError as error:
            if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                return None
            raise

    async def found(
        self, session: Session, kind: ObjectType, filters: Mapping[str, str]
    ) -> Answer[ListPage]:
        """Read a page of what a list shows of these, newest first unless asked otherwise.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        number = int(filters.get("page", "1"))
        params = {
            "page": str(number),
            "page_size": str(PAGE_ROWS),
            "sort_by": "created_at",
            "sort_direction": "desc",
            **filters,
        }
        return await self._get(
            session, Operation.FIND, [kind.name], lambda body: list_page(body, kind, number), params
        )

    async def create(self, session: Session, kind: ObjectType, content: bytes) -> Made:
        """Make a new object, once.

        Raises:
            RejectedError: the vendor refused it; nothing happened.
            NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError: nothing happened.
            UnknownOutcomeError: it may have happened.
        """
        key, company_id = session.access_token, session.external_account_id
        request = self._request(key, [kind.name], {}, company_id, content=content)
        replies: list[Reply] = []
        async with session.permit(Operation.CREATE):
            shown = await self._caller.write(
                Operation.CREATE,
                request,
                lambda body: shown_row(kind, body),
                account=company_id,
                secrets=[key.removeprefix(BEARER)],
                on_reply=replies.append,
            )
        seen_at = vendor_time(replies[0]) or self._caller.clock.now().utc
        return Made(shown, seen_at, replies[0].status, self._caller.trace_id(replies[0]))

    async def company(self, session: Session) -> tuple[str, str]:
        """Read the id and name of the company that the key opens.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        return (await self._get(session, Operation.COMPANY, ["company"], company)).value

    async def whose(self, api_key: str, permit: Permit | None = None) -> tuple[str, str]:
        """Read the id and name of a key's company; without a permit, before it has an account here.

        Raises:
            ReauthorizeError: it is no key.
            VendorError: the call failed otherwise.
        """
        request = self._request(api_key, ["company"], {}, "")
        async with nullcontext() if permit is None else permit(Operation.COMPANY):
            return await self._caller.call(
                Operation.COMPANY, request, company, secrets=[api_key.removeprefix(BEARER)]
            )

    async def _get(
        self,
        session: Session,
        operation: Operation,
        path: Sequence[str],
        read: Read[T],
        params: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        key, company_id = session.access_token, session.external_account_id
        request = self._request(key, path, params or {}, company_id)
        replies: list[Reply] = []
        async with session.permit(operation):
            began = self._caller.clock.now()
            value = await self._caller.call(
                operation,
                request,
                read,
                account=company_id,
                secrets=[key.removeprefix(BEARER)],
                trace_ids=session.trace_ids,
                on_reply=replies.append,
            )
            took_s = self._caller.clock.now().monotonic_s - began.monotonic_s
        answered_at = vendor_time(replies[0])
        asked_at = None if answered_at is None else answered_at - timedelta(seconds=took_s)
        return Answer(value, asked_at, began.utc)

    def _request(
        self,
        api_key: str,
        path: Sequence[str],
        params: Mapping[str, str],
        company_id: str,
        *,
        content: bytes | None = None,
    ) -> httpx.Request:
        named = api_key if api_key.startswith(BEARER) else f"Token {api_key}"
        headers = {"Authorization": named, "Accept": "application/json"}
        if company_id:
            headers["X-Company-Id"] = company_id
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self._caller.channel.request(
            "GET" if content is None else "POST",
            "/".join([self._settings.api_url, *(quote(part, safe="") for part in path)]),
            params=dict(params),
            headers=headers,
            content=content,
        )
