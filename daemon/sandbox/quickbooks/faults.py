"""Faults on demand: what goes wrong, for which calls, how often, and what still took effect."""

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from msgspec.structs import replace

from daemon.sandbox.exchange import (
    Disconnect,
    SandboxReply,
    SandboxRequest,
    html_reply,
    json_reply,
)
from daemon.sandbox.quickbooks import fault_bodies
from daemon.sandbox.quickbooks.api_fault import (
    AUTHENTICATION,
    AUTHORIZATION,
    SERVICE,
    ApiFault,
    system_fault,
)
from daemon.sandbox.quickbooks.cdc import CdcMode
from daemon.sandbox.quickbooks.json_text import encode
from daemon.sandbox.quickbooks.limiter import ThrottleForm, throttled
from daemon.sandbox.quickbooks.routes import OAUTH_ROUTES, OWN_ROUTES, Route, Target
from daemon.sandbox.quickbooks.timestamps import envelope_time


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    HTML_503 = "html_503"
    EMPTY_502 = "empty_502"
    GATEWAY_TIMEOUT = "gateway_timeout"
    """504 with code 6002 in XML."""
    INTERNAL_3100 = "internal_3100"
    """500 with code 3100."""
    SYSTEM_10000 = "system_10000"
    """500, SystemFault 10000."""
    SPURIOUS_500 = "spurious_500"
    """400 with code 500, Unsupported Operation, for a good call."""
    UNAUTHORIZED = "unauthorized"
    """401 with code 3200, though the token is valid."""
    GENERAL_AUTHENTICATION = "general_authentication"
    """401 with code 100 in XML."""
    WRONG_CLUSTER = "wrong_cluster"
    """401 with code 130 in XML."""
    FORBIDDEN = "forbidden"
    """403 with code 3100."""
    LOWERCASE_FAULT = "lowercase_fault"
    """500 in the gateway's lower-case form."""
    BARE_FAULT = "bare_fault"
    """A validation fault without ``time`` and ``element``."""
    THROTTLE_XML = "throttle_xml"
    THROTTLE_JSON = "throttle_json"
    THROTTLE_HISTORIC = "throttle_historic"
    BACK_SOON = "back_soon"
    """The maintenance page with status 200."""
    FAULT_IN_200 = "fault_in_200"
    FAULT_IN_QUERY_RESPONSE = "fault_in_query_response"
    """A Fault inside QueryResponse, with status 200."""
    INVALID_GRANT = "invalid_grant"
    """The token host says the token is dead, though it is not."""
    RESET = "reset"
    """The connection is reset before a byte of the answer."""
    RESET_IN_BODY = "reset_in_body"
    """The connection is reset in the middle of the answer."""
    TRUNCATED = "truncated"
    """A complete answer whose JSON is cut."""
    SLOW_BODY = "slow_body"
    """The answer's body takes `Fault.delay_s`."""
    HANG = "hang"
    """The answer comes only after `Fault.delay_s`."""
    CDC_MISS_DELETE = "cdc_miss_delete"
    CDC_FALSE_DELETE = "cdc_false_delete"
    ITEM_FAULT = "item_fault"
    """One item of a batch is answered with SystemFault 10000; with `Fault.executed` it took effect."""
    ITEM_THROTTLED = "item_throttled"
    """One item of a batch is answered with a throttle, and not carried out."""
    ITEM_MISSING = "item_missing"
    """One item of a batch, carried out, is left out of the answer."""


_ALWAYS_EXECUTED = frozenset(
    {
        FaultKind.RESET_IN_BODY,
        FaultKind.TRUNCATED,
        FaultKind.SLOW_BODY,
        FaultKind.HANG,
        FaultKind.CDC_MISS_DELETE,
        FaultKind.CDC_FALSE_DELETE,
        FaultKind.ITEM_FAULT,
        FaultKind.ITEM_THROTTLED,
        FaultKind.ITEM_MISSING,
    }
)
ITEM_FAULTS = frozenset({FaultKind.ITEM_FAULT, FaultKind.ITEM_THROTTLED, FaultKind.ITEM_MISSING})
_SPARED = OAUTH_ROUTES | {Route.DISCOVERY, Route.KEYS}
_CDC_MODES = {
    FaultKind.CDC_MISS_DELETE: CdcMode.MISS_DELETE,
    FaultKind.CDC_FALSE_DELETE: CdcMode.FALSE_DELETE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to inject.

    Attributes:
        kind: What goes wrong.
        routes: The calls that it may hit, batches of such calls included; none means every call of
            the accounting API.
        realm_id: The company that it may hit; None means any.
        probability: Share of the matching calls that it hits.
        count: How often it hits before it is spent; None means no end.
        skip: How many matching calls pass unharmed first.
        executed: The call takes effect, and only its answer is spoiled: a reset after the
            commit, a rotation whose answer is lost, a 504 for a write that was made.
        delay_s: Seconds, for `FaultKind.HANG` and `FaultKind.SLOW_BODY`.
    """

    kind: FaultKind
    routes: frozenset[Route] = frozenset()
    realm_id: str | None = None
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    executed: bool = False
    delay_s: float = 120.0

    @property
    def takes_effect(self) -> bool:
        """Whether the call itself is carried out."""
        return self.executed or self.kind in _ALWAYS_EXECUTED

    @property
    def cdc_mode(self) -> CdcMode:
        """How truthfully change data capture answers under it."""
        return _CDC_MODES.get(self.kind, CdcMode.TRUE)

    def matches(self, target: Target) -> bool:
        """Return whether it may hit a call."""
        if self.realm_id is not None and self.realm_id != target.realm_id:
            return False
        if self.kind in _CDC_MODES:
            return target.route is Route.CDC
        if self.kind in ITEM_FAULTS and target.route is not Route.BATCH:
            return False
        if self.routes:
            # What may hit a write hits writes in a batch as well.
            return not self.routes.isdisjoint({target.route, *target.carries})
        return target.route not in _SPARED


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int | None
    skip: int


class FaultPlan:
    """The faults and outages that are set, and how often each kind has hit."""

    def __init__(self, chance: Random) -> None:
        self.fired: Counter[FaultKind] = Counter()
        self._chance = chance
        self._armed: dict[int, _Armed] = {}
        self._outages: dict[str | None, datetime | None] = {}
        self._last_number = 0

    def inject(self, fault: Fault) -> int:
        """Set a fault; return the number by which it is cleared."""
        self._last_number += 1
        self._armed[self._last_number] = _Armed(fault, fault.count, fault.skip)
        return self._last_number

    def clear(self, number: int | None = None) -> None:
        """Take away one fault, or all."""
        if number is None:
            self._armed.clear()
        else:
            self._armed.pop(number, None)

    def active(self) -> dict[int, Fault]:
        """Return the faults that are set, by number."""
        return {number: armed.fault for number, armed in self._armed.items()}

    def outage(self, realm_id: str | None = None, until: datetime | None = None) -> None:
        """Answer everything, or everything of one company, with 503 until an instant."""
        self._outages[realm_id] = until

    def end_outage(self, realm_id: str | None = None) -> None:
        """End the outage of everything, or of one company."""
        self._outages.pop(realm_id, None)

    def is_out(self, target: Target, now: datetime) -> bool:
        """Return whether a call falls into an outage."""
        if not self._outages:
            return False
        for scope in {None, target.realm_id}:
            if scope in self._outages:
                until = self._outages[scope]
                if until is None or now < until:
                    return True
                del self._outages[scope]
        return False

    def draw(self, target: Target) -> Fault | None:
        """Return the fault that hits this call, using up one of its hits."""
        if not self._armed or target.route in OWN_ROUTES:
            return None
        for number, armed in list(self._armed.items()):
            if armed.fault.matches(target) and self._hits(armed):
                self.fired[armed.fault.kind] += 1
                if armed.left is not None:
                    armed.left -= 1
                    if armed.left <= 0:
                        del self._armed[number]
                return armed.fault
        return None

    def _hits(self, armed: _Armed) -> bool:
        if armed.skip:
            armed.skip -= 1
            return False
        probability = armed.fault.probability
        return probability >= 1 or self._chance.random() < probability


def spoil(
    fault: Fault, reply: SandboxReply, request: SandboxRequest, now: datetime
) -> SandboxReply:
    """Return the answer that the caller gets instead of the true one."""
    if fault.kind in _BODIES:
        return _BODIES[fault.kind](now)
    if fault.kind is FaultKind.UNAUTHORIZED:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return fault_bodies.unauthorized(f"Token expired: {token[:50]}", now)
    delivery = _DELIVERIES.get(fault.kind)
    return reply if delivery is None else delivery(fault, reply)


_DELIVERIES: dict[FaultKind, Callable[[Fault, SandboxReply], SandboxReply]] = {
    FaultKind.RESET: lambda _, reply: replace(reply, disconnect=Disconnect.BEFORE_REPLY),
    FaultKind.RESET_IN_BODY: lambda _, reply: replace(reply, disconnect=Disconnect.DURING_BODY),
    FaultKind.TRUNCATED: lambda _, reply: replace(
        reply, body=reply.body[: len(reply.body) * 2 // 3]
    ),
    FaultKind.SLOW_BODY: lambda fault, reply: replace(reply, body_delay_s=fault.delay_s),
    FaultKind.HANG: lambda fault, reply: replace(reply, delay_s=reply.delay_s + fault.delay_s),
}


def _gateway_timeout(now: datetime) -> SandboxReply:
    fault = ApiFault("6002", "message=Gateway Timeout; statusCode=504", "", fault_type=SERVICE)
    return fault_bodies.xml_reply(504, fault, now)


def _internal_3100(now: datetime) -> SandboxReply:
    message = "message=InternalServerError; errorCode=003100; statusCode=500"
    return fault_bodies.gateway_reply(500, message, None, "3100", SERVICE, now)


def _system_10000(now: datetime) -> SandboxReply:
    return fault_bodies.fault_reply(system_fault(), now)


def _spurious_500(now: datetime) -> SandboxReply:
    fault = ApiFault("500", "Unsupported Operation", "Operation null is not supported.")
    return fault_bodies.fault_reply(fault, now)


def _general_authentication(now: datetime) -> SandboxReply:
    fault = ApiFault(
        "100",
        "General Authentication Error",
        "AuthenticationFailure: SRV-110, statusCode: 401",
        fault_type="AuthenticationFault",
    )
    return fault_bodies.xml_reply(401, fault, now)


def _wrong_cluster(now: datetime) -> SandboxReply:
    fault = ApiFault(
        "130",
        "Authorization Failure",
        "AuthorizationFailure: Wrong Cluster -11017, statusCode: 401",
        fault_type=AUTHORIZATION,
    )
    return fault_bodies.xml_reply(401, fault, now)


def _lowercase_fault(now: datetime) -> SandboxReply:
    message = "message=InternalServerError; errorCode=003200; statusCode=500"
    return fault_bodies.gateway_reply(500, message, "Unknown error", "3200", AUTHENTICATION, now)


def _bare_fault(now: datetime) -> SandboxReply:
    fault = ApiFault("2030", "Invalid ID", "Id should be a valid number.", timed=False)
    return fault_bodies.fault_reply(fault, now)


def _fault_in_200(now: datetime) -> SandboxReply:
    return replace(_system_10000(now), status=200)


def _fault_in_query_response(now: datetime) -> SandboxReply:
    text = "Error processing query"
    fault = fault_bodies.fault_document(ApiFault("4002", text, text, fault_type="Service"))
    return json_reply(200, encode({"QueryResponse": {"Fault": fault}, "time": envelope_time(now)}))


def _invalid_grant(_now: datetime) -> SandboxReply:
    return json_reply(400, b'{"error":"invalid_grant"}')


_BODIES: dict[FaultKind, Callable[[datetime], SandboxReply]] = {
    FaultKind.HTML_503: lambda _now: fault_bodies.service_unavailable(),
    FaultKind.EMPTY_502: lambda _now: SandboxReply(502),
    FaultKind.GATEWAY_TIMEOUT: _gateway_timeout,
    FaultKind.INTERNAL_3100: _internal_3100,
    FaultKind.SYSTEM_10000: _system_10000,
    FaultKind.SPURIOUS_500: _spurious_500,
    FaultKind.GENERAL_AUTHENTICATION: _general_authentication,
    FaultKind.WRONG_CLUSTER: _wrong_cluster,
    FaultKind.FORBIDDEN: fault_bodies.forbidden,
    FaultKind.LOWERCASE_FAULT: _lowercase_fault,
    FaultKind.BARE_FAULT: _bare_fault,
    FaultKind.THROTTLE_XML: lambda now: throttled(ThrottleForm.XML, now),
    FaultKind.THROTTLE_JSON: lambda now: throttled(ThrottleForm.JSON, now),
    FaultKind.THROTTLE_HISTORIC: lambda now: throttled(ThrottleForm.HISTORIC, now),
    FaultKind.BACK_SOON: lambda _now: html_reply(200, fault_bodies.BACK_SOON_PAGE),
    FaultKind.FAULT_IN_200: _fault_in_200,
    FaultKind.FAULT_IN_QUERY_RESPONSE: _fault_in_query_response,
    FaultKind.INVALID_GRANT: _invalid_grant,
}
