"""A minimal client of the sandbox for its own tests: no HTTP library, no event loop."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from daemon.sandbox.quickbooks import (
    App,
    Behaviour,
    Limits,
    QuickBooksSandbox,
    SandboxReply,
    SandboxRequest,
)
from daemon.sandbox.quickbooks.json_text import decode, encode

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
APP = App("client", "secret", ("http://localhost:8321/callback",))
CALLBACK = "http://localhost:8321/callback"

Json = dict[str, Any]


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class Caller:
    """One app's view of one sandbox."""

    def __init__(
        self,
        *,
        apps: tuple[App, ...] = (APP,),
        behaviour: Behaviour | None = None,
        limits: Limits | None = None,
        now: datetime = NOON,
        seed: int = 1,
    ) -> None:
        self.clock = ManualClock(now)
        self.sandbox = QuickBooksSandbox(
            self.clock, seed, apps=apps, behaviour=behaviour, limits=limits
        )
        self.app = apps[0]
        self.realm = ""
        self.tokens: Json = {}

    def connect(self, realm: str | None = None) -> str:
        """Add a company (or take one) and exchange a code for tokens."""
        self.realm = realm or self.sandbox.add_company()
        code = self.sandbox.issue_code(self.realm, client_id=self.app.client_id)
        reply = self.exchange(code)
        assert reply.status == 200, reply.body
        self.tokens = decode(reply.body)
        self.clock.advance(seconds=1)
        return self.realm

    def exchange(self, code: str, redirect_uri: str = CALLBACK) -> SandboxReply:
        return self.token(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        )

    def refresh(self, refresh_token: str | None = None, **headers: str) -> SandboxReply:
        value = refresh_token or self.tokens["refresh_token"]
        return self.token({"grant_type": "refresh_token", "refresh_token": value}, **headers)

    def token(
        self, form: Mapping[str, str], secret: str | None = None, **headers: str
    ) -> SandboxReply:
        key = f"{self.app.client_id}:{secret or self.app.client_secret}"
        basic = base64.b64encode(key.encode()).decode()
        sent = {"authorization": f"Basic {basic}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = urlencode(form).encode()
        return self.send("POST", "/oauth2/v1/tokens/bearer", body=body, headers=sent)

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> SandboxReply:
        query = urlencode(params or {})
        return self.sandbox.handle(SandboxRequest(method, path, query, headers or {}, body))

    def api(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: object = b"",
        content_type: str = "application/json",
        realm: str | None = None,
        bearer: str | None = None,
    ) -> SandboxReply:
        raw = body if isinstance(body, bytes) else encode(body)
        token = bearer or self.tokens.get("access_token", "")
        headers = {"authorization": f"Bearer {token}", "content-type": content_type}
        full = f"/v3/company/{realm or self.realm}/{path}"
        return self.send(method, full, params, body=raw, headers=headers)

    def find(self, entity: str, *clauses: str) -> list[Json]:
        """Return the rows of a type, under further clauses."""
        return self.rows(" ".join(("select * from", entity, *clauses)))

    def query(self, statement: str) -> Json:
        """Return the QueryResponse of a statement that must succeed."""
        response: Json = ok(self.api("GET", "query", {"query": statement}))["QueryResponse"]
        return response

    def rows(self, statement: str) -> list[Json]:
        """Return the rows of a statement that must succeed."""
        response = self.query(statement)
        return next((value for value in response.values() if isinstance(value, list)), [])

    def cdc(self, entities: str, since: datetime | str) -> list[Json]:
        """Return the members of a change data capture that must succeed."""
        text = since if isinstance(since, str) else since.isoformat()
        params = {"entities": entities, "changedSince": text}
        members: list[Json] = ok(self.api("GET", "cdc", params))["CDCResponse"][0]["QueryResponse"]
        return members

    def create(self, entity: str, body: Json, **params: str) -> Json:
        """Create an object over the API and return it."""
        created: Json = ok(self.api("POST", entity.lower(), params, body=body))[entity]
        return created


def ok(reply: SandboxReply) -> Json:
    """Return the body of a reply that must be a success."""
    assert reply.status == 200, (reply.status, reply.body)
    document: Json = decode(reply.body)
    return document


def error_of(reply: SandboxReply, status: int = 400) -> Json:
    """Return the one error of a reply that must be the API's own fault."""
    assert reply.status == status, (reply.status, reply.body)
    fault: Json = decode(reply.body)["Fault"]
    assert len(fault["Error"]) == 1
    return {**fault["Error"][0], "type": fault["type"]}


ITEM_LINE: Json = {
    "Amount": 100,
    "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
}


def new_invoice(caller: Caller, **more: object) -> Json:
    body = {"CustomerRef": {"value": "1"}, "Line": [ITEM_LINE]}
    return caller.create("Invoice", body | more)


def change(caller: Caller, entity: str, current: Json, body: Json) -> Json:
    identity = {"Id": current["Id"], "SyncToken": current["SyncToken"]}
    changed: Json = ok(caller.api("POST", entity.lower(), body=identity | body))[entity]
    return changed
