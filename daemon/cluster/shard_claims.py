"""The right to one shard's accounts, for a supervisor."""

from collections.abc import Sequence
from dataclasses import replace

from store.cluster_models import ShardHold
from store.cluster_ports import Shards
from store.models import Account, ClaimedAccount


class ShardClaims:
    """`daemon.claims.Claims` under one hold, for as long as nobody else takes the shard.

    Attributes:
        hold: that one.
    """

    claims_again = True

    def __init__(self, store: Shards, hold: ShardHold, taken: Sequence[ClaimedAccount]) -> None:
        """Take the hold, and the accounts that were taken over with it."""
        self._store = store
        self.hold = hold
        self._taken = taken

    def cover(self, account: Account) -> bool:
        """Tell whether the account is in the shard."""
        return account.shard == self.hold.shard

    async def claim_all(self) -> Sequence[ClaimedAccount]:
        """Return what was taken over with the shard; nothing of it is kept."""
        taken, self._taken = self._taken, ()
        return [_contested(claimed) for claimed in taken]

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take one over again, if the shard is still ours."""
        return _contested(await self._store.claim_under(self.hold, account_id))


def _contested(claimed: ClaimedAccount) -> ClaimedAccount:
    """Say that whoever began a refresh of its tokens may live: a frozen node is taken for dead."""
    return claimed if claimed.open_refresh is None else replace(claimed, is_contested=True)
