"""QuickBooks on trial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from actors.credential import Credential
from actors.events import CallMade
from actors.vendors.notice import WebhookDoor
from actors.vendors.quickbooks import QuickBooks, door
from daemon.config import QuickBooksConfig, Secret
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.transport import SandboxTransport
from support.conformance.trial import Bodies, Delivered, TriedWrite, Trouble, WriteTrouble
from support.quickbooks_replica import settings as sandbox_settings
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from actors.settings import AccountSettings

_KINDS: Mapping[Trouble, FaultKind] = {
    Trouble.THROTTLED: FaultKind.THROTTLE_XML,
    Trouble.DOWN: FaultKind.HTML_503,
    Trouble.EMPTY: FaultKind.EMPTY_502,
    Trouble.RESET: FaultKind.RESET,
    Trouble.RESET_IN_BODY: FaultKind.RESET_IN_BODY,
    Trouble.PAGE_WITH_200: FaultKind.BACK_SOON,
    Trouble.OTHER_SHAPE: FaultKind.FAULT_IN_200,
    Trouble.TRUNCATED: FaultKind.TRUNCATED,
    Trouble.HANG: FaultKind.HANG,
    Trouble.TOKEN_REFUSED: FaultKind.UNAUTHORIZED,
}


_WRITES: Mapping[WriteTrouble, tuple[FaultKind, bool]] = {
    WriteTrouble.LOST: (FaultKind.RESET, True),
    WriteTrouble.CUT: (FaultKind.RESET_IN_BODY, True),
    WriteTrouble.LATE: (FaultKind.HANG, True),
    WriteTrouble.FAILED_AFTER: (FaultKind.HTML_503, True),
    WriteTrouble.RUBBISH: (FaultKind.BACK_SOON, True),
    WriteTrouble.FAILED_BEFORE: (FaultKind.HTML_503, False),
    WriteTrouble.RESET_BEFORE: (FaultKind.RESET, False),
    WriteTrouble.THROTTLED: (FaultKind.THROTTLE_XML, False),
    WriteTrouble.REFUSED: (FaultKind.BARE_FAULT, False),
}


class QuickBooksTrial:
    """One app with companies in the sandbox."""

    refusal = "Id should be a valid number"
    throttle_wait_s = 60.0

    def __init__(self, clock: VirtualClock, listener: Callable[[CallMade], None]) -> None:
        self._clock = clock
        self.sandbox = QuickBooksSandbox(
            clock.utc, seed=3, behaviour=Behaviour(latency_s=(0.05, 0.3))
        )
        config = QuickBooksConfig(client_id="a", client_secret=Secret("b"))
        self.settings: AccountSettings = config.account
        app = replace(sandbox_settings(), overlap_s=self.settings.overlap_s)
        http = httpx.AsyncClient(transport=SandboxTransport(self.sandbox), trust_env=False)
        self.vendor = QuickBooks(app, http, clock, listener)

    def found_company(self) -> str:
        return self.sandbox.add_company(scale=0.4)

    def grant(self, company: str) -> Mapping[str, object]:
        return {"authorization_code": self.sandbox.issue_code(company), "realm_id": company}

    async def connect(self, company: str) -> Credential:
        return await self.vendor.exchange(self.sandbox.issue_code(company), company)

    def truth(self, company: str, at: datetime | None = None) -> Bodies:
        truth = self.sandbox.truth(company, at)
        return {name: truth[name] for name in self.settings.object_types if truth.get(name)}

    def change(self, company: str) -> tuple[str, str]:
        return self._touch(company, "Customer", {"Notes": f"Called at {self._clock.utc()}"})

    def delete(self, company: str) -> tuple[str, str]:
        object_id = min(self.sandbox.truth(company)["Payment"])
        self.sandbox.delete(company, "Payment", object_id)
        return "Payment", object_id

    def switch_off(self, company: str) -> tuple[str, str]:
        return self._touch(company, "Item", {"Active": False})

    def live_on(self, company: str) -> None:
        self.sandbox.churn(company, 3)

    def arrange(self, trouble: Trouble, times: int) -> None:
        self.sandbox.inject(Fault(_KINDS[trouble], count=times))

    def writes(self, company: str) -> Sequence[TriedWrite]:
        customer = min(self.sandbox.truth(company)["Customer"], key=int)
        payment = {"CustomerRef": {"value": customer}, "TotalAmt": 1.25}
        return [TriedWrite("payment.create", payment, "TotalAmt")]

    def arrange_writes(self, trouble: WriteTrouble, times: int) -> None:
        kind, executed = _WRITES[trouble]
        writes = frozenset({Route.WRITE})
        self.sandbox.inject(Fault(kind, routes=writes, count=times, executed=executed))

    def show_late(self, seconds: float) -> None:
        self.sandbox.behaviour.commit_delay_s = (seconds, seconds)

    def applied(self, company: str) -> Sequence[bytes]:
        return [write.body for write in self.sandbox.applied_writes(company)]

    def withdraw(self, company: str) -> None:
        self.sandbox.disconnect(company)

    def hurry(self) -> None:
        self.sandbox.behaviour.latency_s = (0.0, 0.0)

    def violations(self) -> int:
        return sum(self.sandbox.statistics().violations.values())

    def door(self) -> WebhookDoor:
        return door(sandbox_settings())

    def deliver(self, company: str) -> tuple[Delivered, str]:
        sender = self.sandbox.webhooks
        sender.turn_on()
        self.change(company)
        attempt = sender.due(self._clock.utc() + timedelta(seconds=1))
        assert attempt is not None
        sender.answered(attempt, 200, self._clock.utc())
        return Delivered(attempt.body, attempt.headers), sender.verifier_token

    def _touch(
        self, company: str, object_type: str, changes: Mapping[str, object]
    ) -> tuple[str, str]:
        object_id = max(self.sandbox.truth(company)[object_type])
        self.sandbox.update(company, object_type, object_id, changes)
        return object_type, object_id
