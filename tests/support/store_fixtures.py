"""What tests of the store write into it, and how they reach below it where a fault must be made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from store.models import (
    Change,
    ChangeFilter,
    CursorMove,
    ObjectFilter,
    ObjectRecord,
    PageWrite,
    SealedCredential,
    StoredObject,
    Tombstone,
    Via,
)
from store.ports import Store
from store.sqlite import SqliteStore, open_store
from store.sqlite.opening import Mode
from store.sqlite.session import Work
from support.ready_store import open_ready

if TYPE_CHECKING:
    from store.sqlite.writer import Writer

T = TypeVar("T")
Read = Callable[[str], list[tuple[Any, ...]]]
"""Asks the database as any reader could."""

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MODES: tuple[Mode, ...] = ("inline", "threaded")


def at(seconds: float) -> datetime:
    """Return an instant, counted from `START`."""
    return START + timedelta(seconds=seconds)


def credential(tag: str = "first") -> SealedCredential:
    """Return sealed tokens that can be told apart by their tag."""
    return SealedCredential(
        sealed=f"sealed {tag}".encode(),
        obtained_at=START,
        access_expires_at=at(3600),
        refresh_expires_at=at(100 * 86_400),
        refresh_hard_expires_at=None,
    )


def record(
    object_id: str,
    seconds: float = 0,
    *,
    object_type: str = "Invoice",
    version: str = "0",
    payload: bytes | None = None,
) -> ObjectRecord:
    """Return an object as it was read; what is not given follows from its key and time."""
    body = f'{{"Id":"{object_id}","at":{seconds}}}'.encode() if payload is None else payload
    return ObjectRecord(object_type, object_id, version, at(seconds), body)


def tombstone(
    object_id: str, seconds: float | None = None, *, object_type: str = "Invoice"
) -> Tombstone:
    """Return word that an object is gone."""
    return Tombstone(object_type, object_id, None if seconds is None else at(seconds))


def move(
    object_type: str = "Invoice",
    covered: float | None = None,
    *,
    position: str = "p",
    begins_comparison: bool = False,
    ends_comparison: bool = False,
) -> CursorMove:
    """Return a cursor's move; a covered type is complete."""
    return CursorMove(
        object_type,
        position,
        complete=covered is not None,
        covered_until=None if covered is None else at(covered),
        begins_comparison=begins_comparison,
        ends_comparison=ends_comparison,
    )


@dataclass(frozen=True, slots=True)
class Owned:
    """A connected company and the claim on it."""

    account_id: str
    epoch: int

    def page(
        self,
        *objects: ObjectRecord,
        tombstones: Sequence[Tombstone] = (),
        cursors: Sequence[CursorMove] = (),
        begins: Sequence[str] = (),
        seen: Sequence[tuple[str, str]] = (),
        object_types: Sequence[str] = ("Invoice",),
        via: Via = Via.POLL,
        observed: float = 0,
    ) -> PageWrite:
        """Return a page of this company's."""
        return PageWrite(
            account_id=self.account_id,
            epoch=self.epoch,
            via=via,
            observed_at=at(observed),
            object_types=object_types,
            objects=objects,
            tombstones=tombstones,
            cursors=cursors,
            begins=begins,
            seen=seen,
        )


async def own(store: Store, external_account_id: str = "realm-1") -> Owned:
    """Connect a company, whose id is `account of ...`, and claim it."""
    account, _ = await store.connect(
        "quickbooks",
        external_account_id,
        f"Company {external_account_id}",
        credential(),
        START,
        f"account of {external_account_id}",
    )
    claimed = await store.claim(account.id)
    return Owned(account.id, claimed.account.epoch)


async def all_objects(
    store: Store, account_id: str, object_type: str = "Invoice"
) -> dict[str, StoredObject]:
    """Return every object of the type, deleted ones too, by id."""
    wanted = ObjectFilter(account_id, object_type, include_deleted=True, limit=100_000)
    return {found.object_id: found for found in await store.objects(wanted)}


async def all_changes(store: Store, account_id: str | None = None) -> Sequence[Change]:
    """Return every change."""
    return await store.changes(ChangeFilter(limit=100_000, account_id=account_id))


def payloads(objects: Iterable[StoredObject]) -> list[bytes]:
    """Return the objects' bytes."""
    return [bytes(memoryview(found.payload)) for found in objects]


async def open_quick(path: Path, mode: Mode = "inline") -> SqliteStore:
    """Open a store that does not wait for the disk; a new one is there without migrating."""
    return await open_ready(path, mode=mode, busy_timeout_s=0)


async def open_fresh(path: Path, mode: Mode = "inline") -> SqliteStore:
    """Open a store as the daemon does, from no file on, but without waiting for the disk."""
    return await open_store(path, mode=mode, durable=False, busy_timeout_s=0)


async def on_writer(store: SqliteStore, work: Work[T]) -> T:
    """Run something on the writer's own connection, outside of transactions: break it, mend it."""
    writer = cast("Writer", store._writer)  # noqa: SLF001 - faults have no public door
    return await writer._database.run(work)  # noqa: SLF001
