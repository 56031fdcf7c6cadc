"""Housecall Pro on trial."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import httpx

from actors.credential import Credential
from actors.events import CallMade
from actors.vendors.housecallpro import HousecallPro, HousecallProSettings, door
from actors.vendors.notice import WebhookDoor
from daemon.config import HousecallProConfig
from daemon.sandbox.housecallpro import FaultKind, HousecallProSandbox
from daemon.sandbox.housecallpro.faults import REFUSAL
from daemon.sandbox.housecallpro.oauth import CLIENT_ID, CLIENT_SECRET, TOKEN_PATH
from daemon.sandbox.transport import SandboxTransport
from support.conformance.trial import Bodies, Delivered, TriedWrite, Trouble, WriteTrouble
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from actors.settings import AccountSettings

ORIGIN = "http://housecallpro.sandbox"

_KINDS: Mapping[Trouble, FaultKind] = {
    Trouble.THROTTLED: FaultKind.THROTTLED,
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
    WriteTrouble.FAILED_AFTER: (FaultKind.EMPTY_503, True),
    WriteTrouble.RUBBISH: (FaultKind.PAGE_WITH_200, True),
    WriteTrouble.FAILED_BEFORE: (FaultKind.GATEWAY_502, False),
    WriteTrouble.RESET_BEFORE: (FaultKind.RESET, False),
    WriteTrouble.THROTTLED: (FaultKind.THROTTLED, False),
    WriteTrouble.REFUSED: (FaultKind.REFUSED, False),
}


def api_settings(origin: str = ORIGIN) -> HousecallProSettings:
    """What reaches the sandbox at this address."""
    return HousecallProSettings(
        origin,
        token_url=f"{origin}{TOKEN_PATH}",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri="https://partner.example/back",
    )


class HousecallProTrial:
    """Companies in the sandbox, each with a key."""

    refusal = REFUSAL
    throttle_wait_s = 10.0

    def __init__(self, clock: VirtualClock, listener: Callable[[CallMade], None]) -> None:
        self._clock = clock
        self.sandbox = HousecallProSandbox(clock.utc, seed=3)
        self.sandbox.most_rows = 9
        self.settings: AccountSettings = HousecallProConfig().account
        http = httpx.AsyncClient(transport=SandboxTransport(self.sandbox), trust_env=False)
        self.vendor = HousecallPro(api_settings(), http, clock, listener)

    def found_company(self) -> str:
        return self.sandbox.add_company()

    def grant(self, company: str) -> Mapping[str, object]:
        return {"api_key": self.sandbox.businesses[company].api_key}

    async def connect(self, company: str) -> Credential:
        credential = await self.vendor.exchange(self.sandbox.businesses[company].api_key, "")
        assert credential.company == company
        return credential

    def truth(self, company: str, at: datetime | None = None) -> Bodies:
        truth = self.sandbox.businesses[company].truth(at)
        return {name: truth[name] for name in self.settings.object_types if truth[name]}

    def change(self, company: str) -> tuple[str, str]:
        return self._touch(company, "jobs", description=f"Called at {self._clock.utc()}")

    def delete(self, company: str) -> tuple[str, str]:
        business = self.sandbox.businesses[company]
        object_id = next(iter(business.objects["customers"]))
        business.delete("customers", object_id, self._clock.utc())
        return "customers", object_id

    def switch_off(self, company: str) -> tuple[str, str]:
        now = self._clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._touch(company, "jobs", work_status="pro canceled", deleted_at=now)

    def live_on(self, company: str) -> None:
        self.sandbox.churn(company, 2)

    def arrange(self, trouble: Trouble, times: int) -> None:
        self.sandbox.faults.add(_KINDS[trouble], "s", times)

    def writes(self, company: str) -> Sequence[TriedWrite]:
        del company
        customer = {"first_name": "Ada", "last_name": "Park", "mobile_number": "555 0100"}
        return [TriedWrite("lead.create", {"customer": customer, "note": "No heat"}, "customer")]

    def arrange_writes(self, trouble: WriteTrouble, times: int) -> None:
        kind, takes_effect = _WRITES[trouble]
        self.sandbox.faults.add(kind, "leads", times, method="POST", takes_effect=takes_effect)

    def show_late(self, seconds: float) -> None:
        self.sandbox.listed_after_s = seconds

    def applied(self, company: str) -> Sequence[bytes]:
        return [write.body for write in self.sandbox.businesses[company].writes]

    def withdraw(self, company: str) -> None:
        self.sandbox.businesses[company].api_key = "another"

    def hurry(self) -> None:
        self.sandbox.latency_s = 0.0
        self.sandbox.most_rows = 3

    def violations(self) -> int:
        return self.sandbox.violations

    def door(self) -> WebhookDoor:
        return door(api_settings())

    def deliver(self, company: str) -> tuple[Delivered, str]:
        sender = self.sandbox.webhooks
        sender.turn_on()
        self.change(company)
        self.sandbox.settle()
        attempt = sender.due(self._clock.utc())
        assert attempt is not None
        sender.answered(attempt, 200, self._clock.utc())
        return Delivered(attempt.body, attempt.headers), sender.secret

    def _touch(self, company: str, kind: str, **fields: object) -> tuple[str, str]:
        business = self.sandbox.businesses[company]
        object_id = list(business.objects[kind])[-1]
        business.change(kind, object_id, self._clock.utc(), **fields)
        return kind, object_id
