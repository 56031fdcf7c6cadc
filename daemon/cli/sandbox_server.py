"""Serving a sandbox by itself, and telling how to use it."""

from functools import partial

import anyio
import httpx
import yaml

from actors.clock import Clock
from daemon.cli.sandbox_section import sandbox_section
from daemon.cli.shell import Shell
from daemon.cli.wording import count
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox
from daemon.sandbox.webhook_carrier import carry_webhooks, over_http
from daemon.signals import Control, hear_signals

_COUNT_EVERY_S = 10.0


def open_sandbox(
    clock: Clock, companies: int, scale: float, seed: int, grant_salt: str
) -> QuickBooksSandbox:
    """Return a stand-in for QuickBooks with so many companies in it."""
    vendor = QuickBooksSandbox(lambda: clock.now().utc, seed, grant_salt=grant_salt)
    for _ in range(companies):
        vendor.add_company(scale=scale)
    return vendor


def serve(
    shell: Shell,
    vendor: QuickBooksSandbox,
    host: str,
    port: int,
    webhook_url: str,
    *,
    as_json: bool,
) -> None:
    """Serve until SIGTERM or Ctrl-C, and deliver webhooks to an address if there is one.

    Raises:
        OSError: it cannot listen there.
    """
    anyio.run(partial(_serve, shell, vendor, host, port, webhook_url, as_json=as_json))


async def _serve(
    shell: Shell,
    vendor: QuickBooksSandbox,
    host: str,
    port: int,
    webhook_url: str,
    *,
    as_json: bool,
) -> None:
    control = Control()
    async with (
        serve_sandbox(vendor, host=host, port=port) as url,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(hear_signals, control)
        if as_json:
            shell.output.json_line(_facts(vendor, url))
        else:
            _explain(shell, vendor, url)
        tasks.start_soon(_count_calls, shell, vendor)
        if webhook_url:
            tasks.start_soon(_deliver, shell, vendor, webhook_url)
        await control.stop.wait()
        tasks.cancel_scope.cancel()


async def _deliver(shell: Shell, vendor: QuickBooksSandbox, url: str) -> None:
    """Deliver webhooks."""
    async with httpx.AsyncClient(trust_env=False) as client:
        await carry_webhooks(vendor.webhooks, lambda: shell.clock.now().utc, over_http(url, client))


async def _count_calls(shell: Shell, vendor: QuickBooksSandbox) -> None:
    """Say now and then how many calls came."""
    before = vendor.statistics()
    while True:
        await anyio.sleep(_COUNT_EVERY_S)
        now = vendor.statistics()
        calls = sum(now.calls.values()) - sum(before.calls.values())
        violations = sum(now.violations.values())
        if calls:
            at = f"{shell.clock.now().utc:%H:%M:%S}"
            shell.output.message(
                f"{at} {count(calls, 'call')}, {violations} over the limits so far"
            )
        before = now


def _facts(vendor: QuickBooksSandbox, url: str) -> dict[str, object]:
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
    }


def _explain(shell: Shell, vendor: QuickBooksSandbox, url: str) -> None:
    app = next(iter(vendor.world.authorization.apps.values()))
    snippet = {"vendors": {"quickbooks": sandbox_section(vendor, url)}}
    first = next(iter(vendor.world.companies))
    output = shell.output
    output.line(f"QuickBooks sandbox at {url}", "bold")
    output.line(f"  client id      {app.client_id}")
    output.line(f"  client secret  {app.client_secret}")
    output.line(f"  webhook token  {vendor.webhooks.verifier_token}")
    for realm_id, company in vendor.world.companies.items():
        objects = count(sum(len(rows) for rows in vendor.truth(realm_id).values()), "object")
        output.line(f"  company        {realm_id}  {company.name}, {objects}")
    output.line("Put this into config.yaml:", "bold")
    output.block(yaml.safe_dump(snippet, sort_keys=False))
    output.line("Then, in other terminals:", "bold")
    output.line("  syncline run")
    output.line(f'  curl -sL "$(syncline connect quickbooks)&realmId={first}"')
    output.line("  syncline status --watch")
    output.line("Ctrl-C ends it.", "dim")
    output.line(
        "It forgets everything when it ends: companies connected to it must be connected again "
        "after a restart.",
        "dim",
    )
