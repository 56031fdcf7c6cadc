"""Readers who wait at other nodes for accounts that are hosted here."""

from contextlib import suppress

from actors.clock import Clock
from actors.events import Event, OwnerNeeded, ReadersTold
from daemon.cluster.words import READ_ANSWERS, FarRead, ReadAnswer
from daemon.hosted import NotHostedError
from daemon.hosting import Hosting
from store.cluster_ports import Wire

_WAITS_S = 120.0
"""Longer than any reader waits without asking again."""


class FarReaders:
    """Tells actors of them, and them of the looks that were made. Hears the actors' events."""

    def __init__(self, wire: Wire, here: Hosting, clock: Clock) -> None:
        self._wire = wire
        self._here = here
        self._clock = clock
        self._forgot_s = clock.now().monotonic_s
        self._waiting: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}

    def take_in(self, read: FarRead) -> None:
        """Tell the account's actor, if it runs here."""
        if self._here.actor(read.account_id) is None:
            return
        now_s = self._clock.now().monotonic_s
        message = read.message(now_s)
        if read.node:
            waiting = self._waiting.setdefault(read.account_id, {})
            waiting[read.node, read.mark] = (message.since_s, now_s)
            if now_s - self._forgot_s > _WAITS_S:
                self._forget_gone(now_s)
        with suppress(NotHostedError):
            self._here.post(read.account_id, message)

    def listen(self, event: Event) -> None:
        """Answer those to whom the event says how it went."""
        match event:
            case ReadersTold(account_id=account_id, served_s=served_s, hindered=hindered):
                self._answer(account_id, served_s, hindered=hindered)
            case OwnerNeeded(account_id=account_id):
                self._answer(account_id, float("-inf"), hindered=True)

    def _answer(self, account_id: str, served_s: float, *, hindered: bool) -> None:
        waiting = self._waiting.get(account_id)
        if waiting is None:
            return
        answers: list[str] = []
        for (node, mark), (since_s, _) in list(waiting.items()):
            served = since_s <= served_s
            if served or hindered:
                answers.append(ReadAnswer(node, account_id, mark, served).word())
                del waiting[node, mark]
        if not waiting:
            del self._waiting[account_id]
        if answers:
            self._wire.say(READ_ANSWERS, answers)

    def _forget_gone(self, now_s: float) -> None:
        self._forgot_s = now_s
        for account_id, waiting in list(self._waiting.items()):
            for key, (_, asked_s) in list(waiting.items()):
                if now_s - asked_s > _WAITS_S:
                    del waiting[key]
            if not waiting:
                del self._waiting[account_id]
