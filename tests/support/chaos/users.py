"""Users who ask any node for things, and ask again when they hear nothing."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import anyio
import httpx

from support.chaos.house import ChaosHouse

_WAIT_S = 3
_AGAIN_AFTER_S = (0.2, 1.5)
_ASKED_AGAIN = 0.2
"""So many ask for the same once more although they had their answer."""
_OTHER_CALLS = (
    ("GET", "/integrations/{}"),
    ("GET", "/integrations/{}/status"),
    ("GET", "/integrations/{}/objects/Invoice?limit=5"),
    ("GET", "/integrations/{}/actions?limit=5"),
    ("POST", "/integrations/{}/sync"),
    ("POST", "/integrations/{}/sync"),
    ("GET", "/health/summary"),
    ("GET", "/alerts"),
)
_LATE = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Accepted:
    """Something that a user was promised.

    Attributes:
        tag: stands in the payment, so that it can be counted at the vendor.
    """

    account_id: str
    action_id: str
    tag: str


@dataclass
class Users:
    """All of them.

    Attributes:
        accepted: what was promised to them.
        wrong: what they were told that cannot be.
        counts: what became of their calls.
        unsettled: tags of what they never had an answer to.
    """

    house: ChaosHouse
    accepted: list[Accepted] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    unsettled: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)

    async def want(self) -> None:
        """Have wishes until the run is over, and have each settled."""
        house, random = self.house, Random(self.house.plan.seed + 1)
        async with anyio.create_task_group() as tasks:
            while not house.is_over:
                await anyio.sleep(random.expovariate(house.plan.wishes_per_s))
                tasks.start_soon(self._wish, Random(random.getrandbits(64)))
                tasks.start_soon(self._look_around, Random(random.getrandbits(64)))

    async def _wish(self, random: Random) -> None:
        """Ask for one payment until somebody says what becomes of it."""
        house, tag = self.house, f"{random.getrandbits(60):015x}"
        account_id = random.choice(list(house.accounts.values()))
        wish = {
            "type": "payment.create",
            "payload": {
                "CustomerRef": {"value": str(random.randint(1, 8))},
                "TotalAmt": random.randint(1, 99_999) / 100,
                "PaymentRefNum": tag,
            },
            "idempotency_key": f"key-{tag}",
        }
        first = await self._settle(account_id, wish, tag, random)
        if first is not None and random.random() < _ASKED_AGAIN:
            second = await self._settle(account_id, wish, tag, random)
            if second is not None and second != first:
                self.wrong.append(f"one key, two actions: {first} and {second}")

    async def _settle(self, account_id: str, wish: object, tag: str, random: Random) -> str | None:
        """Ask again and again; return the action's id, or None when it was refused."""
        began_s = anyio.current_time()
        for _ in range(200):
            try:
                reply = await self.house.ask(
                    "POST", f"/integrations/{account_id}/actions?wait={_WAIT_S}", wish
                )
            except httpx.TransportError as error:
                self.counts[f"no answer ({type(error).__name__})"] += 1
                await anyio.sleep(random.uniform(*_AGAIN_AFTER_S))
                continue
            self.counts[f"answered {reply.status_code}"] += 1
            action_id = self._promised(reply)
            if action_id is not None:
                self.accepted.append(Accepted(account_id, action_id, tag))
                self.waits_s.append(anyio.current_time() - began_s)
                return action_id
            if reply.status_code not in _LATE | {409}:
                self.wrong.append(f"{tag}: {reply.status_code} {reply.text[:300]}")
                return None
            await anyio.sleep(random.uniform(*_AGAIN_AFTER_S))
        self.unsettled.append(tag)
        return None

    def _promised(self, reply: httpx.Response) -> str | None:
        if reply.is_success:
            return str(reply.json()["id"])
        document = _document(reply)
        if document.get("queued") is True or str(document.get("type")).endswith("duplicate-action"):
            return str(document["action_id"])
        return None

    async def _look_around(self, random: Random) -> None:
        """Read something, or have an account looked at: whatever comes is fine but a fault of ours."""
        method, path = random.choice(_OTHER_CALLS)
        account_id = random.choice(list(self.house.accounts.values()))
        try:
            reply = await self.house.ask(method, path.format(account_id))
        except httpx.TransportError:
            self.counts["other: no answer"] += 1
            return
        self.counts[f"other: {reply.status_code}"] += 1
        if reply.status_code not in {200, 202, 408, 409, 503}:
            self.wrong.append(f"{method} {path}: {reply.status_code} {reply.text[:300]}")


def _document(reply: httpx.Response) -> dict[str, str | bool]:
    try:
        found = reply.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
