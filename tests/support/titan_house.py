"""ServiceTitan beside QuickBooks in a house of the web tests: a second vendor, and its sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
import httpx

from actors.hearing import Hearing
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.base import Vendor
from actors.vendors.notice import WebhookDoor
from actors.vendors.servicetitan import ServiceTitan, door
from daemon.config import Secret
from daemon.deliveries import Receiver
from daemon.sandbox.servicetitan import ServiceTitanSandbox
from daemon.sandbox.transport import SandboxTransport
from support.conformance.servicetitan_trial import app_settings
from support.conformance.trial import Delivered
from support.web_house import WebHouse

TITAN_TYPES = ("customers", "jobs")


@dataclass
class TitanHouse:
    """The house, and the vendor's side."""

    web: WebHouse
    sandbox: ServiceTitanSandbox

    def keys(self, tenant_id: str) -> dict[str, str]:
        """Return what connects a tenant."""
        tenant = self.sandbox.tenants[tenant_id]
        return {
            "tenant_id": tenant_id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
        }

    def delivery(self, tenant_id: str) -> Delivered:
        """Change a job; return what the vendor delivers of it."""
        sender, tenant = self.sandbox.webhooks, self.sandbox.tenants[tenant_id]
        sender.turn_on()
        now = self.sandbox.now()
        tenant.change("jobs", max(tenant.objects["jobs"]), now, summary=f"Called at {now}")
        self.sandbox.settle()
        attempt = sender.due(now + timedelta(seconds=1))
        assert attempt is not None
        sender.answered(attempt, 200, now)
        return Delivered(attempt.body, attempt.headers)

    async def is_whole(self, account_id: str) -> None:
        """Wait until an account is exact."""
        with anyio.fail_after(10):
            while not await self._has_watermark(account_id):  # noqa: ASYNC110
                await anyio.sleep(0.01)

    async def _has_watermark(self, account_id: str) -> bool:
        return (await self.web.store.account(account_id)).exact_as_of is not None


@asynccontextmanager
async def with_servicetitan(
    web: WebHouse, types: tuple[str, ...] = TITAN_TYPES
) -> AsyncIterator[TitanHouse]:
    """Configure ServiceTitan as well."""
    sandbox = ServiceTitanSandbox(lambda: web.clock.now().utc, seed=5)
    sandbox.latency_s = 0.0
    http = httpx.AsyncClient(transport=SandboxTransport(sandbox))
    vendor = ServiceTitan(app_settings(), http, web.clock, web.heard.append)
    settings = AccountSettings(types, overlap_s=1.0)
    secret = Secret(sandbox.webhooks.key)
    await configure_also(web, vendor, settings, door(app_settings()), secret)
    yield TitanHouse(web, sandbox)
    await vendor.close()


async def configure_also(
    web: WebHouse, vendor: Vendor, settings: AccountSettings, entrance: WebhookDoor, secret: Secret
) -> None:
    """Configure another vendor, as a reload would."""
    template = next(iter(web.supervisor._surroundings.values()))  # noqa: SLF001
    hearing = Hearing(entrance.noticed_types)
    around = Surroundings(
        template.store,
        vendor,
        settings,
        web.sealer,
        web.clock,
        template.random,
        PageSlots(),
        web.heard.append,
        hearing=hearing,
    )
    web.vendors[vendor.name] = vendor  # type: ignore[assignment]
    web.settings[vendor.name] = settings
    web.receivers[vendor.name] = Receiver(entrance, secret, hearing, settings)
    await web.supervisor.reconfigure({vendor.name: around})
