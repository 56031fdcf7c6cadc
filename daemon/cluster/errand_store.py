"""What whoever leaves errands, or runs them, asks of the store."""

from typing import Protocol

from store.cluster_ports import Errands, Wire
from store.models import Account


class ErrandStore(Errands, Wire, Protocol):
    """Where errands are, what they are about, and the wire."""

    async def account(self, account_id: str) -> Account:
        """Return one account.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...
