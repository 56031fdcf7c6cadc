"""The vendor as a program: a sandbox whose companies change all the time, and which remembers who called.

Says on one line of standard output where it is, and serves until its standard input ends. Whoever
calls it by an address below `/from/NAME` is remembered as NAME with each token call. What is below
`/chaos` is for the chaos alone.
"""

import argparse
import hashlib
import sys
from datetime import datetime, timedelta
from random import Random

import anyio
import httpx
import msgspec

from actors.clock import SystemClock
from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.serve import serve_sandbox
from daemon.sandbox.webhook_carrier import Post, carry_webhooks
from support.chaos.vendor_words import (
    SIZES,
    Exchange,
    Facts,
    Ledger,
    Mood,
    PaymentMade,
)

_TOKEN_PATH = "/oauth2/v1/tokens/bearer"
_OK, _NOT_FOUND = 200, 404
_HOOK = "/webhooks/quickbooks"
_LOST = 0.02
"""So many answers to writes are lost, before or after they took effect."""


class ChaosVendor:
    """The sandbox, and a record of its token calls."""

    def __init__(self, seed: int, companies: int, token_life_s: int) -> None:
        self.mood = Mood()
        self._clock = SystemClock()
        self._random = Random(seed)
        behaviour = Behaviour(access_token_life_s=token_life_s, rotate_after_s=0)
        self.sandbox = QuickBooksSandbox(self.now, seed, behaviour=behaviour, limits=None)
        self.realms = [
            self.sandbox.add_company(name=f"Company {number}", sizes=SIZES)
            for number in range(companies)
        ]
        self._exchanges: list[Exchange] = []
        self._realm_of: dict[str, str] = {}

    def now(self) -> datetime:
        """Return the vendor's own time."""
        return self._clock.now().utc + timedelta(seconds=self.mood.ahead_s)

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        caller, path = "", request.path
        if path.startswith("/from/"):
            caller, _, rest = path.removeprefix("/from/").partition("/")
            path = f"/{rest}"
            request = msgspec.structs.replace(request, path=path)
        if path.startswith("/chaos/"):
            return self._control(path.removeprefix("/chaos/"), request)
        reply = self.sandbox.handle(request)
        if path == _TOKEN_PATH:
            self._note(caller, request, reply)
        return reply

    def act(self) -> None:
        """Have a user of some company do something inside the vendor's product."""
        self.sandbox.churn(self._random.choice(self.realms), 1)

    def _note(self, caller: str, request: SandboxRequest, reply: SandboxReply) -> None:
        spent = request.form().get("refresh_token")
        if spent is None and reply.status != _OK:
            return
        realm_id = "" if spent is None else self._realm_of.get(spent, "")
        if reply.status == _OK:
            issued = msgspec.json.decode(reply.body, type=_Issued)
            access = self.sandbox.world.authorization.access(issued.access_token)
            if access is not None:
                realm_id = access.grant.realm_id
            self._realm_of[issued.refresh_token] = realm_id
        if spent is not None:
            name = hashlib.sha256(spent.encode()).hexdigest()[:16]
            self._exchanges.append(
                Exchange(self._clock.now().utc, caller, realm_id, name, taken=reply.status == _OK)
            )

    def _control(self, what: str, request: SandboxRequest) -> SandboxReply:
        name, _, rest = what.partition("/")
        match name:
            case "mood":
                self._take_mood(msgspec.json.decode(request.body, type=Mood))
                return json_reply(_OK, b"{}")
            case "ledger":
                return json_reply(_OK, msgspec.json.encode(self._ledger()))
            case "truth":
                return json_reply(_OK, msgspec.json.encode(self.sandbox.truth(rest)))
            case "time":
                return json_reply(_OK, msgspec.json.encode(self.now()))
        return json_reply(_NOT_FOUND, b"{}")

    def _take_mood(self, mood: Mood) -> None:
        self.mood = mood
        self.sandbox.clear_faults()
        if mood.loses_answers:
            writes = frozenset({Route.WRITE})
            for executed in (True, False):
                self.sandbox.inject(
                    Fault(FaultKind.RESET, writes, probability=_LOST, executed=executed)
                )

    def _ledger(self) -> Ledger:
        statistics = self.sandbox.statistics()
        return Ledger(
            exchanges=self._exchanges,
            overlapping=statistics.refresh_traps,
            payments=[
                PaymentMade(write.at, write.realm_id, write.request_id or "", write.body.decode())
                for write in self.sandbox.applied_writes()
                if write.object_type == "Payment" and write.operation == "create"
            ],
            calls=sum(statistics.calls.values()),
            mutations=statistics.mutations,
            webhooks=dict(self.sandbox.webhooks.counts),
        )


class _Issued(msgspec.Struct):
    access_token: str
    refresh_token: str


async def _live(vendor: ChaosVendor) -> None:
    """Change something at the companies as often as the mood says."""
    while True:
        rate = vendor.mood.acts_per_s
        await anyio.sleep(1 / rate if rate else 0.1)
        if vendor.mood.acts_per_s:
            vendor.act()


def _to_any_node(vendor: ChaosVendor, client: httpx.AsyncClient) -> Post:
    """Return what delivers as through a balancer: to a node of chance, another where none listens."""

    async def post(body: bytes, headers: object) -> int | None:
        urls = vendor.mood.nodes
        for url in vendor._random.sample(urls, len(urls)):  # noqa: SLF001 - of this module
            try:
                reply = await client.post(f"{url}{_HOOK}", content=body, headers=headers, timeout=3)  # type: ignore[arg-type]
            except httpx.ConnectError:
                continue
            except httpx.HTTPError:
                return None
            return reply.status_code
        return None

    return post


async def _serve(vendor: ChaosVendor) -> None:
    app = next(iter(vendor.sandbox.world.authorization.apps.values()))
    hooks = vendor.sandbox.webhooks
    async with (
        serve_sandbox(vendor, compress=False) as url,
        httpx.AsyncClient(trust_env=False) as client,
        anyio.create_task_group() as tasks,
    ):
        facts = Facts(url, app.client_id, app.client_secret, hooks.verifier_token, vendor.realms)
        sys.stdout.write(f"{msgspec.json.encode(facts).decode()}\n")
        sys.stdout.flush()
        tasks.start_soon(_live, vendor)
        tasks.start_soon(carry_webhooks, hooks, vendor.now, _to_any_node(vendor, client))
        await anyio.to_thread.run_sync(sys.stdin.read)
        tasks.cancel_scope.cancel()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="support.chaos.vendor")
    parser.add_argument("--companies", type=int, required=True)
    parser.add_argument("--token-life", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    vendor = ChaosVendor(options.seed, options.companies, options.token_life)
    anyio.run(_serve, vendor)


if __name__ == "__main__":
    main()
