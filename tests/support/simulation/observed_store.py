"""The store as one process sees it: each commit is a moment to die at, to be refused, and to be checked."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from store.errors import StaleEpochError, StoreFullError
from store.models import (
    ClaimedAccount,
    HeldDeletes,
    ObjectRecord,
    OpenRefresh,
    PageApplied,
    PageWrite,
    SealedCredential,
    StoreHealth,
)
from store.notice import Notice, NoticesReceived
from store.sqlite import SqliteStore
from store.verification import Certificate, HeldRow, NotedMend
from support.simulation.doom import Doom, Moment
from support.simulation.observed_jobs import ObservedJobs
from support.simulation.observed_outbox import ObservedOutbox
from support.simulation.token_rules import TokenRules

Answer = TypeVar("Answer")


class Disk:
    """Where the store lies. While it is `full`, every write is refused."""

    full = False


class ObservedStore(ObservedOutbox, ObservedJobs):
    """What a supervisor and its actors ask of a store, passed on."""

    def __init__(
        self,
        store: SqliteStore,
        disk: Disk,
        doom: Doom,
        tokens: TokenRules,
        on_page: Callable[[str, PageApplied], None],
        on_certificate: Callable[[str, Certificate], None],
    ) -> None:
        self._store = store
        self._disk = disk
        self._doom = doom
        self._tokens = tokens
        self._on_page = on_page
        self._on_certificate = on_certificate

    async def claim_shard(self, shard: int) -> Sequence[ClaimedAccount]:
        return await self._write(lambda: self._store.claim_shard(shard))

    async def claim(self, account_id: str) -> ClaimedAccount:
        return await self._write(lambda: self._store.claim(account_id))

    async def apply_page(self, page: PageWrite) -> PageApplied:
        self._before()
        applied = await self._store.apply_page(page)
        self._on_page(page.account_id, applied)
        self._doom.reach(Moment.AFTER_COMMIT)
        return applied

    async def deleted_ids(
        self, account_id: str, object_type: str, object_ids: Sequence[str]
    ) -> frozenset[str]:
        return await self._store.deleted_ids(account_id, object_type, object_ids)

    async def unseen(
        self, account_id: str, object_type: str, *, limit: int, after_id: str = ""
    ) -> Sequence[str]:
        return await self._store.unseen(account_id, object_type, limit=limit, after_id=after_id)

    async def unseen_count(self, account_id: str, object_type: str) -> int:
        return await self._store.unseen_count(account_id, object_type)

    async def live_among(self, account_id: str, object_type: str, object_ids: Sequence[str]) -> int:
        return await self._store.live_among(account_id, object_type, object_ids)

    async def live_count(self, account_id: str, object_type: str) -> int:
        return await self._store.live_count(account_id, object_type)

    async def held_deletes(self, account_id: str) -> Sequence[HeldDeletes]:
        return await self._store.held_deletes(account_id)

    async def unlike(
        self, account_id: str, object_type: str, records: Sequence[ObjectRecord]
    ) -> Mapping[str, HeldRow | None]:
        return await self._store.unlike(account_id, object_type, records)

    async def unscanned(
        self, account_id: str, object_type: str, scanned: Collection[str]
    ) -> Sequence[HeldRow]:
        return await self._store.unscanned(account_id, object_type, scanned)

    async def live_counts(self, account_id: str) -> Mapping[str, int]:
        return await self._store.live_counts(account_id)

    async def certificate(self, account_id: str) -> Certificate | None:
        return await self._store.certificate(account_id)

    async def strangers(self, account_id: str, object_types: Sequence[str]) -> Sequence[HeldRow]:
        return await self._store.strangers(account_id, object_types)

    async def unnamed_mends(self, account_id: str) -> Sequence[NotedMend]:
        return await self._store.unnamed_mends(account_id)

    async def store_certificate(
        self, account_id: str, epoch: int, certificate: Certificate, mends_through: int = 0
    ) -> int:
        self._before()
        number = await self._store.store_certificate(account_id, epoch, certificate, mends_through)
        self._on_certificate(account_id, msgspec.structs.replace(certificate, number=number))
        self._doom.reach(Moment.AFTER_COMMIT)
        return number

    async def begin_refresh(
        self, account_id: str, epoch: int, token_hash: str, at: datetime
    ) -> OpenRefresh:
        self._before()
        entry = await self._store.begin_refresh(account_id, epoch, token_hash, at)
        self._tokens.journal_opened(account_id, token_hash)
        self._doom.reach(Moment.AFTER_COMMIT)
        return entry

    async def check_owner(self, account_id: str, epoch: int) -> None:
        await self._store.check_owner(account_id, epoch)

    async def finish_refresh(
        self, account_id: str, epoch: int, spent: str, credential: SealedCredential, at: datetime
    ) -> None:
        self._before()
        try:
            await self._store.finish_refresh(account_id, epoch, spent, credential, at)
        except StaleEpochError:
            if await self._store.credential(account_id) == credential:
                self._tokens.stored(account_id, credential)
            raise
        self._tokens.stored(account_id, credential)
        self._doom.reach(Moment.AFTER_COMMIT)

    async def require_reauthorization(
        self, account_id: str, epoch: int, cause: str, at: datetime
    ) -> None:
        self._before()
        await self._store.require_reauthorization(account_id, epoch, cause, at)
        self._tokens.owner_needed(account_id)
        self._doom.reach(Moment.AFTER_COMMIT)

    async def verification_reads(self, vendor: str) -> float:
        return await self._store.verification_reads(vendor)

    async def noted_reads(self, vendor: str, month: str) -> int:
        return await self._store.noted_reads(vendor, month)

    async def note_reads(self, vendor: str, month: str, count: int) -> int:
        return await self._write(lambda: self._store.note_reads(vendor, month, count))

    async def add_reads(self, vendor: str, month: str, by_account: Mapping[str, int]) -> None:
        await self._write(lambda: self._store.add_reads(vendor, month, by_account))

    async def account_reads(self, vendor: str, month: str, account_id: str) -> int:
        return await self._store.account_reads(vendor, month, account_id)

    async def receive_notices(
        self, vendor: str, received: Sequence[Notice], at: datetime
    ) -> NoticesReceived:
        return await self._write(lambda: self._store.receive_notices(vendor, received, at))

    def health(self) -> StoreHealth:
        if self._disk.full:
            return StoreHealth(writable=False, reason="no space left")
        return self._store.health()

    async def check(self) -> None:
        await self._write(self._store.check)

    async def _write(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        self._before()
        answer = await call()
        self._doom.reach(Moment.AFTER_COMMIT)
        return answer

    def _before(self) -> None:
        self._doom.reach(Moment.BEFORE_COMMIT)
        if self._disk.full:
            raise StoreFullError("no space left")
