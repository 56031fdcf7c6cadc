"""What may be asked of a store.

Actors see `ActorStore` with its `Outbox` and `DriftLedger` and, where reads are metered, a `ReadLedger`; the daemon's
pages and commands see `Directory`, `ActionDirectory`, `DriftDirectory` and `JobBook`; who watches, `WatchStore`.

Every write is durable when it returns. `StoreUnavailableError` means that nothing was written and
the same call may be made again; `StaleEpochError` that the caller no longer owns the account. Any
method may raise the former.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from store.action_ports import ActionDirectory, Outbox
from store.change_ports import ChangeFeed
from store.drift import DriftDirectory, DriftLedger
from store.finance import FinanceStore
from store.history import ObjectHistory
from store.job_ports import JobBook
from store.models import (
    Account,
    ClaimedAccount,
    Cursor,
    HeldDeletes,
    ObjectFilter,
    ObjectRecord,
    OpenRefresh,
    PageApplied,
    PageWrite,
    SealedCredential,
    StoredObject,
    StoreHealth,
    StorePulse,
)
from store.notice import Notice, NoticesReceived
from store.read_ledger import ReadLedger
from store.verification import Certificate, HeldRow, NotedMend
from store.watch_ports import WatchStore


class ActorStore(Outbox, DriftLedger, Protocol):
    """What one account's actor reads and writes. Each write is fenced by the epoch of the claim."""

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take the account over.

        This raises its epoch, so that every earlier owner's writes are refused.

        Raises:
            UnknownAccountError: there is no such account.
            StaleEpochError: it is disconnected.
        """
        ...

    async def apply_page(self, page: PageWrite) -> PageApplied:
        """Store the page's objects, tombstones, cursors and watermark, in one piece.

        An object is written only when it is newer than or as old as what is stored *and* differs
        from it; each such difference is a change. The same page twice changes nothing the second
        time. A tombstone of an object that was never seen says nothing.

        What was held before is kept as a version of the past, what is older than what is held is
        noted as refused, and so is a claim that was denied. What is put right although the vendor
        did not change it is noted in the same piece, for a certificate to name.
        """
        ...

    async def deleted_ids(
        self, account_id: str, object_type: str, object_ids: Sequence[str]
    ) -> frozenset[str]:
        """Return those of the ids that the replica holds as deleted."""
        ...

    async def unseen(
        self, account_id: str, object_type: str, *, limit: int, after_id: str = ""
    ) -> Sequence[str]:
        """Return at most `limit` live ids behind `after_id`, in order, that the comparison did not meet."""
        ...

    async def unseen_count(self, account_id: str, object_type: str) -> int:
        """Return how many live ids the comparison under way did not come across."""
        ...

    async def live_among(self, account_id: str, object_type: str, object_ids: Sequence[str]) -> int:
        """Return how many of the ids the replica holds as not deleted."""
        ...

    async def live_count(self, account_id: str, object_type: str) -> int:
        """Return how many objects of the type the replica holds as not deleted."""
        ...

    async def held_deletes(self, account_id: str) -> Sequence[HeldDeletes]:
        """Return the account's deletes that wait for a person's word, by type."""
        ...

    async def unlike(
        self, account_id: str, object_type: str, records: Sequence[ObjectRecord]
    ) -> Mapping[str, HeldRow | None]:
        """Compare these records, all of one type, with what is held.

        Returns, by id, what is held instead of those that are not held just so; None for nothing.
        """
        ...

    async def unscanned(
        self, account_id: str, object_type: str, scanned: Collection[str]
    ) -> Sequence[HeldRow]:
        """Return what is held of the type as not deleted, besides these ids."""
        ...

    async def live_counts(self, account_id: str) -> Mapping[str, int]:
        """Return how many objects that are not deleted the replica holds, by object type."""
        ...

    async def strangers(self, account_id: str, object_types: Sequence[str]) -> Sequence[HeldRow]:
        """Return what is held of types that are neither among these nor were ever read.

        Nothing the vendor showed has brought such rows.
        """
        ...

    async def unnamed_mends(self, account_id: str) -> Sequence[NotedMend]:
        """Return what was put right and no certificate names, oldest first."""
        ...

    async def store_certificate(
        self, account_id: str, epoch: int, certificate: Certificate, mends_through: int = 0
    ) -> int:
        """Keep what a verification found, and note which requests it answers.

        Mends up to the number `mends_through` are noted as named by it. Returns its number; only the
        newest are kept.
        """
        ...

    async def certificate(self, account_id: str) -> Certificate | None:
        """Return what the account's last verification found; None before there was one."""
        ...

    async def begin_refresh(
        self, account_id: str, epoch: int, token_hash: str, at: datetime
    ) -> OpenRefresh:
        """Note durably that this refresh token is about to be spent.

        Counts up when the same token is tried again.
        """
        ...

    async def check_owner(self, account_id: str, epoch: int) -> None:
        """See that the account is still owned under this epoch, without writing anything."""
        ...

    async def finish_refresh(
        self, account_id: str, epoch: int, spent: str, credential: SealedCredential, at: datetime
    ) -> None:
        """Store the new tokens and end the journal's open entry, in one piece.

        `spent` is the hash of the token that was. An earlier owner cannot replace a token, but may
        deliver the answer to the very one that is still stored. Raises `StaleEpochError` then too,
        and fences off the present owner, who holds the old one.
        """
        ...

    async def require_reauthorization(
        self, account_id: str, epoch: int, cause: str, at: datetime
    ) -> None:
        """Note that only the owner can help, and why; ends the journal's open entry."""
        ...

    def health(self) -> StoreHealth:
        """Say whether the store takes writes.

        A store that had no room takes writes again once one commit as large as the one that had
        none succeeded; `check` tries that.
        """
        ...


class Directory(ChangeFeed, Protocol):
    """Accounts, and the data in them, for everybody but actors."""

    async def claim_shard(self, shard: int) -> Sequence[ClaimedAccount]:
        """Take over every account of the shard that is not disconnected, at once."""
        ...

    async def connect(
        self,
        vendor: str,
        external_account_id: str,
        name: str,
        credential: SealedCredential,
        at: datetime,
        new_id: str,
    ) -> tuple[Account, bool]:
        """Store a company and its tokens; return it and whether it is new (then under `new_id`).

        A known company keeps its id, its data, and its name if the new one is only its id there. It gets
        the new tokens, and is neither paused, disconnected nor in need of its owner any more. Whoever owned
        it is fenced off: the answer to a refresh still under way cannot replace the tokens. Claim it again.
        """
        ...

    async def accounts(self) -> Sequence[Account]:
        """Return every account, in the order of connecting, disconnected ones too."""
        ...

    async def account(self, account_id: str) -> Account:
        """Return one account.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def credential(self, account_id: str) -> SealedCredential | None:
        """Return the account's tokens, sealed; None once it is disconnected."""
        ...

    async def set_paused(self, account_id: str, *, paused: bool) -> Account:
        """Pause the account or let it go on.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def disconnect(self, account_id: str, *, purge: bool, at: datetime) -> None:
        """Forget the account's tokens and fence its actor off.

        With `purge`, forget all its data and the account too; the numbers of its changes are not
        given again. A purge that breaks off is finished by another; an account that is connected
        again after half of one has everything read and compared.

        Raises:
            UnknownAccountError: there is no such account.
            StaleEpochError: the company was connected again before all was forgotten.
        """
        ...

    async def request_rescan(self, account_id: str, object_types: Sequence[str]) -> None:
        """Note durably that these types shall be read from end to end again.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def request_verification(self, account_id: str, *, repair: bool) -> int:
        """Note durably that the account shall be verified; return the request's number.

        It is answered by a certificate whose `answers` is that number or a higher one.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def certificate(self, account_id: str) -> Certificate | None:
        """Return what the account's last verification found; None before there was one."""
        ...

    async def unnamed_mend_count(self, account_id: str) -> int:
        """Return how many rows were put right that no certificate names yet."""
        ...

    async def certified_at(self) -> Mapping[str, datetime]:
        """Return our time at which the last verification of each account ended."""
        ...

    async def cursors(self, account_id: str) -> Sequence[Cursor]:
        """Return the account's cursors, by object type."""
        ...

    async def live_counts(self, account_id: str) -> Mapping[str, int]:
        """Return how many objects that are not deleted the replica holds, by object type."""
        ...

    async def objects(self, wanted: ObjectFilter) -> Sequence[StoredObject]:
        """Return a page of objects in the order of their ids."""
        ...

    async def object(
        self, account_id: str, object_type: str, object_id: str
    ) -> StoredObject | None:
        """Return one object, a tombstone too, or None when it was never seen."""
        ...

    async def history(
        self, account_id: str, object_type: str, object_id: str, *, limit: int = 500
    ) -> ObjectHistory | None:
        """Return how one object came to be as it is held, or None when it was never seen.

        At most `limit` versions, the newest ones.
        """
        ...

    async def prune_history(self, before: datetime, *, limit: int) -> int:
        """Forget the oldest versions, refusals and mends that ended before then, `limit` of each.

        Returns how many; call it again while it is not 0. Unnamed mends are kept a year longer.
        """
        ...

    async def held_deletes(self, account_id: str) -> Sequence[HeldDeletes]:
        """Return the account's deletes that wait for a person's word, by type."""
        ...

    async def confirm_deletes(
        self, account_id: str, counts: Mapping[str, int], at: datetime
    ) -> Sequence[HeldDeletes]:
        """Note durably that held deletes may go: up to so many, by type.

        Returns those that this confirms; where more are held by now than are given, nothing is
        confirmed.
        """
        ...

    async def pulse(self, after: int, *, node: str | None = None) -> StorePulse:
        """Return what shows that the store is alive: the last pages, and the changes behind `after`.

        With a `node`, only pages of accounts whose shards it holds.
        """
        ...

    async def receive_notices(
        self, vendor: str, received: Sequence[Notice], at: datetime
    ) -> NoticesReceived:
        """Keep what is new of a delivery, in one piece; the same event again is not new.

        What is about companies that are not connected is not kept. Looks answer notices with
        `apply_page`; whoever claims an account learns which are open.
        """
        ...

    async def prune_notices(
        self, received_before: datetime, forgotten_before: datetime, *, limit: int
    ) -> int:
        """Forget at most `limit` old notices; return how many.

        Answered ones from before `received_before`, and open ones from before `forgotten_before`.
        """
        ...

    async def metadata(self, key: str) -> bytes | None:
        """Return a value that belongs to the store as a whole; None when it was never set."""
        ...

    async def set_metadata(self, key: str, value: bytes) -> None:
        """Store a value that belongs to the store as a whole."""
        ...

    async def reseal(
        self, rotate: Callable[[bytes], bytes], metadata_key: str, metadata_value: bytes
    ) -> int:
        """Replace all sealed tokens by what `rotate` makes of them, and store the value.

        Both in one piece. Returns how many tokens this changed. `rotate` may run on another thread.
        """
        ...

    def on_health(self, listener: Callable[[StoreHealth], None]) -> None:
        """Call the listener each time the store stops or resumes taking writes."""
        ...

    async def check(self) -> None:
        """Read, and write a trifle, to see that the store works.

        While there is no room, write as much as there was none for, to see whether there is now.

        Raises:
            StoreUnavailableError: it does not.
        """
        ...


class Store(
    ActorStore,
    Directory,
    ReadLedger,
    ActionDirectory,
    DriftDirectory,
    JobBook,
    WatchStore,
    Protocol,
):
    """A store as a whole."""

    @property
    def finance(self) -> FinanceStore:
        """What finance views are read from."""
        ...

    async def close(self) -> None:
        """Finish what was submitted, then let go of the database. May be called twice."""
        ...
