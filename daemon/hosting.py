"""What the rest of the daemon asks of whoever hosts the accounts, on this node or on others."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from actors.account import AccountActor
from actors.messages import ActionsWaiting, Hinted, Message, Read
from actors.surroundings import Surroundings
from daemon.hosted import Hosted, HostedAccount


class Hosting(Protocol):
    """The accounts' host: the supervisor itself, or all nodes together."""

    @property
    def running(self) -> bool:
        """Whether accounts can be hosted now."""
        ...

    def hosted(self) -> Mapping[str, HostedAccount]:
        """Return every account that is hosted, here or elsewhere, by account id."""
        ...

    async def seen(self, account_id: str, *, stored: bool = False) -> HostedAccount | None:
        """Return an account as it does this moment; None when nobody hosts it.

        Another node is asked, for half a second; if it does not answer, this is what it told last.

        Args:
            account_id: whose.
            stored: whether what that node had still to store of it is stored when it answers.
        """
        ...

    def hosted_here(self) -> Mapping[str, Hosted]:
        """Return every account that is hosted in this process, by account id."""
        ...

    def is_here(self, account_id: str) -> bool:
        """Tell whether it is for this process to host the account and to look after it."""
        ...

    def actor(self, account_id: str) -> AccountActor | None:
        """Return the account's actor while it runs in this process."""
        ...

    async def start_account(self, account_id: str) -> None:
        """Start the account's actor afresh; one that runs already is stopped first.

        Elsewhere it is started soon: that it shall be is durable.
        """
        ...

    async def stop_account(self, account_id: str) -> None:
        """Let the account's actor finish what is in hand and end.

        Elsewhere that is durable, and waited for a few seconds.

        Raises:
            MailboxFullError: elsewhere, and too much that it was told is unread.
        """
        ...

    async def tell(self, account_id: str, message: Message) -> None:
        """Tell an account's actor something, wherever it runs; elsewhere it is durable first.

        Raises:
            NotHostedError: there is no actor to tell.
            MailboxFullError: it has too many unread messages.
            StoreUnavailableError: it runs elsewhere, and this can't be kept for it.
        """
        ...

    def nudge(self, account_id: str, message: ActionsWaiting | Read) -> None:
        """Tell an account's actor, wherever it runs, what is in the store or may be lost.

        Raises:
            NotHostedError: there is no actor to tell.
        """
        ...

    def hint(self, account_id: str, hinted: Hinted) -> None:
        """Tell an account's actor, wherever it runs, of notices that are in the store."""
        ...

    def post(self, account_id: str, message: Message) -> None:
        """Tell an actor that runs in this process something.

        Raises:
            NotHostedError: there is none.
            MailboxFullError: it has too many unread messages.
        """
        ...

    async def reconfigure(self, surroundings: Mapping[str, Surroundings]) -> None:
        """Run the accounts of these vendors in new surroundings from now on."""
        ...

    def stalled(self) -> Sequence[str]:
        """Return the accounts hosted here whose actor should have moved long ago and has not."""
        ...
