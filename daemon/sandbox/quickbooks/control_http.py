"""A few of the controls over HTTP, for demos and for curl.

This is the sandbox's own surface; the vendor has nothing like it.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from html import escape
from typing import TypeVar

import msgspec

from daemon.sandbox.exchange import (
    SandboxReply,
    SandboxRequest,
    html_reply,
    json_reply,
)
from daemon.sandbox.quickbooks.faults import Fault, FaultKind
from daemon.sandbox.quickbooks.json_text import Document, encode
from daemon.sandbox.quickbooks.routes import API_ROUTES, OAUTH_ROUTES, Route
from daemon.sandbox.quickbooks.vendor_acts import VendorActs
from daemon.sandbox.quickbooks.webhook_sender import WebhookForm

_Wanted = TypeVar("_Wanted")
_OK, _CREATED, _BAD_REQUEST, _NOT_FOUND = 200, 201, 400, 404


class CompanyWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/companies``."""

    name: str | None = None
    realm_id: str | None = None
    scale: float = 1.0
    sizes: dict[str, int] | None = None


class ChurnWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/companies/{realm_id}/churn``."""

    acts: int = 10


class DeletesWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/companies/{realm_id}/delete``."""

    object_type: str
    number: int = 1


class OutageWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/outage``."""

    realm_id: str | None = None
    seconds: float | None = None


class FaultWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/faults``; see `Fault`."""

    kind: FaultKind
    routes: list[Route] = []
    realm_id: str | None = None
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    executed: bool = False
    delay_s: float = 120.0


class ReadCapWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/read-cap``; null sets no cap."""

    reads_per_month: int | None


class WebhooksWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /sandbox/webhooks``; see `WebhookMode`. What is not named stays as it is."""

    form: WebhookForm | msgspec.UnsetType = msgspec.UNSET
    delay_s: tuple[float, float] | msgspec.UnsetType = msgspec.UNSET
    most_events: int | msgspec.UnsetType = msgspec.UNSET
    drop: float | msgspec.UnsetType = msgspec.UNSET
    duplicate: float | msgspec.UnsetType = msgspec.UNSET
    reorder: float | msgspec.UnsetType = msgspec.UNSET
    forge: float | msgspec.UnsetType = msgspec.UNSET
    stranger: float | msgspec.UnsetType = msgspec.UNSET
    unknown_type: float | msgspec.UnsetType = msgspec.UNSET
    side_effects: bool | msgspec.UnsetType = msgspec.UNSET


class ControlHttp:
    """Serves ``/`` and ``/sandbox/…``."""

    def __init__(self, acts: VendorActs) -> None:
        self._acts = acts

    def serve(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        """Answer one call; what is wrong with it comes back as ``{"error": …}``."""
        if request.path == "/":
            return html_reply(_OK, self._home(request.origin))
        parts = request.path.strip("/").split("/")[1:]
        try:
            return self._control(request, parts, now)
        except (msgspec.DecodeError, ValueError) as error:
            return json_reply(_BAD_REQUEST, encode({"error": str(error)}))
        except KeyError as error:
            return json_reply(_NOT_FOUND, encode({"error": f"no company {error.args[0]}"}))

    def _control(self, request: SandboxRequest, parts: list[str], now: datetime) -> SandboxReply:
        match (request.method, *parts):
            case ("POST", "companies", realm_id, "code"):
                code = self._acts.issue_code(realm_id)
                return json_reply(_CREATED, encode({"code": code, "realm_id": realm_id}))
            case ("POST", "companies", realm_id, "churn"):
                wanted = _read(request, ChurnWanted)
                return json_reply(_OK, encode({"acts": self._acts.churn(realm_id, wanted.acts)}))
            case ("POST", "companies", realm_id, "delete"):
                asked = _read(request, DeletesWanted)
                gone = self._acts.delete_many(realm_id, asked.object_type, asked.number)
                return json_reply(_OK, encode({"deleted": gone}))
            case ("GET", "companies", realm_id, "digests"):
                found = self._acts.digests(realm_id)
                return json_reply(_OK, encode({name: asdict(item) for name, item in found.items()}))
            case (method, name):
                answer = self._answers().get((method, name))
                if answer is not None:
                    return answer(request, now)
        return json_reply(_NOT_FOUND, encode({"error": "no such control"}))

    def _answers(
        self,
    ) -> Mapping[tuple[str, str], Callable[[SandboxRequest, datetime], SandboxReply]]:
        return {
            ("GET", "companies"): self._companies,
            ("POST", "companies"): self._add_company,
            ("POST", "outage"): self._outage,
            ("DELETE", "outage"): self._end_outage,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._inject,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "read-cap"): self._set_read_cap,
            ("GET", "statistics"): self._statistics,
            ("GET", "webhooks"): self._webhooks,
            ("POST", "webhooks"): self._set_webhooks,
        }

    def _companies(self, _request: SandboxRequest, _now: datetime) -> SandboxReply:
        items = [
            {
                "realm_id": company.realm_id,
                "name": company.name,
                "objects": {name: len(table.rows) for name, table in company.tables.items()},
            }
            for company in self._acts.world.companies.values()
        ]
        return json_reply(_OK, encode({"items": items}))

    def _add_company(self, request: SandboxRequest, _now: datetime) -> SandboxReply:
        wanted = _read(request, CompanyWanted)
        realm_id = self._acts.add_company(
            wanted.realm_id, wanted.name, sizes=wanted.sizes, scale=wanted.scale
        )
        return json_reply(_CREATED, encode({"realm_id": realm_id}))

    def _outage(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        wanted = _read(request, OutageWanted)
        until = None if wanted.seconds is None else now + timedelta(seconds=wanted.seconds)
        self._acts.outage(wanted.realm_id, until)
        return json_reply(_OK, encode({"until": until}))

    def _end_outage(self, request: SandboxRequest, _now: datetime) -> SandboxReply:
        self._acts.end_outage(request.params().get("realm_id"))
        return json_reply(_OK, b"{}")

    def _faults(self, _request: SandboxRequest, _now: datetime) -> SandboxReply:
        items = [
            {"number": number, **asdict(fault), "routes": sorted(fault.routes)}
            for number, fault in self._acts.world.faults.active().items()
        ]
        offered = {"kinds": list(FaultKind), "routes": sorted(API_ROUTES | OAUTH_ROUTES)}
        return json_reply(_OK, encode({"items": items, **offered}))

    def _inject(self, request: SandboxRequest, _now: datetime) -> SandboxReply:
        wanted = _read(request, FaultWanted)
        fields = msgspec.structs.asdict(wanted) | {"routes": frozenset(wanted.routes)}
        return json_reply(_CREATED, encode({"number": self._acts.inject(Fault(**fields))}))

    def _clear_faults(self, request: SandboxRequest, _now: datetime) -> SandboxReply:
        number = request.params().get("number")
        self._acts.clear_faults(None if number is None else int(number))
        return json_reply(_OK, b"{}")

    def _set_read_cap(self, request: SandboxRequest, _now: datetime) -> SandboxReply:
        wanted = _read(request, ReadCapWanted)
        self._acts.set_read_cap(wanted.reads_per_month)
        return json_reply(_OK, encode({"reads_per_month": wanted.reads_per_month}))

    def _statistics(self, _request: SandboxRequest, _now: datetime) -> SandboxReply:
        statistics = self._acts.statistics()
        document: Document = asdict(statistics)
        document["calls"] = [
            {"realm_id": realm_id, "route": route, "calls": calls}
            for (realm_id, route), calls in statistics.calls.items()
        ]
        document["violations"] = [
            {"realm_id": realm_id, "limit": limit, "calls": calls}
            for (realm_id, limit), calls in statistics.violations.items()
        ]
        return json_reply(_OK, encode(document))

    def _webhooks(self, _request: SandboxRequest, _now: datetime) -> SandboxReply:
        sender = self._acts.webhooks
        return json_reply(_OK, encode({**asdict(sender.mode), "counts": dict(sender.counts)}))

    def _set_webhooks(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        for name, value in msgspec.structs.asdict(_read(request, WebhooksWanted)).items():
            if value is not msgspec.UNSET:
                setattr(self._acts.webhooks.mode, name, value)
        return self._webhooks(request, now)

    def _home(self, origin: str) -> str:
        companies = self._acts.world.companies
        realm_id = next(iter(companies), "REALM")
        app = next(iter(self._acts.world.authorization.apps.values()))
        names = "".join(
            f"<li>{escape(company.name)} <code>{company.realm_id}</code></li>"
            for company in companies.values()
        )
        lines = _CURL.format(
            origin=origin, realm=realm_id, key=f"{app.client_id}:{app.client_secret}"
        )
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            "<title>QuickBooks Online sandbox</title></head><body>"
            "<h1>QuickBooks Online sandbox</h1><p>A stand-in for the vendor, with made-up data. "
            f"All of its hosts answer at this address.</p><ul>{names}</ul>"
            f"<pre>{escape(lines)}</pre></body></html>"
        )


_CURL = """\
# a code, as if the user had consented; then tokens; then data
curl -X POST {origin}/sandbox/companies/{realm}/code
curl -u {key} {origin}/oauth2/v1/tokens/bearer \\
  -d grant_type=authorization_code -d code=CODE -d redirect_uri=http://localhost/callback
curl -H 'Authorization: Bearer TOKEN' -G {origin}/v3/company/{realm}/query \\
  --data-urlencode "query=select * from Invoice maxresults 5"

# play the vendor
curl {origin}/sandbox/companies
curl {origin}/sandbox/companies -d '{{"name": "Another", "scale": 2}}'
curl {origin}/sandbox/companies/{realm}/churn -d '{{"acts": 20}}'
curl {origin}/sandbox/companies/{realm}/delete -d '{{"object_type": "Invoice", "number": 20}}'
curl {origin}/sandbox/outage -d '{{"seconds": 60}}'
curl -X DELETE {origin}/sandbox/outage
curl {origin}/sandbox/faults  # which are set, and which kinds and routes there are
curl {origin}/sandbox/faults -d '{{"kind": "html_503", "routes": ["cdc"], "count": 3}}'
curl {origin}/sandbox/read-cap -d '{{"reads_per_month": 1000}}'
curl {origin}/sandbox/webhooks  # how they are sent now, and how many were
curl {origin}/sandbox/webhooks -d '{{"drop": 0.1, "duplicate": 0.2, "form": "legacy"}}'
curl {origin}/sandbox/companies/{realm}/digests
curl {origin}/sandbox/statistics
"""


def _read(request: SandboxRequest, wanted: type[_Wanted]) -> _Wanted:
    return msgspec.json.decode(request.body or b"{}", type=wanted)
