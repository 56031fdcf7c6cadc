"""A QuickBooks client over answers from a script, for those that the sandbox never gives."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx

from actors.moment import Moment
from actors.vendors.base import Session
from actors.vendors.quickbooks import QuickBooks, QuickBooksSettings

if TYPE_CHECKING:
    from actors.events import CallMade

ORIGIN = "http://quickbooks.test"
REALM = "9341450000000001"
ACCESS_TOKEN = "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..tBxbRm6cJ9Tg5wnM"
TIME = '"time":"2026-03-01T04:00:00.500-08:00"'
VENDOR_TIME = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)

SETTINGS = QuickBooksSettings(
    client_id="the-app",
    client_secret="the-apps-secret",
    redirect_uri="http://localhost:8321/auth/quickbooks/callback",
    authorize_url=f"{ORIGIN}/connect/oauth2",
    token_url=f"{ORIGIN}/oauth2/v1/tokens/bearer",
    revoke_url=f"{ORIGIN}/v2/oauth2/tokens/revoke",
    api_url=ORIGIN,
)

Answer = httpx.Response | Exception


class StillClock:
    """A clock that stands still."""

    def now(self) -> Moment:
        return Moment(100.0, datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC))


class ScriptedQuickBooks:
    """Answers calls in the order of the script and remembers them.

    Attributes:
        requests: every call, as it was sent.
        events: what the listener was told.
        permits: the operations that permits were asked for, with how many `items` each; `refused`
            those that ended badly.
    """

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[httpx.Request] = []
        self.events: list[CallMade] = []
        self.permits: list[str] = []
        self.items: list[int | None] = []
        self.refused: list[str] = []
        self._answers = list(answers)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.vendor = QuickBooks(SETTINGS, http, StillClock(), self.events.append)
        self.session = Session(REALM, ACCESS_TOKEN, self._permit)

    @property
    def statements(self) -> list[str]:
        """The queries that were made."""
        return [
            request.content.decode()
            for request in self.requests
            if request.url.path.endswith("/query")
        ]

    @property
    def feed_calls(self) -> list[tuple[str, str]]:
        """The types and the time of every call to the feed."""
        asked = [
            parse_qs(request.url.query.decode())
            for request in self.requests
            if request.url.path.endswith("/cdc")
        ]
        return [(each["entities"][0], each["changedSince"][0]) for each in asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @asynccontextmanager
    async def _permit(self, operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
        self.permits.append(operation)
        self.items.append(items)
        try:
            yield
        except Exception:
            self.refused.append(operation)
            raise


def json_answer(body: str | bytes, status: int = 200) -> httpx.Response:
    """An answer with a JSON body and the vendor's id of the call."""
    return httpx.Response(
        status,
        content=body,
        headers={"Content-Type": "application/json", "intuit_tid": "1-5f733ac0-27c46063"},
    )


def fault_answer(status: int, code: str, text: str = "m", kind: str = "f") -> httpx.Response:
    """A refusal in the API's own form."""
    return json_answer(
        f'{{"Fault":{{"Error":[{{"Message":"{text}","Detail":"{text}","code":"{code}"}}],'
        f'"type":"{kind}"}},{TIME}}}',
        status,
    )


def row(object_id: str, second: int = 0, *, name: str = "", sparse: bool = False) -> str:
    """A row, updated so many seconds after four in the morning, Pacific."""
    flag = "true" if sparse else "false"
    return (
        f'{{"sparse":{flag},"Id":"{object_id}","SyncToken":"0","DisplayName":"{name}","MetaData":'
        f'{{"LastUpdatedTime":"2026-03-01T{4 + second // 3600:02}:{second // 60 % 60:02}:'
        f'{second % 60:02}-08:00"}}}}'
    )


def stub(object_id: str) -> str:
    """All that the feed shows of a deleted object."""
    return (
        f'{{"domain":"QBO","status":"Deleted","Id":"{object_id}",'
        '"MetaData":{"LastUpdatedTime":"2026-03-01T04:00:00-08:00"}}'
    )


def query_answer(object_type: str, rows: Iterable[str]) -> httpx.Response:
    """An answer to a query."""
    listed = list(rows)
    if not listed:
        return json_answer(f'{{"QueryResponse":{{}},{TIME}}}')
    return json_answer(
        f'{{"QueryResponse":{{"{object_type}":[{",".join(listed)}],"startPosition":1,'
        f'"maxResults":{len(listed)}}},{TIME}}}'
    )


def count_answer(count: int) -> httpx.Response:
    """An answer to a count."""
    return json_answer(f'{{"QueryResponse":{{"totalCount":{count}}},{TIME}}}')


def feed_answer(*members: tuple[str, list[str]], time: str = TIME) -> httpx.Response:
    """An answer of the feed; a type without rows is an empty member."""
    listed = [f'{{"{name}":[{",".join(rows)}]}}' if rows else "{}" for name, rows in members]
    return json_answer(f'{{"CDCResponse":[{{"QueryResponse":[{",".join(listed)}]}}],{time}}}')
