"""Renewing an account's tokens so that a crash at any moment loses none without telling.

Before the vendor is called, the journal says which refresh token is about to be spent, and the account
is known to be ours just then: whoever was frozen behind the journal's commit asks again. The answer's
tokens and the journal's end are one transaction, made before the new token is used. A journal found
open at the start is a refresh whose answer may have been
lost: the stored token is tried once more, and if the vendor says that it is spent, the account
needs its owner. An owner that was taken for dead meanwhile may live: its answer is waited for first,
and is stored even if another owns the account by then. Where a refresh token is not spent by its
use, nothing can be lost: no journal.
"""

from contextlib import suppress
from typing import NamedTuple

import anyio

from actors.clock import LastingClock
from actors.credential import Credential, Sealer, token_hash
from actors.errors import GrantRefusedError
from actors.vendors.base import Permit, Vendor
from store.errors import StoreError, StoreUnavailableError
from store.models import OpenRefresh, SealedCredential
from store.ports import ActorStore

_STORE_AGAIN_S = 1.0
_STORE_WITHIN_S = 60.0
_LAST_ATTEMPT_S = 5.0
_KNOWN_FOR_S = 3.0
"""For how long the store's word that the account is ours holds: nobody is taken for dead so soon."""

_ASKED_TIMES = 5


class OwnerNeededError(Exception):
    """Only the owner can help; `cause` says why, and is in the store."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class _Answer(NamedTuple):
    """The vendor's answer to the token of this hash: new tokens, or why it refused the old ones."""

    spent: str
    brings: SealedCredential | str


class Refresher:
    """The only one who spends an account's refresh token. One per account, used by one task at a time."""

    __slots__ = (
        "_account_id",
        "_answer",
        "_clock",
        "_epoch",
        "_not_before_s",
        "_sealer",
        "_store",
        "_vendor",
    )

    def __init__(
        self,
        store: ActorStore,
        vendor: Vendor,
        sealer: Sealer,
        clock: LastingClock,
        account_id: str,
        epoch: int,
        not_before_s: float = 0.0,
    ) -> None:
        """Take what is needed; `not_before_s` is when the token may be spent, in monotonic seconds."""
        self._store = store
        self._vendor = vendor
        self._sealer = sealer
        self._clock = clock
        self._account_id = account_id
        self._epoch = epoch
        self._not_before_s = not_before_s
        # The vendor's answer, until it is stored.
        self._answer: _Answer | None = None

    async def renew(
        self, sealed: SealedCredential, permit: Permit | None = None
    ) -> SealedCredential:
        """Return new tokens that are in the store already.

        Not to be cancelled from outside once an answer may be the only copy of anything; takes its
        own time limit from the vendor's deadline. `permit` is the vendor's, for what its limits count.

        Raises:
            OwnerNeededError: the vendor refused the refresh token; noted in the store.
            VendorError: it failed otherwise, and may be tried again.
            StaleEpochError: another owner has taken the account over. If the old token was still the
                stored one, it has the new tokens.
            StoreError: the journal or the vendor's answer can't be written now. An answer is kept
                for the next time, and the vendor not asked again.
        """
        if (wait_s := self._not_before_s - self._clock.now().monotonic_s) > 0:
            await anyio.sleep(wait_s)
        # Where nothing is spent, nothing is lost before it is stored; it may be waiting for its turn.
        with anyio.CancelScope(shield=self._vendor.single_use_tokens) as scope:
            if self._answer is None:
                self._answer = await self._ask(self._sealer.unseal(sealed), permit)
            answer, scope.shield = self._answer, True
            await self._keep_storing(answer)
        if isinstance(answer.brings, str):
            raise OwnerNeededError(answer.brings)
        return answer.brings

    async def store_what_is_left(self) -> None:
        """Make a last attempt at storing an answer that is not stored yet."""
        if self._answer is not None:
            with (
                anyio.move_on_after(_LAST_ATTEMPT_S, shield=True),
                suppress(StoreError),
            ):
                await self._store_answer(self._answer)

    async def _ask(self, credential: Credential, permit: Permit | None) -> _Answer:
        spent = token_hash(credential.refresh_token)
        entry = await self._journal(spent) if self._vendor.single_use_tokens else None
        try:
            fresh = self._sealer.seal(await self._vendor.refresh(credential, permit))
        except GrantRefusedError as error:
            return _Answer(spent, _refused(error) if entry is None else _cause(error, entry))
        return _Answer(spent, fresh)

    async def _journal(self, spent: str) -> OpenRefresh:
        """Note which refresh token is about to be spent, while the account is ours.

        Raises:
            StoreUnavailableError: nobody could tell in time whether it still is.
        """
        owner, asked_s = (self._account_id, self._epoch), self._clock.since_boot_s()
        entry = await self._store.begin_refresh(*owner, spent, self._clock.now().utc)
        for _ in range(_ASKED_TIMES):
            if self._clock.since_boot_s() - asked_s <= _KNOWN_FOR_S:
                return entry
            asked_s = self._clock.since_boot_s()
            await self._store.check_owner(*owner)
        raise StoreUnavailableError("the database is too slow to tell whose the account is")

    async def _keep_storing(self, answer: _Answer) -> None:
        """Store the only copy of the answer, however often it takes; keep it if the time is up."""
        with anyio.move_on_after(_STORE_WITHIN_S):
            while True:
                try:
                    return await self._store_answer(answer)
                except StoreUnavailableError:
                    await anyio.sleep(_STORE_AGAIN_S)
        raise StoreUnavailableError("the answer to the token refresh could not be stored yet")

    async def _store_answer(self, answer: _Answer) -> None:
        owner, now = (self._account_id, self._epoch), self._clock.now().utc
        if isinstance(answer.brings, str):
            await self._store.require_reauthorization(*owner, answer.brings, now)
        else:
            await self._store.finish_refresh(*owner, answer.spent, answer.brings, now)
        self._answer = None


def _refused(error: GrantRefusedError) -> str:
    return (
        f"the vendor refused the account's keys ({error}): they were replaced or withdrawn there;"
        " connect the account again"
    )


def _cause(error: GrantRefusedError, entry: OpenRefresh) -> str:
    if entry.attempts > 1:
        begun = entry.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        return (
            f"the answer to a token refresh begun at {begun} was lost, and the vendor has replaced"
            f" the token since ({error}); connect the account again"
        )
    return (
        f"the vendor refused the refresh token ({error}): the app was disconnected there, the token"
        " expired, or something else has renewed it; connect the account again"
    )
