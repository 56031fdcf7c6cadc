"""A relational store: says for each thing that may be asked which work runs where."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import anyio

from store.crash_points import Commit
from store.history import ObjectHistory
from store.models import (
    Account,
    Change,
    ChangeFilter,
    ClaimedAccount,
    Cursor,
    HeldDeletes,
    ObjectFilter,
    SealedCredential,
    StoredObject,
    StoreHealth,
    StorePulse,
)
from store.notice import Notice, NoticesReceived
from store.relational import (
    accounts,
    changes,
    claims,
    credentials,
    cursors,
    disconnecting,
    held_deletes,
    history,
    mends,
    metadata,
    notices,
    objects,
    ownership,
    pulse,
    verifications,
)
from store.relational.action_store import ActionStore
from store.relational.actor_store import RelationalActorStore
from store.relational.change_signal import ChangeSignal
from store.relational.drift_store import DriftStore
from store.relational.finance import RelationalFinance
from store.relational.job_store import RelationalJobStore
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.watch_store import RelationalWatchStore
from store.verification import Certificate


class RelationalStore(
    RelationalActorStore, ActionStore, DriftStore, RelationalWatchStore, RelationalJobStore
):
    """`store.ports.Store`, from its opening until `close` or the `async with` ends."""

    def __init__(
        self,
        writer: WriteRunner,
        readers: ReadRunner,
        signal: ChangeSignal,
        resources: AsyncExitStack,
    ) -> None:
        super().__init__(writer, readers)
        self._signal = signal
        self._resources = resources
        self._finance = RelationalFinance(writer, readers)

    @property
    def finance(self) -> RelationalFinance:
        """What finance views are read from."""
        return self._finance

    async def claim_shard(self, shard: int) -> Sequence[ClaimedAccount]:
        """Take over every account of the shard that is not disconnected."""
        return await self._writer.submit(
            partial(claims.claim_shard, shard=shard), commit=Commit.CLAIM
        )

    async def connect(
        self,
        vendor: str,
        external_account_id: str,
        name: str,
        credential: SealedCredential,
        at: datetime,
        new_id: str,
    ) -> tuple[Account, bool]:
        """Store a company and its tokens; return it and whether it is new."""
        return await self._writer.submit(
            lambda connection: ownership.connect(
                connection, vendor, external_account_id, name, credential, at, new_id
            ),
            commit=Commit.CONNECT,
        )

    async def accounts(self) -> Sequence[Account]:
        """Return every account, oldest first."""
        return await self._readers.run(accounts.read_accounts)

    async def account(self, account_id: str) -> Account:
        """Return one account."""
        return await self._readers.run(partial(accounts.read_account, account_id=account_id))

    async def credential(self, account_id: str) -> SealedCredential | None:
        """Return the account's tokens, sealed."""
        return await self._readers.run(partial(credentials.read_credential, account_id=account_id))

    async def set_paused(self, account_id: str, *, paused: bool) -> Account:
        """Pause the account or let it go on."""
        return await self._writer.submit(
            lambda connection: accounts.pause_account(connection, account_id, paused=paused),
            commit=Commit.PAUSE,
        )

    async def disconnect(self, account_id: str, *, purge: bool, at: datetime) -> None:
        """Forget the account's tokens and fence its actor off; with `purge`, forget it all."""
        epoch = await self._writer.submit(
            lambda connection: disconnecting.disconnect(connection, account_id, at, purge=purge),
            commit=Commit.DISCONNECT,
        )
        seq: int | None = 0 if purge else None
        while seq is not None:
            piece = partial(disconnecting.purge_piece, account_id=account_id, epoch=epoch, seq=seq)
            seq = await self._writer.submit(piece, commit=Commit.PURGE)

    async def request_rescan(self, account_id: str, object_types: Sequence[str]) -> None:
        """Note that these types shall be read from end to end again."""
        await self._writer.submit(
            lambda connection: cursors.request_rescan(connection, account_id, object_types),
            commit=Commit.RESCAN,
        )

    async def request_verification(self, account_id: str, *, repair: bool) -> int:
        """Note that the account shall be verified; return the request's number."""
        return await self._writer.submit(
            lambda connection: verifications.request_verification(
                connection, account_id, repair=repair
            ),
            commit=Commit.VERIFICATION_REQUESTED,
        )

    async def certificate(self, account_id: str) -> Certificate | None:
        """Return what the account's last verification found."""
        return await self._readers.run(
            partial(verifications.read_certificate, account_id=account_id)
        )

    async def unnamed_mend_count(self, account_id: str) -> int:
        """Return how many rows were put right that no certificate names yet."""
        return await self._readers.run(partial(mends.unnamed_count, account_id=account_id))

    async def certified_at(self) -> Mapping[str, datetime]:
        """Return when each account's last verification ended."""
        return await self._readers.run(verifications.read_certified_at)

    async def cursors(self, account_id: str) -> Sequence[Cursor]:
        """Return the account's cursors, by object type."""
        return await self._readers.run(partial(cursors.read_cursors, account_id=account_id))

    async def live_counts(self, account_id: str) -> Mapping[str, int]:
        """Return how many objects that are not deleted are held, by object type."""
        return await self._readers.run(partial(objects.live_counts, account_id=account_id))

    async def objects(self, wanted: ObjectFilter) -> Sequence[StoredObject]:
        """Return a page of objects in the order of their ids."""
        return await self._readers.run(partial(objects.read_objects, wanted=wanted))

    async def object(
        self, account_id: str, object_type: str, object_id: str
    ) -> StoredObject | None:
        """Return one object, a tombstone too, or None when it was never seen."""
        return await self._readers.run(
            lambda connection: objects.read_object(connection, account_id, object_type, object_id)
        )

    async def named_objects(
        self, account_id: str, refs: Sequence[tuple[str, str]]
    ) -> Sequence[StoredObject]:
        """Return those of the objects (type, id) that were ever seen, tombstones too."""
        return await self._readers.run(
            partial(objects.read_named, account_id=account_id, refs=refs)
        )

    async def history(
        self, account_id: str, object_type: str, object_id: str, *, limit: int = 500
    ) -> ObjectHistory | None:
        """Return how one object came to be as it is held, or None when it was never seen."""
        return await self._readers.run(
            lambda connection: history.read_history(
                connection, account_id, object_type, object_id, limit
            )
        )

    async def prune_history(self, before: datetime, *, limit: int) -> int:
        """Forget some of what ended before then; return how many rows that was."""
        return await self._writer.submit(
            lambda connection: history.prune_history(connection, before, limit),
            commit=Commit.PRUNED,
        )

    async def confirm_deletes(
        self, account_id: str, counts: Mapping[str, int], at: datetime
    ) -> Sequence[HeldDeletes]:
        """Note that held deletes may go, if they are no more than these; return those noted."""
        return await self._writer.submit(
            lambda connection: held_deletes.confirm_deletes(connection, account_id, counts, at),
            commit=Commit.DELETES_CONFIRMED,
        )

    async def changes(self, wanted: ChangeFilter) -> Sequence[Change]:
        """Return a page of changes in the order of `seq`."""
        return await self._readers.run(partial(changes.read_changes, wanted=wanted))

    async def last_seq(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        return await self._readers.run(changes.last_seq)

    async def changed(self, after: int) -> None:
        """Return as soon as there is a change behind `after`."""
        await self._signal.wait_beyond(after)

    async def changes_horizon(self) -> int:
        """Return the newest change that was forgotten for its age; 0 when none was."""
        return await self._readers.run(changes.horizon)

    async def prune_changes(self, before: datetime, *, limit: int) -> int:
        """Forget some of the oldest changes that nobody in the house needs; return how many."""
        return await self._writer.submit(
            lambda connection: changes.prune_changes(connection, before, limit),
            commit=Commit.PRUNED,
        )

    async def pulse(self, after: int, *, node: str | None = None) -> StorePulse:
        """Return the last pages, of one node or of all, and the changes behind `after`."""
        return await self._readers.run(partial(pulse.read_pulse, after=after, node=node))

    async def receive_notices(
        self, vendor: str, received: Sequence[Notice], at: datetime
    ) -> NoticesReceived:
        """Keep what is new of a delivery about connected companies, in one piece."""
        return await self._writer.submit(
            lambda connection: notices.receive_notices(connection, vendor, received, at),
            notices.notices_bytes(received),
            Commit.NOTICES_RECEIVED,
        )

    async def prune_notices(
        self, received_before: datetime, forgotten_before: datetime, *, limit: int
    ) -> int:
        """Forget some old notices; return how many."""
        return await self._writer.submit(
            lambda connection: notices.prune_notices(
                connection, received_before, forgotten_before, limit
            ),
            commit=Commit.PRUNED,
        )

    async def metadata(self, key: str) -> bytes | None:
        """Return a value that belongs to the store as a whole, if there is one."""
        return await self._readers.run(partial(metadata.read_metadata, key=key))

    async def set_metadata(self, key: str, value: bytes) -> None:
        """Store a value that belongs to the store as a whole."""
        await self._writer.submit(
            lambda connection: metadata.write_metadata(connection, key, value),
            len(value),
            Commit.METADATA,
        )

    async def reseal(
        self, rotate: Callable[[bytes], bytes], metadata_key: str, metadata_value: bytes
    ) -> int:
        """Seal all tokens anew and store the value, in one piece."""
        return await self._writer.submit(
            lambda connection: ownership.reseal(connection, rotate, metadata_key, metadata_value),
            commit=Commit.RESEAL,
        )

    def on_health(self, listener: Callable[[StoreHealth], None]) -> None:
        """Call the listener each time the store stops or resumes taking writes."""
        self._writer.on_health(listener)

    def health(self) -> StoreHealth:
        """Say whether the store takes writes."""
        return self._writer.health

    async def check(self) -> None:
        """Read, and write a trifle; after there was no room, as much as there was none for."""
        await self._readers.run(changes.last_seq)
        if wanted := self._writer.wanted_bytes:
            await self._writer.submit(partial(metadata.write_check, filler_bytes=wanted), wanted)
        await self._writer.submit(partial(metadata.write_check, filler_bytes=0))

    async def close(self) -> None:
        """Finish what was submitted, then let go of the database. May be called twice."""
        with anyio.CancelScope(shield=True):
            await self._resources.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
