"""Tells whoever holds the house of work that was delivered through another node's actors."""

from typing import TYPE_CHECKING

from actors.events import ActionEnded, Event
from actors.vendors.registry import DISPATCHING
from daemon.cluster import words
from store.cluster_ports import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.jobs.resolution import Ref


class Delivered:
    """Says what deliveries left, and notes what the others say. What is lost is found within the hour.

    Attributes:
        note: is told of vendor, account and object.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.note: Callable[[str, str, Ref], None] = lambda _vendor, _account_id, _ref: None

    def listen(self, event: Event) -> None:
        """Tell of an action that ended here."""
        if not isinstance(event, ActionEnded) or event.vendor not in DISPATCHING:
            return
        result = None if event.action is None else event.action.result
        if result is not None:
            ref = (result.object_type, result.object_id)
            word = words.delivered_word(event.vendor, event.account_id, ref)
            self._wire.say(words.DELIVERED, [word])

    async def run(self) -> None:
        """Hear the others until the store is closed."""
        async for heard in self._wire.hear([words.DELIVERED]):
            for word in heard.get(words.DELIVERED, ()):
                if (delivered := words.read_delivered(word)) is not None:
                    self.note(*delivered)
