"""One vendor on trial, a store, and a supervisor that keeps its companies in sync: the real parts.

Only the network is left out, and time is virtual.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar
from uuid import UUID

import anyio
import msgspec
from cryptography.fernet import Fernet

from actors import events
from actors.credential import Sealer
from actors.messages import ActionsWaiting, VerificationRequested
from actors.slots import PageSlots
from actors.status import AccountState
from actors.surroundings import Surroundings
from daemon.hosted import NotHostedError
from daemon.restart import RestartPolicy
from daemon.standing import standing
from daemon.supervisor import Supervisor
from store.action_models import Action, NewAction
from store.models import Account, Change, ChangeFilter, ObjectFilter
from store.sqlite import SqliteStore
from store.verification import Certificate
from support.conformance.trial import Bodies, Trial, TriedWrite
from support.conformance.trials import TRIALS
from support.ready_store import open_ready
from support.virtual_time import VirtualClock

Happening = TypeVar("Happening", bound=events.Event)


@dataclass
class TrialHouse:
    """All of it.

    Attributes:
        heard: what vendor and actors told.
        companies: the vendor's id of each account's company.
    """

    name: str
    clock: VirtualClock
    trial: Trial
    store: SqliteStore
    heard: list[events.Event]
    sealer: Sealer
    companies: dict[str, str] = field(default_factory=dict)
    supervisor: Supervisor | None = None
    random: Random = field(default_factory=lambda: Random(7))

    async def connect(self, company: str | None = None) -> str:
        """Connect a company, a new one by default; return the account's id."""
        company = company or self.trial.found_company()
        credential = await self.trial.connect(company)
        account, _ = await self.store.connect(
            self.name,
            company,
            company,
            self.sealer.seal(credential),
            self.clock.utc(),
            f"account-{company}",
        )
        self.companies[account.id] = company
        return account.id

    @asynccontextmanager
    async def syncing(self) -> AsyncIterator[None]:
        """Run a supervisor; at the end it is stopped in good order."""
        around = Surroundings(
            store=self.store,
            vendor=self.trial.vendor,
            settings=self.trial.settings,
            sealer=self.sealer,
            clock=self.clock,
            random=Random(2),
            slots=PageSlots(),
            listener=self.heard.append,
        )
        vendors, random = {self.name: around}, Random(1)
        self.supervisor = Supervisor(
            self.store, vendors, RestartPolicy(), self.clock, random, grace_s=300.0
        )
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.supervisor.run)
            try:
                yield
            except BaseException:
                tasks.cancel_scope.cancel()
                raise
            self.supervisor.stop()

    async def sync_for(self, seconds: float) -> None:
        """Sync for so long."""
        async with self.syncing():
            await anyio.sleep(seconds)

    async def sync_until_calls(self, calls: int) -> None:
        """Sync, and stop dead, in the middle of whatever is under way, after so many calls."""
        async with anyio.create_task_group() as tasks:
            begun = len(self.told(events.CallMade))

            async def sync() -> None:
                async with self.syncing():
                    await anyio.sleep_forever()

            tasks.start_soon(sync)
            while len(self.told(events.CallMade)) < begun + calls:  # noqa: ASYNC110 - in between calls
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    async def ask(self, account_id: str, wish: TriedWrite, *, key: str | None = None) -> str:
        """Store a user's write and tell the actor, if it runs; return the action's id."""
        body = msgspec.json.encode(wish.payload)
        new = NewAction(
            id=str(UUID(int=self.random.getrandbits(128), version=4)),
            account_id=account_id,
            action_type=wish.action_type,
            payload=body,
            fingerprint=body.decode(),
            idempotency_key=key,
            at=self.clock.utc(),
            allow_duplicate=True,
        )
        action, _ = await self.store.accept_action(new)
        with suppress(NotHostedError):
            if self.supervisor is not None:
                self.supervisor.post(account_id, ActionsWaiting())
        return action.id

    async def action(self, account_id: str, action_id: str) -> Action:
        found = await self.store.action(account_id, action_id)
        assert found is not None
        return found

    def effects(self, account_id: str, action_id: str) -> int:
        """Return how often the vendor carried an action out, by the mark in what was sent."""
        marks = (action_id.encode(), action_id.replace("-", "").encode())
        bodies = self.trial.applied(self.companies[account_id])
        return sum(any(mark in body for mark in marks) for body in bodies)

    async def account(self, account_id: str) -> Account:
        return await self.store.account(account_id)

    async def state(self, account_id: str) -> AccountState:
        assert self.supervisor is not None
        hosted = self.supervisor.hosted()[account_id]
        return standing(await self.account(account_id), hosted).state

    async def verified(self, account_id: str) -> Certificate:
        """Have everything compared with the vendor; within `syncing`."""
        number = await self.store.request_verification(account_id, repair=True)
        assert self.supervisor is not None
        self.supervisor.post(account_id, VerificationRequested(number, repair=True))
        with anyio.fail_after(6 * 3600.0):
            while True:
                found = await self.store.certificate(account_id)
                if found is not None and found.answers >= number:
                    return found
                await anyio.sleep(1.0)

    async def replica(self, account_id: str) -> Bodies:
        """Return the bytes that are held as not deleted."""
        found: dict[str, dict[str, bytes]] = {}
        for object_type in self.trial.settings.object_types:
            wanted = ObjectFilter(account_id, object_type, limit=1_000_000)
            if rows := await self.store.objects(wanted):
                found[object_type] = {row.object_id: bytes(row.payload) for row in rows}
        return found

    async def is_exact(self, account_id: str) -> bool:
        return await self.replica(account_id) == self.trial.truth(self.companies[account_id])

    async def changes(self, account_id: str) -> list[Change]:
        return list(await self.store.changes(ChangeFilter(account_id=account_id, limit=1_000_000)))

    def told(self, kind: type[Happening]) -> list[Happening]:
        return [event for event in self.heard if isinstance(event, kind)]


@asynccontextmanager
async def open_trial_house(name: str, path: Path) -> AsyncIterator[TrialHouse]:
    """Set it up, without a company."""
    clock, heard = VirtualClock(), list[events.Event]()
    async with await open_ready(path / "syncline.db") as store:
        trial = TRIALS[name](clock, heard.append)
        sealer = Sealer([Fernet.generate_key().decode()])
        try:
            yield TrialHouse(name, clock, trial, store, heard, sealer)
        finally:
            await trial.vendor.close()
