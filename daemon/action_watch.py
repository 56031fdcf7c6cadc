"""Wakes whoever waits for something to happen to an action."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from actors.action_settled import ActionSettled
from actors.events import ActionAttempted, ActionEnded, ActionParked, Event
from store.action_models import Action


class Happening:
    """What is waited for: the next thing that happens to an action.

    Attributes:
        ended: the action, when it was its end, as it is stored.
    """

    def __init__(self) -> None:
        self._heard = anyio.Event()
        self.ended: Action | None = None

    async def wait(self) -> None:
        """Return once something has happened."""
        await self._heard.wait()

    def hear(self, ended: Action | None) -> None:
        """Note that something has."""
        self.ended = self.ended or ended
        self._heard.set()


class ActionWatch:
    """Everybody who waits for an action. Hears the actors' events."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Happening]] = {}

    def listen(self, event: Event) -> None:
        """Wake those who wait for the action that the event is about."""
        if isinstance(event, ActionAttempted | ActionSettled | ActionEnded | ActionParked):
            ended = event.action if isinstance(event, ActionSettled | ActionEnded) else None
            self.hear(event.action_id, ended)

    def hear(self, action_id: str, ended: Action | None = None) -> None:
        """Wake those who wait for the action."""
        for waiter in self._waiting.get(action_id, ()):
            waiter.hear(ended)

    def waits_for(self, action_id: str) -> bool:
        """Tell whether anybody does."""
        return action_id in self._waiting

    @contextmanager
    def waiting(self, action_id: str) -> Iterator[Happening]:
        """Yield what hears of the next thing that happens to the action from now on."""
        waiter = Happening()
        self._waiting.setdefault(action_id, set()).add(waiter)
        try:
            yield waiter
        finally:
            self._waiting[action_id].discard(waiter)
            if not self._waiting[action_id]:
                del self._waiting[action_id]
