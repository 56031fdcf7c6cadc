"""All nodes together, as whoever hosts the accounts: what is not for this node is left for the owner."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from actors.account import AccountActor
from actors.clock import Clock
from actors.mailbox import MailboxFullError
from actors.messages import ActionsWaiting, Hinted, Message, Pause, Read, Resume
from actors.surroundings import Surroundings
from daemon.cluster import words
from daemon.cluster.close_look import CloseLook
from daemon.cluster.errand_deeds import Deed, Start, StopAccount, errand
from daemon.cluster.errand_store import ErrandStore
from daemon.cluster.far_account import FarAccount
from daemon.cluster.holding import Holding
from daemon.cluster.roster import Everywhere, Roster
from daemon.hosted import Condition, Hosted, HostedAccount, NotHostedError, must_start
from daemon.hosting import Hosting
from store.errors import ErrandLimitError, StaleEpochError, UnknownAccountError

_STOPS_WITHIN_S = 5.0
_MOST_MESSAGES = 16
"""So many of an account may wait as in its actor's mailbox."""
_MOST_STOPS = 64
"""There is room for a stop behind messages, though not for ever more of them."""


class Fleet:
    """`daemon.hosting.Hosting` on any node."""

    def __init__(
        self,
        store: ErrandStore,
        here: Hosting,
        roster: Roster,
        holding: Holding,
        close_look: CloseLook,
        clock: Clock,
    ) -> None:
        self._store = store
        self._here = here
        self._roster = roster
        self._holding = holding
        self._close_look = close_look
        self._clock = clock
        self._everywhere = Everywhere(here.hosted_here(), roster.far)

    @property
    def running(self) -> bool:
        """Whether accounts can be hosted now."""
        return self._here.running

    def hosted(self) -> Mapping[str, HostedAccount]:
        """Return every account that is hosted, here or elsewhere, by account id."""
        return self._everywhere

    async def seen(self, account_id: str, *, stored: bool = False) -> HostedAccount | None:
        """Return an account as it does this moment, or as its node told last if that does not answer."""
        known = self._everywhere.get(account_id)
        if not isinstance(known, FarAccount):
            return known
        return await self._close_look.at(known, stored=stored)

    def hosted_here(self) -> Mapping[str, Hosted]:
        """Return every account that is hosted in this process, by account id."""
        return self._here.hosted_here()

    def is_here(self, account_id: str) -> bool:
        """Tell whether it is for this process to host the account and to look after it."""
        return account_id in self._here.hosted_here() or self._holding.covers(account_id)

    def actor(self, account_id: str) -> AccountActor | None:
        """Return the account's actor while it runs in this process."""
        return self._here.actor(account_id)

    async def start_account(self, account_id: str) -> None:
        """Start the account's actor afresh; elsewhere it is started soon."""
        if self.is_here(account_id):
            # The shard may be another node's by now, though this one has not seen that yet.
            with suppress(NotHostedError, StaleEpochError):
                await self._here.start_account(account_id)
                return
        await self._leave_to_start(account_id, Start())

    async def stop_account(self, account_id: str) -> None:
        """Let the account's actor finish what is in hand and end; elsewhere for a few seconds."""
        connected_at = await self._connected_at(account_id)
        if self.is_here(account_id):
            await self._here.stop_account(account_id)
            if self._holding.covers(account_id):
                return
        await self._leave(account_id, StopAccount(connected_at), _MOST_STOPS)
        await self._roster.until_gone(account_id, _STOPS_WITHIN_S)

    async def tell(self, account_id: str, message: Message) -> None:
        """Tell an account's actor something, wherever it runs; elsewhere it is durable first.

        Raises:
            NotHostedError: there is no actor to tell.
            MailboxFullError: it has too many unread messages.
            StoreUnavailableError: it runs elsewhere, and this can't be kept for it.
        """
        if self._holding.covers(account_id):
            self._here.post(account_id, message)
            return
        # Whoever hosts it starts its actor if only that makes a pause known. One that is just handed
        # over runs again soon; here it would read this no more.
        known = self._roster.far.get(account_id)
        if isinstance(message, Resume) and must_start(known, paused=False):
            await self._leave_to_start(account_id, message, _MOST_MESSAGES)
            return
        if not (isinstance(message, Pause | Resume) or self.is_here(account_id)):
            self._see_that_it_runs(account_id)
        try:
            await self._leave(account_id, message, _MOST_MESSAGES)
        except MailboxFullError:
            # Who reads says so again and again, in a word; a mailbox takes that, too.
            if not isinstance(message, Read):
                raise

    def nudge(self, account_id: str, message: ActionsWaiting | Read) -> None:
        """Tell an account's actor, wherever it runs, what is in the store or may be lost.

        Raises:
            NotHostedError: there is no actor to tell.
        """
        if account_id in self._here.hosted_here():
            self._here.post(account_id, message)
        elif isinstance(message, ActionsWaiting):
            self._store.say(words.ACTIONS, [account_id])
        else:
            self._see_that_it_runs(account_id)
            now_s = self._clock.now().monotonic_s
            read = words.far_read(account_id, message, self._holding.node, now_s)
            self._store.say(words.READS, [read.word()])

    def hint(self, account_id: str, hinted: Hinted) -> None:
        """Tell an account's actor, wherever it runs, of notices that are in the store."""
        if account_id in self._here.hosted_here():
            self._here.hint(account_id, hinted)
        else:
            self._store.say(words.NOTICES, words.notice_words(account_id, hinted))

    def post(self, account_id: str, message: Message) -> None:
        """Tell an actor that runs in this process something.

        Raises:
            NotHostedError: there is none.
            MailboxFullError: it has too many unread messages.
        """
        self._here.post(account_id, message)

    async def reconfigure(self, surroundings: Mapping[str, Surroundings]) -> None:
        """Run the accounts of these vendors in new surroundings from now on; those of this node."""
        await self._here.reconfigure(surroundings)

    def stalled(self) -> Sequence[str]:
        """Return the accounts hosted here whose actor should have moved long ago and has not."""
        return self._here.stalled()

    async def _connected_at(self, account_id: str) -> datetime | None:
        """Return when the company was connected last; None when there is none."""
        try:
            return (await self._store.account(account_id)).connected_at
        except UnknownAccountError:
            return None

    def _see_that_it_runs(self, account_id: str) -> None:
        far = self._roster.far.get(account_id)
        if far is None or far.condition is not Condition.RUNNING:
            raise NotHostedError(account_id)

    async def _leave_to_start(
        self, account_id: str, deed: Start | Resume, most: int | None = None
    ) -> None:
        """Leave what has its owner start the account, and take it for one that is about to run."""
        account = await self._store.account(account_id)
        with self._roster.expecting(account_id, account.vendor):
            await self._leave(account_id, deed, most)

    async def _leave(self, account_id: str, deed: Deed, most: int | None = None) -> None:
        now_s = self._clock.now().monotonic_s
        try:
            await self._store.leave_errands([errand(account_id, deed, now_s)], most=most)
        except ErrandLimitError as error:
            raise MailboxFullError from error
        self._store.say(words.ERRANDS, [account_id])
