"""By what right a supervisor runs actors: it owns each account that it runs one for."""

from collections.abc import Sequence
from typing import Protocol

from store.models import Account, ClaimedAccount
from store.ports import Store


class Claims(Protocol):
    """The right to a set of accounts."""

    @property
    def claims_again(self) -> bool:
        """Whether an account whose actor was fenced off is claimed again.

        Only by a right that the store refuses once it has ended: two others would fence each other
        off for ever.
        """
        ...

    def cover(self, account: Account) -> bool:
        """Tell whether the account is of the set."""
        ...

    async def claim_all(self) -> Sequence[ClaimedAccount]:
        """Take over every account of the set that is not disconnected."""
        ...

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take one of them over again.

        Raises:
            UnknownAccountError: there is no such account.
            StaleEpochError: it is disconnected, or the right to it has ended.
            StoreUnavailableError: nobody can tell now.
        """
        ...


class WholeStore:
    """The right to all accounts of a store that nobody else has open."""

    claims_again = False

    def __init__(self, store: Store) -> None:
        self._store = store

    def cover(self, account: Account) -> bool:
        """Tell that it is."""
        del account
        return True

    async def claim_all(self) -> Sequence[ClaimedAccount]:
        """Take all over."""
        return await self._store.claim_shard(0)

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take one over again."""
        return await self._store.claim(account_id)
