"""ServiceTitan on trial."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import msgspec

from actors.credential import Credential
from actors.events import CallMade
from actors.vendors.notice import WebhookDoor
from actors.vendors.servicetitan import FORM, ServiceTitan, ServiceTitanSettings, door
from daemon.config import Secret, ServiceTitanConfig
from daemon.sandbox.servicetitan import APP_KEY, TOKEN_PATH, FaultKind, ServiceTitanSandbox
from daemon.sandbox.servicetitan.faults import REFUSAL, WAIT_S
from daemon.sandbox.servicetitan.tenant import PROVIDER
from daemon.sandbox.transport import SandboxTransport
from support.conformance.trial import Bodies, Delivered, TriedWrite, Trouble, WriteTrouble
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from actors.settings import AccountSettings

ORIGIN = "http://servicetitan.sandbox"

_KINDS: Mapping[Trouble, FaultKind] = {
    Trouble.THROTTLED: FaultKind.THROTTLED_BY_TITLE,
    Trouble.DOWN: FaultKind.GATEWAY_502,
    Trouble.EMPTY: FaultKind.EMPTY_503,
    Trouble.RESET: FaultKind.RESET,
    Trouble.RESET_IN_BODY: FaultKind.RESET_IN_BODY,
    Trouble.PAGE_WITH_200: FaultKind.PAGE_WITH_200,
    Trouble.OTHER_SHAPE: FaultKind.OTHER_SHAPE,
    Trouble.TRUNCATED: FaultKind.TRUNCATED,
    Trouble.HANG: FaultKind.HANG,
    Trouble.TOKEN_REFUSED: FaultKind.UNAUTHORIZED,
}


_WRITES: Mapping[WriteTrouble, tuple[FaultKind, bool]] = {
    WriteTrouble.LOST: (FaultKind.RESET, True),
    WriteTrouble.CUT: (FaultKind.RESET_IN_BODY, True),
    WriteTrouble.LATE: (FaultKind.HANG, True),
    WriteTrouble.FAILED_AFTER: (FaultKind.PROBLEM_500, True),
    WriteTrouble.RUBBISH: (FaultKind.PAGE_WITH_200, True),
    WriteTrouble.FAILED_BEFORE: (FaultKind.GATEWAY_502, False),
    WriteTrouble.RESET_BEFORE: (FaultKind.RESET, False),
    WriteTrouble.THROTTLED: (FaultKind.THROTTLED, False),
    WriteTrouble.REFUSED: (FaultKind.REFUSED, False),
}


def app_settings(origin: str = ORIGIN) -> ServiceTitanSettings:
    """What reaches the sandbox at this address."""
    return ServiceTitanSettings(APP_KEY, f"{origin}{TOKEN_PATH}", origin)


class ServiceTitanTrial:
    """One app with tenants in the sandbox."""

    refusal = REFUSAL
    throttle_wait_s = float(WAIT_S)

    def __init__(self, clock: VirtualClock, listener: Callable[[CallMade], None]) -> None:
        self._clock = clock
        self.sandbox = ServiceTitanSandbox(clock.utc, seed=3)
        self.sandbox.feeds.page_rows = 7
        self.sandbox.feeds.recent_lag_s = 45.0
        self.sandbox.feeds.shuffle = True
        self.settings: AccountSettings = ServiceTitanConfig(app_key=Secret(APP_KEY)).account
        http = httpx.AsyncClient(transport=SandboxTransport(self.sandbox), trust_env=False)
        self.vendor = ServiceTitan(app_settings(), http, clock, listener)

    def found_company(self) -> str:
        tenant = self.sandbox.add_tenant()
        self.sandbox.tenants[tenant].lag_s = 240.0
        return tenant

    def grant(self, company: str) -> Mapping[str, object]:
        tenant = self.sandbox.tenants[company]
        return {
            "tenant_id": company,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
        }

    async def connect(self, company: str) -> Credential:
        grant = msgspec.convert(self.grant(company), FORM.grant)
        return await self.vendor.exchange(grant.proof, company)  # type: ignore[attr-defined]

    def truth(self, company: str, at: datetime | None = None) -> Bodies:
        truth = self.sandbox.tenants[company].truth(at)
        return {name: truth[name] for name in self.settings.object_types if truth[name]}

    def change(self, company: str) -> tuple[str, str]:
        return self._touch(company, "jobs", summary=f"Called at {self._clock.utc()}")

    def delete(self, company: str) -> tuple[str, str]:
        tenant = self.sandbox.tenants[company]
        object_id = min(tenant.objects["appointments"])
        tenant.delete("appointments", object_id, self._clock.utc())
        self.sandbox.settle()
        return "appointments", str(object_id)

    def switch_off(self, company: str) -> tuple[str, str]:
        return self._touch(company, "customers", active=False)

    def live_on(self, company: str) -> None:
        self.sandbox.churn(company, 3)

    def arrange(self, trouble: Trouble, times: int) -> None:
        self.sandbox.faults.add(_KINDS[trouble], "/v2/", times)

    def writes(self, company: str) -> Sequence[TriedWrite]:
        del company
        booking = {
            "booking_provider": str(PROVIDER),
            "source": "Web",
            "name": "Ada Park",
            "summary": "No hot water",
            "isFirstTimeClient": True,
        }
        lead = {"campaignId": 7, "summary": "No heat", "followUpDate": "2026-03-01T12:00:00Z"}
        return [
            TriedWrite("booking.create", booking, "name"),
            TriedWrite("lead.create", lead, "campaignId"),
        ]

    def arrange_writes(self, trouble: WriteTrouble, times: int) -> None:
        kind, takes_effect = _WRITES[trouble]
        add = self.sandbox.faults.add
        add(kind, "/crm/v2/", times, method="POST", takes_effect=takes_effect)

    def show_late(self, seconds: float) -> None:
        self.sandbox.listed_after_s = seconds

    def applied(self, company: str) -> Sequence[bytes]:
        return [write.body for write in self.sandbox.tenants[company].writes]

    def withdraw(self, company: str) -> None:
        self.sandbox.tenants[company].client_secret = "another"
        self.sandbox.tokens.end_all()

    def hurry(self) -> None:
        self.sandbox.latency_s = 0.0
        self.sandbox.feeds.page_rows = 2

    def violations(self) -> int:
        return sum(self.sandbox.limiter.violations.values())

    def door(self) -> WebhookDoor:
        return door(app_settings())

    def deliver(self, company: str) -> tuple[Delivered, str]:
        sender = self.sandbox.webhooks
        sender.turn_on()
        self.change(company)
        attempt = sender.due(self._clock.utc() + timedelta(seconds=1))
        assert attempt is not None
        sender.answered(attempt, 200, self._clock.utc())
        return Delivered(attempt.body, attempt.headers), sender.key

    def _touch(self, company: str, kind: str, **fields: object) -> tuple[str, str]:
        tenant = self.sandbox.tenants[company]
        object_id = max(tenant.objects[kind])
        tenant.change(kind, object_id, self._clock.utc(), **fields)
        self.sandbox.settle()
        return kind, str(object_id)
