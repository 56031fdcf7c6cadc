"""Companies at the QuickBooks sandbox, a store, and a supervisor that keeps them in sync.

The real parts, in one process: only the network is left out, and time is virtual.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar, cast

import anyio
import httpx
import msgspec
from cryptography.fernet import Fernet

from actors import events
from actors.credential import Sealer
from actors.hearing import Hearing
from actors.mailbox import MailboxFullError
from actors.messages import ActionsWaiting, Message, RescanRequested
from actors.outage import Outage
from actors.settings import AccountSettings, CallLimits
from actors.slots import PageSlots
from actors.status import AccountState
from actors.surroundings import Surroundings
from actors.vendors.quickbooks import QuickBooks
from daemon.hosted import Hosted, NotHostedError
from daemon.restart import RestartPolicy
from daemon.sandbox.quickbooks import Behaviour, Limits, QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from daemon.standing import standing
from daemon.supervisor import Supervisor
from store.action_models import Action, NewAction
from store.models import Account, ObjectFilter
from store.sqlite import SqliteStore
from support.actor_house import TroubledStore
from support.quickbooks_replica import DEFAULT_TYPES, settings
from support.ready_store import open_ready
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from store.ports import ActorStore, Store

Bodies = Mapping[str, Mapping[str, bytes]]
Happening = TypeVar("Happening", bound=events.Event)

VENDOR = "quickbooks"
LIMITS = CallLimits(per_minute=500, per_second=10, in_flight=10, batches_per_minute=40)


@dataclass
class CompanyHouse:
    """All of it.

    Attributes:
        store: as actors and supervisor see it; it can be made to fail.
        heard: what vendor and actors told.
        realms: the vendor's id of each account's company.
        hearing: what is known of webhooks; None when there are none.
        listeners: who else is told what actors tell.
        outage: what actors are told of an incident of their vendor.
    """

    clock: VirtualClock
    sandbox: QuickBooksSandbox
    real_store: SqliteStore
    store: TroubledStore
    vendor: QuickBooks
    sealer: Sealer
    heard: list[events.Event]
    settings: AccountSettings
    realms: dict[str, str] = field(default_factory=dict)
    supervisor: Supervisor | None = None
    listeners: list[events.Listener] = field(default_factory=list)
    hearing: Hearing | None = None
    outage: Outage | None = None

    def hear(self, event: events.Event) -> None:
        """Keep what an actor tells, and pass it on."""
        self.heard.append(event)
        for listener in self.listeners:
            listener(event)

    async def connect(self, name: str = "Company", **sizes: int) -> str:
        """Add a company to the sandbox and connect it; return the account's id."""
        realm = self.sandbox.add_company(name=f"{name} {len(self.realms)}", sizes=sizes)
        return await self.connect_again(f"account-{len(self.realms) + 1}", realm)

    async def connect_again(self, account_id: str, realm: str) -> str:
        """Go through the owner's consent and store the tokens."""
        credential = await self.vendor.exchange(self.sandbox.issue_code(realm), realm)
        account, _ = await self.real_store.connect(
            VENDOR, realm, realm, self.sealer.seal(credential), self.clock.utc(), account_id
        )
        self.realms[account.id] = realm
        return account.id

    @asynccontextmanager
    async def syncing(self, *, grace_s: float = 30.0) -> AsyncIterator[Supervisor]:
        """Run a supervisor; at the end it is stopped in good order."""
        self.supervisor = Supervisor(
            cast("Store", self.store),
            {VENDOR: self.around},
            RestartPolicy(),
            self.clock,
            Random(1),
            grace_s=grace_s,
        )
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.supervisor.run)
            try:
                yield self.supervisor
            except BaseException:
                tasks.cancel_scope.cancel()
                raise
            self.supervisor.stop()

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            store=cast("ActorStore", self.store),
            vendor=self.vendor,
            settings=self.settings,
            sealer=self.sealer,
            clock=self.clock,
            random=Random(2),
            slots=PageSlots(),
            listener=self.hear,
            hearing=self.hearing,
            outage=self.outage,
        )

    async def ask(
        self,
        account_id: str,
        action_type: str,
        payload: Mapping[str, object],
        *,
        key: str | None = None,
        allow_duplicate: bool = True,
        at_once: bool = False,
    ) -> str:
        """Store a user's write and tell the actor, as the API does; return its id.

        With `at_once` it is asked for alone, and noted as being sent in the same commit if it can be.
        """
        body = msgspec.json.encode(payload)
        number = sum((await self.real_store.action_counts())[0].values()) + 1
        new = NewAction(
            id=f"00000000-0000-0000-0000-{number:012d}",
            account_id=account_id,
            action_type=action_type,
            payload=body,
            fingerprint=body.decode(),
            idempotency_key=key,
            at=self.clock.utc(),
            allow_duplicate=allow_duplicate,
        )
        actor = self.supervisor.actor(account_id) if self.supervisor and at_once else None
        taken = None if actor is None else await actor.take_in(new)
        if taken is None:
            action, _ = await self.real_store.accept_action(new)
            self.store.trouble_after("accept_action")
        else:
            action = taken.action
        with suppress(NotHostedError, MailboxFullError):
            self.tell(account_id, ActionsWaiting())
        return action.id

    async def action(self, account_id: str, action_id: str) -> Action:
        found = await self.real_store.action(account_id, action_id)
        assert found is not None
        return found

    def effects(self, account_id: str, action_id: str) -> int:
        """Return how often the vendor carried this action out."""
        writes = self.sandbox.applied_writes(self.realms[account_id])
        wanted = action_id.replace("-", "")
        return sum(is_by(write.request_id or "", wanted) for write in writes)

    def configure(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    def limit(self, per_minute: int, per_second: int, in_flight: int) -> None:
        """Set the vendor's limits, and tell the actors of them."""
        self.sandbox.set_limits(Limits(per_minute, per_second, in_flight))
        self.configure(limits=CallLimits(per_minute, per_second, in_flight, 40))

    def hosted(self, account_id: str) -> Hosted:
        assert self.supervisor is not None
        return self.supervisor.hosted()[account_id]

    def tell(self, account_id: str, message: Message) -> None:
        assert self.supervisor is not None
        self.supervisor.post(account_id, message)

    async def rescan(self, account_id: str, *object_types: str) -> None:
        """Ask for full readings, as the API does."""
        await self.real_store.request_rescan(account_id, object_types)
        self.tell(account_id, RescanRequested(object_types))

    async def account(self, account_id: str) -> Account:
        return await self.real_store.account(account_id)

    async def state(self, account_id: str) -> AccountState:
        return standing(await self.account(account_id), self.hosted(account_id)).state

    async def replica(self, account_id: str) -> Bodies:
        """Return the bytes that are held as not deleted, by type and id."""
        found: dict[str, dict[str, bytes]] = {}
        for object_type in self.settings.object_types:
            rows = await self.real_store.objects(
                ObjectFilter(account_id, object_type, limit=1_000_000)
            )
            if rows:
                found[object_type] = {row.object_id: bytes(row.payload) for row in rows}
        return found

    def truth(self, account_id: str) -> Bodies:
        """Return the bytes that the vendor shows now, of the configured types."""
        truth = self.sandbox.truth(self.realms[account_id])
        return {name: truth[name] for name in self.settings.object_types if truth.get(name)}

    async def is_exact(self, account_id: str) -> bool:
        return await self.replica(account_id) == self.truth(account_id)

    def told(self, kind: type[Happening]) -> list[Happening]:
        return [event for event in self.heard if isinstance(event, kind)]

    def calls(self) -> list[str]:
        """Return the operations that were called, in order."""
        return [event.operation for event in self.told(events.CallMade)]

    def now_s(self) -> float:
        return self.clock.now().monotonic_s


def is_by(request_id: str, action_id: str) -> bool:
    """Tell whether the write was made for the action, by itself or in a batch."""
    in_batch = request_id.startswith("b") and request_id.endswith(action_id[-10:])
    return in_batch or request_id.startswith(action_id)


@asynccontextmanager
async def open_company_house(
    path: Path,
    *,
    seed: int = 7,
    behaviour: Behaviour | None = None,
    object_types: Sequence[str] = DEFAULT_TYPES,
    poll_interval_s: float = 300.0,
    overlap_s: float = 120.0,
) -> AsyncIterator[CompanyHouse]:
    """Set it up, without a company."""
    clock, heard = VirtualClock(), list[events.Event]()
    sandbox = QuickBooksSandbox(
        clock.utc, seed, behaviour=behaviour or Behaviour(latency_s=(0.05, 0.3))
    )
    http = httpx.AsyncClient(transport=SandboxTransport(sandbox), trust_env=False)
    vendor = QuickBooks(replace(settings(), overlap_s=overlap_s), http, clock, heard.append)
    async with await open_ready(path / "syncline.db") as store:
        try:
            yield CompanyHouse(
                clock=clock,
                sandbox=sandbox,
                real_store=store,
                store=TroubledStore(store),
                vendor=vendor,
                sealer=Sealer([Fernet.generate_key().decode()]),
                heard=heard,
                settings=AccountSettings(
                    tuple(object_types),
                    poll_interval_s=poll_interval_s,
                    overlap_s=overlap_s,
                    limits=LIMITS,
                ),
            )
        finally:
            await vendor.close()
