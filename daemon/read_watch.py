"""Wakes whoever waits for an account to be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from actors.events import Event, OwnerNeeded, ReadersTold


@dataclass(eq=False, slots=True)
class ReadWait:
    """One who waits.

    Attributes:
        since_s: they want looks that begin then or later (monotonic seconds).
        served: whether such looks were made; False when that can't be done now.
    """

    since_s: float
    over: anyio.Event = field(default_factory=anyio.Event)
    served: bool = False


class ReadWatch:
    """Everybody who waits for a look. Hears the actors' events."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[ReadWait]] = {}

    def listen(self, event: Event) -> None:
        """Wake those to whom the event says how it went."""
        match event:
            case ReadersTold(account_id=account_id, served_s=served_s, hindered=hindered):
                for wait in self._waiting.get(account_id, ()):
                    wait.served |= wait.since_s <= served_s
                    if wait.served or hindered:
                        wait.over.set()
            case OwnerNeeded(account_id=account_id):
                for wait in self._waiting.get(account_id, ()):
                    wait.over.set()

    @contextmanager
    def waiting(self, account_id: str, since_s: float) -> Iterator[ReadWait]:
        """Yield what is set once looks that began at `since_s` or later are stored, or can't be made."""
        wait = ReadWait(since_s)
        waits = self._waiting.setdefault(account_id, set())
        waits.add(wait)
        try:
            yield wait
        finally:
            waits.discard(wait)
            if not waits and self._waiting.get(account_id) is waits:
                del self._waiting[account_id]
