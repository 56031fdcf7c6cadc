"""What the rest of the daemon asks of whoever hosts the accounts, on this node or on others."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from actors.account import AccountActor
from actors.messages import Hinted, Message
from actors.surroundings import Surroundings
from daemon.hosted import Hosted


class Hosting(Protocol):
    """The accounts' host: the supervisor itself, or all nodes together."""

    @property
    def running(self) -> bool:
        """Whether accounts can be hosted now."""
        ...

    def hosted(self) -> Mapping[str, Hosted]:
        """Return every account that is hosted, by account id."""
        ...

    def actor(self, account_id: str) -> AccountActor | None:
        """Return the account's actor while it runs in this process."""
        ...

    async def start_account(self, account_id: str) -> None:
        """Start the account's actor afresh; one that runs already is stopped first."""
        ...

    async def stop_account(self, account_id: str) -> None:
        """Let the account's actor finish what is in hand and end."""
        ...

    def post(self, account_id: str, message: Message) -> None:
        """Tell an account's actor something.

        Raises:
            NotHostedError: there is no actor to tell.
            MailboxFullError: it has too many unread messages.
        """
        ...

    def hint(self, account_id: str, hinted: Hinted) -> None:
        """Tell an account's actor of notices that are in the store."""
        ...

    async def reconfigure(self, surroundings: Mapping[str, Surroundings]) -> None:
        """Run the accounts of these vendors in new surroundings from now on."""
        ...

    def stalled(self) -> Sequence[str]:
        """Return the accounts hosted here whose actor should have moved long ago and has not."""
        ...
