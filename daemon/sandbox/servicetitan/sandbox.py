"""The sandbox as one function from a request to a reply."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.fault_list import FAULTS_PATH
from daemon.sandbox.servicetitan.control_http import CONTROL_PATH, control
from daemon.sandbox.servicetitan.creates import (
    create_booking,
    create_lead,
    create_provider_tag,
)
from daemon.sandbox.servicetitan.export_feed import FeedHabits, export
from daemon.sandbox.servicetitan.faults import FaultKind, Faults, spoiled
from daemon.sandbox.servicetitan.feed_order import FeedOrder
from daemon.sandbox.servicetitan.generator import DEFAULT_SIZES, Business
from daemon.sandbox.servicetitan.limiter import Limiter
from daemon.sandbox.servicetitan.lists import listing, single
from daemon.sandbox.servicetitan.problems import ok, problem, throttled
from daemon.sandbox.servicetitan.tenant import MODULES, Tenant
from daemon.sandbox.servicetitan.tokens import Tokens
from daemon.sandbox.servicetitan.webhook_sender import WebhookSender

APP_KEY = "ak1.sandbox-app-key"
TOKEN_PATH = "/connect/token"  # noqa: S105 - an address
_FIRST_TENANT = 900_000_001
_MODULE, _VERSION, _TENANT = 0, 1, 3


class ServiceTitanSandbox:
    """A stand-in for ServiceTitan: token endpoint, lists, export feeds, leads, bookings, webhooks.

    `handle` is synchronous and pure in time and chance: all time is the clock's and all chance is
    the seed's, so the same calls give the same bytes.

    Attributes:
        tenants: by number.
        feeds: how export feeds behave.
        calls: how many calls came, by what was called.
        latency_s: how long each call takes.
        most_rows: the most rows on a page of a list.
        listed_after_s: how long after it was made lists show an object.
    """

    def __init__(self, clock: Callable[[], datetime], seed: int = 0) -> None:
        self._clock = clock
        self._seed = seed
        self.tenants: dict[str, Tenant] = {}
        self.feeds = FeedHabits()
        self.faults = Faults()
        self.limiter = Limiter()
        self.tokens = Tokens(self._chance("tokens"))
        self.webhooks = WebhookSender(self._chance("webhooks"))
        self.calls: Counter[str] = Counter()
        self.latency_s = 0.05
        self.most_rows = 5000
        self.listed_after_s = 0.0
        self._shuffling = self._chance("shuffle")
        self._businesses: dict[str, Business] = {}
        self._orders: dict[str, FeedOrder] = {}
        self._told: dict[str, int] = {}

    def add_tenant(
        self, name: str | None = None, *, scale: float = 1.0, sizes: Mapping[str, int] | None = None
    ) -> str:
        """Found a tenant; return its number.

        Args:
            name: what it is called.
            scale: how big it is; 1 is about 240 objects.
            sizes: how many objects of each kind it has; instead of `scale`.
        """
        tenant_id = str(_FIRST_TENANT + len(self.tenants))
        chance = self._chance(f"tenant {tenant_id}")
        tenant = Tenant(
            tenant_id,
            name or f"Tenant {tenant_id}",
            client_id=f"cid.{chance.getrandbits(64):016x}",
            client_secret=f"cs1.{chance.getrandbits(128):032x}",
        )
        if sizes is None:
            sizes = {kind: round(size * scale) for kind, size in DEFAULT_SIZES.items()}
        self.tenants[tenant_id] = tenant
        self._businesses[tenant_id] = Business(tenant, chance)
        self._businesses[tenant_id].found(sizes, self.now())
        self._orders[tenant_id] = FeedOrder(tenant)
        self._told[tenant_id] = len(tenant.versions)
        return tenant_id

    def now(self) -> datetime:
        """Return the vendor's time."""
        return self._clock().astimezone(UTC)

    def business(self, tenant_id: str) -> Business:
        """Return what lets things happen at a tenant; call `settle` afterwards."""
        return self._businesses[tenant_id]

    def churn(self, tenant_id: str, times: int = 1) -> None:
        """Let some things happen at a tenant now."""
        self.business(tenant_id).churn(times, self.now())
        self.settle()

    def settle(self) -> None:
        """Tell by webhooks what happened since the last time."""
        for tenant_id, tenant in self.tenants.items():
            first, self._told[tenant_id] = self._told[tenant_id], len(tenant.versions)
            for version in tenant.versions[first:]:
                self.webhooks.tell(tenant, version)

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        now = self.now()
        if request.path == FAULTS_PATH:
            return self.faults.control(request)
        if request.path.startswith(CONTROL_PATH):
            reply = control(request, self.tenants, self._businesses, now)
            self.settle()
            return reply
        fault = self.faults.draw(request.path, request.method)
        reply = (
            self._serve(request, now)
            if fault is None
            else spoiled(fault, lambda: self._serve(request, now))
        )
        self.settle()
        reply = SandboxReply(
            reply.status,
            reply.headers,
            reply.body,
            reply.delay_s + self.latency_s,
            reply.body_delay_s,
            reply.disconnect,
        )
        if fault is not None and fault.kind is FaultKind.WITHOUT_TIME:
            return reply
        return reply.with_headers(
            ("Date", format_datetime(now.replace(microsecond=0), usegmt=True))
        )

    def _serve(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        if request.path == TOKEN_PATH:
            self.calls["token"] += 1
            return self.tokens.issue(request, self.tenants, now)
        parts = request.path.strip("/").split("/")
        if len(parts) <= _TENANT or parts[_VERSION:_TENANT] != ["v2", "tenant"]:
            return problem(404, "The resource does not exist.")
        tenant = self.tenants.get(parts[_TENANT])
        refusal = self._refusal(request, tenant, now)
        if tenant is None or refusal is not None:
            return refusal or problem(404, "The resource does not exist.")
        return self._of_tenant(tenant, parts[_MODULE], parts[_TENANT + 1 :], request, now)

    def _refusal(
        self, request: SandboxRequest, tenant: Tenant | None, now: datetime
    ) -> SandboxReply | None:
        owner = self.tokens.tenant_of(request, now)
        params = request.params()
        key = request.headers.get("st-app-key", params.get("servicetitanapplicationkey", ""))
        if owner is None or key != APP_KEY:
            return problem(401, "Unauthorized")
        if tenant is None or tenant.tenant_id != owner:
            return problem(403, "The token is not one of this tenant's.")
        if not self.limiter.admit(owner, now):
            return throttled(1, with_header=True)
        return None

    def _of_tenant(
        self, tenant: Tenant, module: str, path: list[str], request: SandboxRequest, now: datetime
    ) -> SandboxReply:
        reply = None
        if request.method == "GET":
            reply = self._read(tenant, module, path, request.params(), now)
        elif request.method == "POST" and module == "crm":
            reply = self._create(tenant, path, request.body, now)
        return reply or problem(404, "The resource does not exist.")

    def _read(
        self, tenant: Tenant, module: str, path: list[str], params: dict[str, str], now: datetime
    ) -> SandboxReply | None:
        match path:
            case ["export", kind] | [("estimates" as kind), "export"] if (
                MODULES.get(kind) == module
            ):
                self.calls["export"] += 1
                order = self._orders[tenant.tenant_id]
                return export(order, kind, params, self.feeds, now, self._shuffling)
            case [kind] if MODULES.get(kind) == module:
                self.calls["list"] += 1
                return self._listing(tenant, kind, params, now)
            case ["booking-provider", provider, "bookings"] if module == "crm":
                self.calls["list"] += 1
                params = {**params, "bookingProviderId": provider}
                return self._listing(tenant, "bookings", params, now)
            case ["booking-provider-tags"] if module == "crm":
                self.calls["list"] += 1
                return ok({"data": list(tenant.provider_tags.values()), "hasMore": False})
            case [kind, object_id] if MODULES.get(kind) == module and kind != "invoices":
                self.calls["read"] += 1
                return single(tenant, kind, object_id)
        return None

    def _listing(
        self, tenant: Tenant, kind: str, params: dict[str, str], now: datetime
    ) -> SandboxReply:
        late_s = self.listed_after_s
        made_by = now - timedelta(seconds=late_s) if late_s else None
        return listing(tenant, kind, params, most_rows=self.most_rows, made_by=made_by)

    def _create(
        self, tenant: Tenant, path: list[str], body: bytes, now: datetime
    ) -> SandboxReply | None:
        match path:
            case ["leads"]:
                self.calls["create"] += 1
                return create_lead(tenant, body, now)
            case ["booking-provider", provider, "bookings"] if provider.isdigit():
                self.calls["create"] += 1
                return create_booking(tenant, provider, body, now)
            case ["booking-provider-tags"]:
                self.calls["create"] += 1
                return create_provider_tag(tenant, body, now)
        return None

    def _chance(self, purpose: str) -> Random:
        return Random(f"{self._seed} {purpose}")  # noqa: S311 - of a stand-in
