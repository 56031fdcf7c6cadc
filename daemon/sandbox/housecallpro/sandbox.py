"""The sandbox as one function from a request to a reply."""

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from msgspec.structs import replace

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.fault_list import FAULTS_PATH
from daemon.sandbox.housecallpro.business import (
    DEFAULT_SIZES,
    Business,
    Version,
    encoded,
)
from daemon.sandbox.housecallpro.faults import Faults, spoiled
from daemon.sandbox.housecallpro.leads import acted, convert_lead, create_lead, listed
from daemon.sandbox.housecallpro.oauth import TOKEN_PATH, Partner
from daemon.sandbox.housecallpro.office import Office
from daemon.sandbox.housecallpro.webhook_sender import WebhookSender

_UNAUTHORIZED = json_reply(401, b'{"message":"Unauthorized"}')
_SINGLE = frozenset({"customers", "jobs", "leads"})


class HousecallProSandbox:
    """A stand-in for Housecall Pro: keys, tokens, lists, reads by id, leads that others make, webhooks.

    `handle` is synchronous and pure in time and chance.

    Attributes:
        businesses: by the vendor's id of the company.
        offices: what becomes of leads, by the same.
        partner: an app that companies may consent to.
        latency_s: how long each call takes.
        most_rows: the most rows on a page.
        listed_after_s: how long after it was made lists show an object.
        per_minute: the limit that nobody publishes; None lifts it.
        violations: calls above it.
        calls: how many came, by what was called.
    """

    def __init__(self, clock: Callable[[], datetime], seed: int = 0) -> None:
        self._clock = clock
        self._seed = seed
        self.businesses: dict[str, Business] = {}
        self.offices: dict[str, Office] = {}
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.latency_s = 0.1
        self.most_rows = 100
        self.listed_after_s = 0.0
        self.per_minute: int | None = 150
        self.violations = 0
        self.partner = Partner(Random(f"{seed} partner"))  # noqa: S311
        self.webhooks = WebhookSender(Random(f"{seed} webhooks"))  # noqa: S311
        self._recent: dict[str, deque[datetime]] = {}
        self._told: dict[str, int] = {}

    def add_company(
        self, name: str | None = None, *, scale: float = 1.0, sizes: Mapping[str, int] | None = None
    ) -> str:
        """Found a company; return its id."""
        chance = Random(f"{self._seed} company {len(self.businesses)}")  # noqa: S311
        company_id = f"{chance.getrandbits(128):032x}"
        number = len(self.businesses) + 1
        if sizes is None:
            sizes = {kind: round(size * scale) for kind, size in DEFAULT_SIZES.items()}
        business = Business(
            company_id, name or f"Company {number}", f"{chance.getrandbits(160):040x}", chance
        )
        business.found(sizes, self.now())
        self.businesses[company_id] = business
        self.offices[company_id] = Office(business)
        self._told[company_id] = 0
        self.settle()
        return company_id

    def now(self) -> datetime:
        """Return the vendor's time."""
        return self._clock().astimezone(UTC)

    def churn(self, company_id: str, times: int = 1) -> None:
        """Let some things happen at a company now."""
        self.businesses[company_id].churn(times, self.now())
        self.settle()

    def settle(self) -> None:
        """Tell by webhooks what happened since the last time."""
        for company_id, business in self.businesses.items():
            first, self._told[company_id] = self._told[company_id], len(business.versions)
            for version in business.versions[first:]:
                self.webhooks.tell(company_id, version)

    def delivery(self, company_id: str, version: Version) -> tuple[bytes, dict[str, str]]:
        """Return the webhook that tells of a change, signed: body and headers."""
        body = self.webhooks.event(company_id, version)
        return body, self.webhooks.signed(body, version.at)

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        now = self.now()
        if request.path == FAULTS_PATH:
            return self.faults.control(request)
        if request.path.startswith("/sandbox/"):
            reply = self._control(request)
            self.settle()
            return reply
        fault = self.faults.draw(request.path, request.method)
        reply = spoiled(fault, lambda: self._serve(request, now))
        self.settle()
        number = sum(self.calls.values())
        reply = replace(reply, delay_s=reply.delay_s + self.latency_s)
        return reply.with_headers(
            ("Date", format_datetime(now.replace(microsecond=0), usegmt=True)),
            ("x-request-id", f"req-{number}"),
        )

    def _control(self, request: SandboxRequest) -> SandboxReply:
        """Answer a call of the sandbox's own, below ``/sandbox/companies/{id}``.

        ``POST …/churn`` lets ten things happen; ``POST …/office`` takes an ``act`` (`convert`, `lose`,
        `go_on`, `complete`, `cancel`) with the ``id`` of the lead or job that it is about and, for
        what a job brings, ``cents``; ``GET …/writes`` tells what others made.
        """
        match [request.method, *request.path.strip("/").split("/")[1:]]:
            case ["POST", "companies", company_id, "office"] if company_id in self.businesses:
                return acted(self.offices[company_id], request.body, self.now())
            case ["GET", "companies", company_id, "writes"] if company_id in self.businesses:
                writes = self.businesses[company_id].writes
                told = [{"id": each.object_id, "body": json.loads(each.body)} for each in writes]
                return json_reply(200, encoded(told))
            case ["POST", "companies", company_id, "churn"] if company_id in self.businesses:
                self.churn(company_id, 10)
                self.offices[company_id].work(self.now())
                return json_reply(200, encoded({"acts": 10}))
        return json_reply(404, b'{"error":"The sandbox has no such control."}')

    def _serve(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        if request.path == TOKEN_PATH and request.method == "POST":
            self.calls["token"] += 1
            return self.partner.issue(request.body, now)
        given = request.headers.get("authorization", "")
        by_token = self.partner.company_of(given, now)
        business = next(
            (
                each
                for each in self.businesses.values()
                if given == f"Token {each.api_key}" or each.company_id == by_token
            ),
            None,
        )
        if business is None:
            return _UNAUTHORIZED
        wanted = request.headers.get("x-company-id", business.company_id)
        if wanted != business.company_id:
            return json_reply(403, b'{"message":"Forbidden"}')
        if not self._admit(business.company_id, now):
            return json_reply(429, b"{}")
        if request.method == "POST":
            return self._create(business, request, now)
        return self._answer(business, request)

    def _create(self, business: Business, request: SandboxRequest, now: datetime) -> SandboxReply:
        match request.path.strip("/").split("/"):
            case ["leads"]:
                self.calls["create"] += 1
                return create_lead(business, request.body, now)
            case ["leads", lead_id, "convert"] if lead_id in business.objects["leads"]:
                self.calls["create"] += 1
                return convert_lead(self.offices[business.company_id], lead_id, request.body, now)
        return json_reply(404, b'{"error":"Not found"}')

    def _answer(self, business: Business, request: SandboxRequest) -> SandboxReply:
        match request.path.strip("/").split("/"):
            case ["company"]:
                self.calls["company"] += 1
                about = {"id": business.company_id, "name": business.name, "time_zone": "UTC"}
                return json_reply(200, encoded(about))
            case [kind] if kind in DEFAULT_SIZES:
                self.calls["list"] += 1
                return self._list(business, kind, request.params())
            case [kind, object_id] if kind in _SINGLE:
                self.calls["read"] += 1
                body = business.objects[kind].get(object_id)
                return json_reply(404, b"{}") if body is None else json_reply(200, encoded(body))
        return json_reply(404, b'{"error":"Not found"}')

    def _list(self, business: Business, kind: str, params: Mapping[str, str]) -> SandboxReply:
        """Answer with a page; what a list does not know is ignored, and nothing hides."""
        rows = list(listed(business, kind, params))
        if self.listed_after_s:
            made_by = self.now() - timedelta(seconds=self.listed_after_s)
            rows = [row for row in rows if business.made_at.get(row[0], made_by) <= made_by]
        if params.get("sort_by") == "updated_at":
            rows.sort(key=lambda row: str(row[1].get("updated_at", "")))
        if params.get("sort_direction", "desc") != "asc":
            rows.reverse()
        page = max(1, int(params.get("page", "1")))
        size = min(self.most_rows, max(1, int(params.get("page_size", "10"))))
        shown = [business.sent(*row) for row in rows[(page - 1) * size : page * size]]
        return json_reply(
            200,
            encoded(
                {
                    "page": page,
                    "page_size": size,
                    "total_pages": -(-len(rows) // size),
                    "total_items": len(rows),
                    kind: shown,
                }
            ),
        )

    def _admit(self, company_id: str, now: datetime) -> bool:
        recent = self._recent.setdefault(company_id, deque())
        while recent and recent[0] <= now - timedelta(minutes=1):
            recent.popleft()
        if self.per_minute is not None and len(recent) >= self.per_minute:
            self.violations += 1
            return False
        recent.append(now)
        return True
