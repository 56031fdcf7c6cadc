"""Calls to ServiceTitan's API for one tenant. Every call waits for the session's permit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

import httpx

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Session
from actors.vendors.caller import Caller, CallManners, Read, vendor_time
from actors.vendors.servicetitan.faults import failure, is_problem
from actors.vendors.servicetitan.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.servicetitan.operation import Operation
from actors.vendors.servicetitan.parse import (
    ExportPage,
    RowPage,
    export_page,
    listed_times,
    read_time,
    row_page,
    total_count,
)
from actors.vendors.servicetitan.settings import ServiceTitanSettings

if TYPE_CHECKING:
    from actors.vendors.http import Reply

VENDOR = "servicetitan"
MANNERS = CallManners(VENDOR, None, failure, is_problem)

IDS_A_CALL = 50
"""The most that a list takes (§1.3)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What an answer said, and when it was asked for by the vendor's clock.

    Attributes:
        asked_at: no later than the vendor began to answer; None when it did not tell its time.
    """

    value: T
    asked_at: datetime | None


class ApiClient:
    """The API, as one app."""

    def __init__(self, caller: Caller, settings: ServiceTitanSettings) -> None:
        self._caller = caller
        self._settings = settings

    async def export(self, session: Session, kind: ObjectType, start: str) -> Answer[ExportPage]:
        """Read on in an export feed; an empty start is the very first record.

        Raises:
            RejectedError: with status 400: the feed does not know the token.
            VendorError: the call failed otherwise.
        """
        params = {"includeRecentChanges": "true"}
        if start:
            params["from"] = start
        return await self._get(
            session,
            Operation.EXPORT,
            [kind.module, kind.export],
            lambda body: export_page(body, kind.name, start),
            params,
        )

    async def shown(
        self, session: Session, kind: ObjectType, object_ids: Sequence[str]
    ) -> Mapping[str, datetime]:
        """Return which of at most `IDS_A_CALL` objects the type's list shows, inactive ones too.

        With each comes when it was last changed.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        params = {
            "ids": ",".join(object_ids),
            "page": "1",
            "pageSize": str(IDS_A_CALL),
            **dict([kind.show_all]),
        }
        answer = await self._get(
            session,
            Operation.LIST,
            [kind.module, kind.name],
            lambda body: listed_times(body, object_ids),
            params,
        )
        return answer.value

    async def changed_at(
        self, session: Session, kind: ObjectType, object_id: str
    ) -> datetime | None:
        """Read one object; return when it was last changed, or None when it is gone.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        if not (object_id.isascii() and object_id.isdigit()):
            return None  # damage made of its id what can be none
        if not kind.has_single_read:
            return (await self.shown(session, kind, [object_id])).get(object_id)
        try:
            answer = await self._get(
                session,
                Operation.READ,
                [kind.module, kind.name, object_id],
                lambda body: read_time(body, object_id),
            )
        except RejectedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return answer.value

    async def count(self, session: Session, kind: ObjectType) -> tuple[int, datetime]:
        """Have the vendor count all rows of a type; return the number and the vendor's time.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        answer = await self._get(
            session,
            Operation.COUNT,
            [kind.module, kind.name],
            total_count,
            {"page": "1", "pageSize": "1", "includeTotal": "true", **dict([kind.show_all])},
        )
        if answer.asked_at is None:
            raise TransientError("a count without the vendor's time")
        return answer.value, answer.asked_at

    async def probe(self, session: Session) -> None:
        """See that the token opens the tenant.

        Raises:
            VendorError: it does not, or the call failed.
        """
        jobs = OBJECT_TYPES["jobs"]
        params = {"page": "1", "pageSize": "1", "includeTotal": "true"}
        await self._get(session, Operation.PROBE, [jobs.module, jobs.name], total_count, params)

    async def rows(
        self, session: Session, path: Sequence[str], params: Mapping[str, str]
    ) -> tuple[RowPage, datetime]:
        """Read a page of a list as it is shown; return it and the vendor's time.

        Raises:
            VendorError: the call failed, or its answer cannot be trusted.
        """
        answer = await self._get(session, Operation.FIND, path, row_page, params)
        if answer.asked_at is None:
            raise TransientError("a list without the vendor's time")
        return answer.value, answer.asked_at

    async def create(
        self, session: Session, path: Sequence[str], content: bytes, read: Read[T]
    ) -> tuple[T, int]:
        """Make a new object, once; return what was read of the answer, and its status.

        Raises:
            RejectedError: the vendor refused it; nothing happened.
            NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError: nothing happened.
            UnknownOutcomeError: it may have happened.
        """
        request = self._request(session, "POST", path, content=content)
        replies: list[Reply] = []
        async with session.permit(Operation.CREATE):
            made = await self._caller.write(
                Operation.CREATE,
                request,
                read,
                account=session.external_account_id,
                secrets=[session.access_token, self._settings.app_key],
                on_reply=replies.append,
            )
        return made, replies[0].status

    def _request(
        self,
        session: Session,
        method: str,
        path: Sequence[str],
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        module, *rest = path
        tenant = quote(session.external_account_id, safe="")
        headers = {
            "Authorization": f"Bearer {session.access_token}",
            "ST-App-Key": self._settings.app_key,
            "Accept": "application/json",
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self._caller.channel.request(
            method,
            "/".join([self._settings.api_url, module, "v2", "tenant", tenant, *rest]),
            params=dict(params or {}),
            headers=headers,
            content=content,
        )

    async def _get(
        self,
        session: Session,
        operation: Operation,
        path: Sequence[str],
        read: Read[T],
        params: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        request = self._request(session, "GET", path, params=params)
        replies: list[Reply] = []
        async with session.permit(operation):
            began_s = self._caller.clock.now().monotonic_s
            value = await self._caller.call(
                operation,
                request,
                read,
                account=session.external_account_id,
                secrets=[session.access_token, self._settings.app_key],
                trace_ids=session.trace_ids,
                on_reply=replies.append,
            )
            took_s = self._caller.clock.now().monotonic_s - began_s
        answered_at = vendor_time(replies[0])
        asked_at = None if answered_at is None else answered_at - timedelta(seconds=took_s)
        return Answer(value, asked_at)
