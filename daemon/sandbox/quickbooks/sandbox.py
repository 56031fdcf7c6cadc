"""The sandbox as one pure function from a request to a reply."""

import http
from collections.abc import Callable
from datetime import UTC, datetime

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.quickbooks.accounting_api import AccountingApi
from daemon.sandbox.quickbooks.api_fault import unknown_path
from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.control import DEFAULT_APP
from daemon.sandbox.quickbooks.control_http import ControlHttp
from daemon.sandbox.quickbooks.fault_bodies import fault_reply, service_unavailable
from daemon.sandbox.quickbooks.faults import Fault, spoil
from daemon.sandbox.quickbooks.grants import App
from daemon.sandbox.quickbooks.limiter import Limits
from daemon.sandbox.quickbooks.oauth_endpoints import OAuthEndpoints
from daemon.sandbox.quickbooks.read_meter import allowance_used_up
from daemon.sandbox.quickbooks.routes import (
    API_ROUTES,
    OAUTH_ROUTES,
    OWN_ROUTES,
    Route,
    Target,
    target_of,
)
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_us, http_date
from daemon.sandbox.quickbooks.vendor_acts import VendorActs

QBO_VERSION = "1988.128"
_THROTTLE_MARK = b"ThrottleExceeded"


class QuickBooksSandbox(VendorActs):
    """A stand-in for QuickBooks Online: authorization host and accounting API.

    `handle` is synchronous and pure in time and chance: all time is the clock's and all chance
    is the seed's, so the same calls give the same bytes. With another `grant_salt` only the codes
    and tokens differ: who has seen those of an earlier sandbox is not given them again.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        seed: int = 0,
        *,
        apps: tuple[App, ...] = (DEFAULT_APP,),
        behaviour: Behaviour | None = None,
        limits: Limits | None = Limits(),  # noqa: B008 - a frozen value
        grant_salt: str = "",
    ) -> None:
        super().__init__(
            clock, seed, apps=apps, behaviour=behaviour, limits=limits, grant_salt=grant_salt
        )
        self._api = AccountingApi(self.world)
        self._oauth = OAuthEndpoints(self.world)
        self._control = ControlHttp(self)

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        now = self.world.clock().astimezone(UTC)
        target = target_of(request)
        if target.route in OWN_ROUTES:
            return self._control.serve(request, now)
        self.world.calls[target.realm_id, target.route] += 1
        reply = self._answer(target, request, now)
        self.world.statuses[reply.status] += 1
        self.world.throttled += _THROTTLE_MARK in reply.body[:300]
        return reply.with_headers(*self._vendor_headers(now))

    def _answer(self, target: Target, request: SandboxRequest, now: datetime) -> SandboxReply:
        client_id = ""
        if target.route in API_ROUTES and target.realm_id:
            access = self._api.access(request)
            client_id = access.grant.client_id if access else ""
            is_batch = target.route is Route.BATCH
            if not self.world.limiter.admit(target.realm_id, client_id, now, is_batch=is_batch):
                return self.world.limiter.refusal(now)
            if not self.world.reads.admit(target, now):
                return allowance_used_up(now)
        if self.world.faults.is_out(target, now):
            return service_unavailable()
        fault = self.world.faults.draw(target)
        reply = self._faulted(fault, target, request, now)
        if latency_s := self._latency_s(target.route):
            reply = reply.later(latency_s)
        if client_id:
            duration_s = reply.delay_s + reply.body_delay_s
            self.world.limiter.occupy(target.realm_id, client_id, now, duration_s)
        return reply

    def _faulted(
        self, fault: Fault | None, target: Target, request: SandboxRequest, now: datetime
    ) -> SandboxReply:
        if fault is None:
            return self._serve(target, request, now)
        if not fault.takes_effect:
            return spoil(fault, SandboxReply(http.HTTPStatus.OK), request, now)
        reply = self._serve(target, request, now, fault)
        return spoil(fault, reply, request, now)

    def _serve(
        self, target: Target, request: SandboxRequest, now: datetime, fault: Fault | None = None
    ) -> SandboxReply:
        if target.route in API_ROUTES:
            if not target.realm_id:
                return fault_reply(unknown_path(request.path), now)
            return self._api.serve(target, request, now, fault)
        return self._oauth.serve(target.route, request, now)

    def _latency_s(self, route: Route) -> float:
        if route in OAUTH_ROUTES:
            return self.behaviour.token_latency_s
        low, high = self.behaviour.latency_s
        return self.world.chance("latency").uniform(low, high) if high else 0.0

    def _vendor_headers(self, now: datetime) -> tuple[tuple[str, str], ...]:
        seconds = epoch_us(now) // SECOND_US
        tid = f"1-{seconds:08x}-{self.world.chance('tid').getrandbits(96):024x}"
        return (
            ("Date", http_date(now)),
            ("intuit_tid", tid),
            ("QBO-Version", QBO_VERSION),
            ("Service-Time", "total=20, db=9"),
            ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
            ("Server", "envoy"),
        )
