"""What actors ask of a relational store: says for each which work runs where."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from store.crash_points import Commit
from store.errors import StaleEpochError
from store.models import (
    ClaimedAccount,
    HeldDeletes,
    ObjectRecord,
    OpenRefresh,
    PageApplied,
    PageWrite,
    SealedCredential,
)
from store.relational import (
    accounts,
    claims,
    comparison,
    held,
    held_deletes,
    mends,
    objects,
    ownership,
    pages,
    reads,
    verifications,
)
from store.relational.runners import ReadRunner, WriteRunner
from store.verification import Certificate, HeldRow, NotedMend


class RelationalActorStore:
    """`store.ports.ActorStore`, but for the store's health, which is the whole store's."""

    def __init__(self, writer: WriteRunner, readers: ReadRunner) -> None:
        self._writer = writer
        self._readers = readers

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take the account over."""
        return await self._writer.submit(
            partial(claims.claim, account_id=account_id), commit=Commit.CLAIM
        )

    async def apply_page(self, page: PageWrite) -> PageApplied:
        """Store the page in one piece."""
        work = partial(pages.apply_page, page=page)
        return await self._writer.submit(work, pages.page_bytes(page), Commit.PAGE)

    async def deleted_ids(
        self, account_id: str, object_type: str, object_ids: Sequence[str]
    ) -> frozenset[str]:
        """Return those of the ids that are held as not deleted."""
        return await self._readers.run(
            lambda connection: objects.deleted_ids(connection, account_id, object_type, object_ids)
        )

    async def unseen(
        self, account_id: str, object_type: str, *, limit: int, after_id: str = ""
    ) -> Sequence[str]:
        """Return ids that the comparison under way did not come across."""
        return await self._readers.run(
            lambda connection: comparison.unseen(
                connection, account_id, object_type, limit, after_id
            )
        )

    async def unseen_count(self, account_id: str, object_type: str) -> int:
        """Return how many ids the comparison under way did not come across."""
        return await self._readers.run(
            lambda connection: comparison.unseen_count(connection, account_id, object_type)
        )

    async def live_among(self, account_id: str, object_type: str, object_ids: Sequence[str]) -> int:
        """Return how many of the ids are held as not deleted."""
        return await self._readers.run(
            lambda connection: objects.live_among(connection, account_id, object_type, object_ids)
        )

    async def live_count(self, account_id: str, object_type: str) -> int:
        """Return how many objects of the type are held as not deleted."""
        return await self._readers.run(
            lambda connection: objects.live_count(connection, account_id, object_type)
        )

    async def held_deletes(self, account_id: str) -> Sequence[HeldDeletes]:
        """Return the account's deletes that wait for a person's word, by type."""
        return await self._readers.run(
            lambda connection: held_deletes.read_held_deletes(connection, account_id)
        )

    async def unlike(
        self, account_id: str, object_type: str, records: Sequence[ObjectRecord]
    ) -> Mapping[str, HeldRow | None]:
        """Return what is held instead of those that are not held just so."""
        return await self._readers.run(
            lambda connection: held.unlike(connection, account_id, object_type, records)
        )

    async def unscanned(
        self, account_id: str, object_type: str, scanned: Collection[str]
    ) -> Sequence[HeldRow]:
        """Return what is held as not deleted besides these ids."""
        return await self._readers.run(
            lambda connection: held.unscanned(connection, account_id, object_type, scanned)
        )

    async def strangers(self, account_id: str, object_types: Sequence[str]) -> Sequence[HeldRow]:
        """Return what is held of types that are neither among these nor were ever read."""
        return await self._readers.run(
            lambda connection: held.strangers(connection, account_id, object_types)
        )

    async def unnamed_mends(self, account_id: str) -> Sequence[NotedMend]:
        """Return what was put right and no certificate names, oldest first."""
        return await self._readers.run(partial(mends.unnamed_mends, account_id=account_id))

    async def store_certificate(
        self, account_id: str, epoch: int, certificate: Certificate, mends_through: int = 0
    ) -> int:
        """Keep what a verification found; return its number."""
        return await self._writer.submit(
            lambda connection: verifications.store_certificate(
                connection, account_id, epoch, certificate, mends_through
            ),
            commit=Commit.CERTIFICATE,
        )

    async def begin_refresh(
        self, account_id: str, epoch: int, token_hash: str, at: datetime
    ) -> OpenRefresh:
        """Note that this refresh token is about to be spent."""
        return await self._writer.submit(
            lambda connection: ownership.begin_refresh(
                connection, account_id, epoch, token_hash, at
            ),
            commit=Commit.REFRESH_BEGUN,
        )

    async def check_owner(self, account_id: str, epoch: int) -> None:
        """See that the account is still owned under this epoch."""
        await self._readers.run(
            lambda connection: accounts.check_owner(connection, account_id, epoch)
        )

    async def finish_refresh(
        self, account_id: str, epoch: int, spent: str, credential: SealedCredential, at: datetime
    ) -> None:
        """Store the new tokens and end the journal's open entry."""
        is_owner = await self._writer.submit(
            lambda connection: ownership.finish_refresh(
                connection, account_id, epoch, spent, credential, at
            ),
            commit=Commit.REFRESH_FINISHED,
        )
        if not is_owner:
            raise StaleEpochError(
                f"account {account_id} was claimed again; its new tokens are stored"
            )

    async def require_reauthorization(
        self, account_id: str, epoch: int, cause: str, at: datetime
    ) -> None:
        """Note that only the owner can help this account."""
        await self._writer.submit(
            lambda connection: ownership.require_reauthorization(
                connection, account_id, epoch, cause, at
            ),
            commit=Commit.OWNER_NEEDED,
        )

    async def verification_reads(self, vendor: str) -> float:
        """Return how many reads an account's last verification took on average."""
        return await self._readers.run(partial(verifications.mean_reads, vendor=vendor))

    async def noted_reads(self, vendor: str, month: str) -> int:
        """Return how many metered reads of the vendor's app were noted in the month."""
        return await self.account_reads(vendor, month, reads.WHOLE_APP)

    async def note_reads(self, vendor: str, month: str, count: int) -> int:
        """Note so many more metered reads of the vendor's app; return all noted in the month."""
        return await self._writer.submit(
            lambda connection: reads.note_reads(connection, vendor, month, count),
            commit=Commit.READS_NOTED,
        )

    async def add_reads(self, vendor: str, month: str, by_account: Mapping[str, int]) -> None:
        """Add who made how many of them."""
        await self._writer.submit(
            lambda connection: reads.add_reads(connection, vendor, month, by_account),
            commit=Commit.READS_ADDED,
        )

    async def account_reads(self, vendor: str, month: str, account_id: str) -> int:
        """Return how many of them were added for the account."""
        return await self._readers.run(
            lambda connection: reads.read_reads(connection, vendor, month, account_id)
        )
