"""A store, a scripted vendor and one connected company: all that an actor needs to run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TypeVar, cast

import anyio
from cryptography.fernet import Fernet

from actors import events
from actors.account import AccountActor, Ending
from actors.credential import Credential, Sealer
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from store.action_models import Action, Attempt, AttemptEnd, NewAction, TakenIn
from store.drift import Comparison, ComparisonNoted, DueComparison
from store.errors import StoreUnavailableError
from store.models import (
    Account,
    ClaimedAccount,
    HeldDeletes,
    ObjectFilter,
    ObjectRecord,
    OpenRefresh,
    PageApplied,
    PageWrite,
    SealedCredential,
    StoredObject,
    StoreHealth,
)
from store.ports import ActorStore, Store
from store.sqlite import SqliteStore
from store.verification import Certificate, HeldRow, NotedMend
from support.ready_store import open_ready
from support.scripted_vendor import ScriptedVendor
from support.virtual_time import VirtualClock

Answer = TypeVar("Answer")
Happening = TypeVar("Happening", bound=events.Event)

TYPES = ("Customer", "Invoice", "Item")
SEALER = Sealer([Fernet.generate_key().decode()])


def no_trouble(_operation: str) -> None:
    """Let the write pass."""


class TroubledStore:
    """The store as actors see it, failing when it is told to.

    Attributes:
        trouble: called with the method's name before it runs; may raise.
        trouble_after: the same, after it was made durable.
        latency_s: how long each call takes.
        late_s: how long after it was made durable its caller hears of it.
        refusal: why the store says that it takes no writes; None lets it speak for itself.
        log: the methods in the order they were called.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.trouble: Callable[[str], None] = no_trouble
        self.trouble_after: Callable[[str], None] = no_trouble
        self.latency_s = 0.0
        self.late_s = 0.0
        self.refusal: str | None = None
        self.log: list[str] = []

    async def claim(self, account_id: str) -> ClaimedAccount:
        return await self._pass("claim", lambda: self._store.claim(account_id))

    async def claim_shard(self, shard: int) -> Sequence[ClaimedAccount]:
        return await self._pass("claim_shard", lambda: self._store.claim_shard(shard))

    async def apply_page(self, page: PageWrite) -> PageApplied:
        return await self._pass("apply_page", lambda: self._store.apply_page(page))

    async def deleted_ids(
        self, account_id: str, object_type: str, object_ids: Sequence[str]
    ) -> frozenset[str]:
        return await self._pass(
            "deleted_ids", lambda: self._store.deleted_ids(account_id, object_type, object_ids)
        )

    async def unseen(
        self, account_id: str, object_type: str, *, limit: int, after_id: str = ""
    ) -> Sequence[str]:
        return await self._pass(
            "unseen",
            lambda: self._store.unseen(account_id, object_type, limit=limit, after_id=after_id),
        )

    async def unseen_count(self, account_id: str, object_type: str) -> int:
        return await self._pass(
            "unseen_count", lambda: self._store.unseen_count(account_id, object_type)
        )

    async def live_among(self, account_id: str, object_type: str, object_ids: Sequence[str]) -> int:
        return await self._pass(
            "live_among", lambda: self._store.live_among(account_id, object_type, object_ids)
        )

    async def live_count(self, account_id: str, object_type: str) -> int:
        count = self._store.live_count
        return await self._pass("live_count", lambda: count(account_id, object_type))

    async def held_deletes(self, account_id: str) -> Sequence[HeldDeletes]:
        return await self._pass("held_deletes", lambda: self._store.held_deletes(account_id))

    async def unlike(
        self, account_id: str, object_type: str, records: Sequence[ObjectRecord]
    ) -> Mapping[str, HeldRow | None]:
        unlike = self._store.unlike
        return await self._pass("unlike", lambda: unlike(account_id, object_type, records))

    async def unscanned(
        self, account_id: str, object_type: str, scanned: Collection[str]
    ) -> Sequence[HeldRow]:
        return await self._pass(
            "unscanned", lambda: self._store.unscanned(account_id, object_type, scanned)
        )

    async def live_counts(self, account_id: str) -> Mapping[str, int]:
        return await self._pass("live_counts", lambda: self._store.live_counts(account_id))

    async def strangers(self, account_id: str, object_types: Sequence[str]) -> Sequence[HeldRow]:
        found = self._store.strangers
        return await self._pass("strangers", lambda: found(account_id, object_types))

    async def unnamed_mends(self, account_id: str) -> Sequence[NotedMend]:
        return await self._pass("unnamed_mends", lambda: self._store.unnamed_mends(account_id))

    async def store_certificate(
        self, account_id: str, epoch: int, certificate: Certificate, mends_through: int = 0
    ) -> int:
        return await self._pass(
            "store_certificate",
            lambda: self._store.store_certificate(account_id, epoch, certificate, mends_through),
        )

    async def certificate(self, account_id: str) -> Certificate | None:
        return await self._pass("certificate", lambda: self._store.certificate(account_id))

    async def begin_refresh(
        self, account_id: str, epoch: int, token_hash: str, at: datetime
    ) -> OpenRefresh:
        return await self._pass(
            "begin_refresh", lambda: self._store.begin_refresh(account_id, epoch, token_hash, at)
        )

    async def check_owner(self, account_id: str, epoch: int) -> None:
        await self._pass("check_owner", lambda: self._store.check_owner(account_id, epoch))

    async def finish_refresh(
        self, account_id: str, epoch: int, spent: str, credential: SealedCredential, at: datetime
    ) -> None:
        finish = self._store.finish_refresh
        await self._pass("finish_refresh", lambda: finish(account_id, epoch, spent, credential, at))

    async def require_reauthorization(
        self, account_id: str, epoch: int, cause: str, at: datetime
    ) -> None:
        await self._pass(
            "require_reauthorization",
            lambda: self._store.require_reauthorization(account_id, epoch, cause, at),
        )

    async def open_actions(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str | None = None,
        without: Sequence[str] = (),
    ) -> Sequence[Action]:
        return await self._pass(
            "open_actions",
            lambda: self._store.open_actions(
                account_id, limit=limit, after_id=after_id, without=without
            ),
        )

    async def take_in(
        self, epoch: int, new: NewAction, attempt: Attempt, searched_from: datetime | None
    ) -> TakenIn:
        return await self._pass(
            "take_in", lambda: self._store.take_in(epoch, new, attempt, searched_from)
        )

    async def begin_attempt(
        self,
        account_id: str,
        epoch: int,
        action_id: str,
        attempt: Attempt,
        searched_from: datetime | None,
        *,
        known_attempts: int,
    ) -> bool:
        return await self._pass(
            "begin_attempt",
            lambda: self._store.begin_attempt(
                account_id, epoch, action_id, attempt, searched_from, known_attempts=known_attempts
            ),
        )

    async def end_attempt(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> bool:
        return await self._pass(
            "end_attempt", lambda: self._store.end_attempt(account_id, epoch, action_id, end)
        )

    async def close_action(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> None:
        await self._pass(
            "close_action", lambda: self._store.close_action(account_id, epoch, action_id, end)
        )

    async def next_comparison(self, account_id: str) -> datetime | None:
        return await self._pass("next_comparison", lambda: self._store.next_comparison(account_id))

    async def due_comparisons(
        self, account_id: str, at: datetime, *, limit: int
    ) -> Sequence[DueComparison]:
        return await self._pass(
            "due_comparisons", lambda: self._store.due_comparisons(account_id, at, limit=limit)
        )

    async def types_done_since(
        self, account_id: str, object_type: str, object_id: str, since: datetime
    ) -> Sequence[str]:
        return await self._pass(
            "types_done_since",
            lambda: self._store.types_done_since(account_id, object_type, object_id, since),
        )

    async def note_comparison(
        self, account_id: str, epoch: int, comparison: Comparison
    ) -> ComparisonNoted:
        return await self._pass(
            "note_comparison", lambda: self._store.note_comparison(account_id, epoch, comparison)
        )

    async def object(
        self, account_id: str, object_type: str, object_id: str
    ) -> StoredObject | None:
        return await self._pass(
            "object", lambda: self._store.object(account_id, object_type, object_id)
        )

    def health(self) -> StoreHealth:
        if self.refusal is None:
            return self._store.health()
        return StoreHealth(writable=False, reason=self.refusal)

    async def check(self) -> None:
        await self._pass("check", self._store.check)

    async def _pass(self, method: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        self.log.append(method)
        if self.latency_s:
            await anyio.sleep(self.latency_s)
        self.trouble(method)
        answer = await call()
        if self.late_s:
            await anyio.sleep(self.late_s)
        self.trouble_after(method)
        return answer


def full(_method: str) -> None:
    """Have no room for anything."""
    raise StoreUnavailableError("no space left")


@dataclass
class House:
    """One company, connected, and all around its actor."""

    clock: VirtualClock
    vendor: ScriptedVendor
    real_store: SqliteStore
    store: TroubledStore
    settings: AccountSettings
    account_id: str = ""
    heard: list[events.Event] = field(default_factory=list)
    slots: PageSlots = field(default_factory=PageSlots)
    seed: int = 0

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            store=cast("ActorStore", self.store),
            vendor=self.vendor,
            settings=self.settings,
            sealer=SEALER,
            clock=self.clock,
            random=Random(self.seed),
            slots=self.slots,
            listener=self.heard.append,
        )

    @property
    def whole_store(self) -> Store:
        """The troubled store, where a whole one is wanted for the few things that actors need."""
        return cast("Store", self.store)

    async def connect(
        self, external_account_id: str = "1", credential: Credential | None = None
    ) -> str:
        account, _ = await self.real_store.connect(
            self.vendor.name,
            external_account_id,
            "Company",
            SEALER.seal(credential or self.vendor.issue()),
            self.clock.utc(),
            f"account-{external_account_id}",
        )
        return account.id

    async def actor(self, *, first_look_in_s: float = 0.0) -> AccountActor:
        claimed = await self.real_store.claim(self.account_id)
        return AccountActor(claimed, self.around, first_look_in_s=first_look_in_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Run"]:
        """Run the actor; it is cancelled at the end if it has not ended by itself."""
        async with anyio.create_task_group() as tasks:
            run = Run(await self.actor())
            tasks.start_soon(run.go)
            yield run
            tasks.cancel_scope.cancel()

    async def replica(self) -> dict[str, dict[str, bytes]]:
        """Return the bytes that are held as not deleted, by type and id."""
        found: dict[str, dict[str, bytes]] = {}
        for object_type in self.settings.object_types:
            wanted = ObjectFilter(self.account_id, object_type, limit=100_000)
            rows = await self.real_store.objects(wanted)
            if rows:
                found[object_type] = {row.object_id: bytes(row.payload) for row in rows}
        return found

    def truth(self) -> Mapping[str, Mapping[str, bytes]]:
        return {name: rows for name, rows in self.vendor.bodies().items() if rows}

    async def is_exact(self) -> bool:
        return await self.replica() == self.truth()

    async def account(self) -> Account:
        return await self.real_store.account(self.account_id)

    def told(self, kind: type[Happening]) -> list[Happening]:
        return [event for event in self.heard if isinstance(event, kind)]

    def now_s(self) -> float:
        return self.clock.now().monotonic_s

    def configure(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]


@dataclass
class Run:
    """One run of an actor."""

    actor: AccountActor
    _ending: Ending | None = None

    async def go(self) -> None:
        self._ending = await self.actor.run()

    def ended_by(self) -> Ending | None:
        """Say why it ended by itself; None while it has not."""
        return self._ending


@asynccontextmanager
async def open_house(path: Path) -> AsyncIterator[House]:
    """Set up an empty company, connected."""
    clock = VirtualClock()
    async with await open_ready(path / "syncline.db") as store:
        house = House(
            clock=clock,
            vendor=ScriptedVendor(clock),
            real_store=store,
            store=TroubledStore(store),
            settings=AccountSettings(object_types=TYPES, overlap_s=0.0),
        )
        house.account_id = await house.connect()
        yield house
