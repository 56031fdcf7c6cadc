"""Wakes whoever waits for something to happen to an action."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from actors.events import ActionAttempted, ActionEnded, ActionParked, Event


class ActionWatch:
    """Everybody who waits for an action. Hears the actors' events."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[anyio.Event]] = {}

    def listen(self, event: Event) -> None:
        """Wake those who wait for the action that the event is about."""
        if isinstance(event, ActionAttempted | ActionEnded | ActionParked):
            for waiter in self._waiting.get(event.action_id, ()):
                waiter.set()

    @contextmanager
    def waiting(self, action_id: str) -> Iterator[anyio.Event]:
        """Yield what is set at the next thing that happens to the action from now on."""
        waiter = anyio.Event()
        self._waiting.setdefault(action_id, set()).add(waiter)
        try:
            yield waiter
        finally:
            self._waiting[action_id].discard(waiter)
            if not self._waiting[action_id]:
                del self._waiting[action_id]
