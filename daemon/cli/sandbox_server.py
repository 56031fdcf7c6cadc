"""Serving the sandboxes by themselves, and telling how to use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import httpx
import yaml

from actors.clock import Clock
from daemon.cli.sandbox_section import housecall_section, sandbox_section, titan_section
from daemon.cli.shell import Shell
from daemon.cli.wording import count
from daemon.sandbox.housecallpro import HousecallProSandbox
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox
from daemon.sandbox.servicetitan import APP_KEY, ServiceTitanSandbox
from daemon.sandbox.side_by_side import SideBySide
from daemon.sandbox.webhook_carrier import AnyAttempt, Sender, carry_webhooks, over_http
from daemon.signals import Control, hear_signals

if TYPE_CHECKING:
    from daemon.sandbox.transport import Sandbox

TITAN = "servicetitan"
"""The segment of the address that ServiceTitan is below."""
HOUSECALL = "housecallpro"
"""The segment of the address that Housecall Pro is below."""

_COUNT_EVERY_S = 10.0
_QUICKBOOKS_HOOK, _TITAN_HOOK = "/webhooks/quickbooks", "/webhooks/servicetitan"
_HOUSECALL_HOOK = "/webhooks/housecallpro"


@dataclass(frozen=True, slots=True)
class Stands:
    """The stand-ins that are served together."""

    quickbooks: QuickBooksSandbox
    titan: ServiceTitanSandbox
    housecall: HousecallProSandbox

    def calls(self) -> tuple[int, int]:
        """Return how many calls came, and how many of them were over a limit."""
        books = self.quickbooks.statistics()
        calls = (books.calls, self.titan.calls, self.housecall.calls)
        over = sum(books.violations.values()) + sum(self.titan.limiter.violations.values())
        return sum(sum(each.values()) for each in calls), over + self.housecall.violations


def open_sandbox(
    clock: Clock, companies: int, scale: float, seed: int, grant_salt: str
) -> QuickBooksSandbox:
    """Return a stand-in for QuickBooks with so many companies in it."""
    vendor = QuickBooksSandbox(lambda: clock.now().utc, seed, grant_salt=grant_salt)
    for _ in range(companies):
        vendor.add_company(scale=scale)
    return vendor


def open_titan(clock: Clock, tenants: int, scale: float, seed: int) -> ServiceTitanSandbox:
    """Return a stand-in for ServiceTitan with so many tenants in it."""
    vendor = ServiceTitanSandbox(lambda: clock.now().utc, seed)
    for _ in range(tenants):
        vendor.add_tenant(scale=scale)
    return vendor


def open_housecall(clock: Clock, companies: int, scale: float, seed: int) -> HousecallProSandbox:
    """Return a stand-in for Housecall Pro with so many companies in it."""
    vendor = HousecallProSandbox(lambda: clock.now().utc, seed)
    vendor.per_minute = None
    for _ in range(companies):
        vendor.add_company(scale=scale)
    return vendor


def serve(
    shell: Shell, stands: Stands, host: str, port: int, webhook_url: str, *, as_json: bool
) -> None:
    """Serve until SIGTERM or Ctrl-C, and deliver webhooks to an address if there is one.

    Raises:
        OSError: it cannot listen there.
    """
    anyio.run(partial(_serve, shell, stands, host, port, webhook_url, as_json=as_json))


async def _serve(
    shell: Shell, stands: Stands, host: str, port: int, webhook_url: str, *, as_json: bool
) -> None:
    control = Control()
    below: dict[str, Sandbox] = {TITAN: stands.titan, HOUSECALL: stands.housecall}
    together = SideBySide(stands.quickbooks, below)
    async with (
        serve_sandbox(together, host=host, port=port) as url,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(hear_signals, control)
        if as_json:
            shell.output.json_line(_facts(stands, url))
        else:
            _explain(shell, stands, url)
        tasks.start_soon(_count_calls, shell, stands)
        if webhook_url:
            tasks.start_soon(_deliver, shell, stands.quickbooks.webhooks, webhook_url)
        if webhook_url.endswith(_QUICKBOOKS_HOOK):
            to_titan = f"{webhook_url.removesuffix(_QUICKBOOKS_HOOK)}{_TITAN_HOOK}"
            tasks.start_soon(_deliver, shell, stands.titan.webhooks, to_titan)
            to_housecall = f"{webhook_url.removesuffix(_QUICKBOOKS_HOOK)}{_HOUSECALL_HOOK}"
            tasks.start_soon(_deliver, shell, stands.housecall.webhooks, to_housecall)
        await control.stop.wait()
        tasks.cancel_scope.cancel()


async def _deliver(shell: Shell, sender: Sender[AnyAttempt], url: str) -> None:
    """Deliver one vendor's webhooks."""
    async with httpx.AsyncClient(trust_env=False) as client:
        await carry_webhooks(sender, lambda: shell.clock.now().utc, over_http(url, client))


async def _count_calls(shell: Shell, stands: Stands) -> None:
    """Say now and then how many calls came."""
    before, _ = stands.calls()
    while True:
        await anyio.sleep(_COUNT_EVERY_S)
        calls, violations = stands.calls()
        if calls > before:
            at = f"{shell.clock.now().utc:%H:%M:%S}"
            shell.output.message(
                f"{at} {count(calls - before, 'call')}, {violations} over the limits so far"
            )
        before = calls


def _facts(stands: Stands, url: str) -> dict[str, object]:
    vendor = stands.quickbooks
    app = next(iter(vendor.world.authorization.apps.values()))
    return {
        "url": url,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_verifier_token": vendor.webhooks.verifier_token,
        "companies": [
            {"realm_id": company.realm_id, "name": company.name}
            for company in vendor.world.companies.values()
        ],
        TITAN: {
            "url": f"{url}/{TITAN}",
            "app_key": APP_KEY,
            "webhook_key": stands.titan.webhooks.key,
            "tenants": [
                {
                    "tenant_id": tenant.tenant_id,
                    "client_id": tenant.client_id,
                    "client_secret": tenant.client_secret,
                }
                for tenant in stands.titan.tenants.values()
            ],
        },
        HOUSECALL: {
            "url": f"{url}/{HOUSECALL}",
            "companies": [
                {"company_id": each.company_id, "api_key": each.api_key}
                for each in stands.housecall.businesses.values()
            ],
        },
    }


def _explain(shell: Shell, stands: Stands, url: str) -> None:
    output = shell.output
    for line in _quickbooks_lines(stands.quickbooks, url):
        output.line(line, "" if line.startswith(" ") else "bold")
    for line in _titan_lines(stands.titan, f"{url}/{TITAN}"):
        output.line(line, "" if line.startswith(" ") else "bold")
    output.line(f"Housecall Pro sandbox at {url}/{HOUSECALL}", "bold")
    for business in stands.housecall.businesses.values():
        output.line(f"  company        {business.company_id}  {business.name}")
        output.line(f"    api key        {business.api_key}")
    snippet = {
        "vendors": {
            "quickbooks": sandbox_section(stands.quickbooks, url),
            TITAN: titan_section(stands.titan, f"{url}/{TITAN}"),
            HOUSECALL: housecall_section(f"{url}/{HOUSECALL}"),
        }
    }
    output.line("Put this into config.yaml:", "bold")
    output.block(yaml.safe_dump(snippet, sort_keys=False))
    first = next(iter(stands.quickbooks.world.companies))
    output.line("Then, in other terminals:", "bold")
    output.line("  syncline run")
    output.line(f'  curl -sL "$(syncline connect quickbooks)&realmId={first}"')
    output.line("  syncline connect servicetitan")
    output.line("  syncline connect housecallpro")
    output.line("  syncline status --watch")
    output.line("Ctrl-C ends it.", "dim")
    output.line(
        "It forgets everything when it ends: companies connected to it must be connected again "
        "after a restart.",
        "dim",
    )


def _quickbooks_lines(vendor: QuickBooksSandbox, url: str) -> Iterator[str]:
    app = next(iter(vendor.world.authorization.apps.values()))
    yield f"QuickBooks sandbox at {url}"
    yield f"  client id      {app.client_id}"
    yield f"  client secret  {app.client_secret}"
    yield f"  webhook token  {vendor.webhooks.verifier_token}"
    for realm_id, company in vendor.world.companies.items():
        objects = count(sum(len(rows) for rows in vendor.truth(realm_id).values()), "object")
        yield f"  company        {realm_id}  {company.name}, {objects}"


def _titan_lines(vendor: ServiceTitanSandbox, url: str) -> Iterator[str]:
    yield f"ServiceTitan sandbox at {url}"
    yield f"  app key        {APP_KEY}"
    yield f"  webhook key    {vendor.webhooks.key}"
    for tenant in vendor.tenants.values():
        objects = count(sum(len(rows) for rows in tenant.objects.values()), "object")
        yield f"  tenant         {tenant.tenant_id}  {objects}"
        yield f"    client id      {tenant.client_id}"
        yield f"    client secret  {tenant.client_secret}"
