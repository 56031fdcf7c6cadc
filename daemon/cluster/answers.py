"""Brings what happened at one node to those who wait for it at another."""

from collections.abc import Collection, Mapping

from actors.action_settled import ActionSettled
from actors.events import (
    ActionAttempted,
    ActionParked,
    Event,
    ReadersTold,
)
from daemon.action_watch import ActionWatch
from daemon.cluster import words
from daemon.read_watch import ReadWatch
from store.cluster_ports import Wire


class Answers:
    """Says what happened to actions here, and wakes who waits here. Hears the actors' events.

    Who waits looks for himself: at the action once a second, and asks again for a look at an account.
    """

    def __init__(self, wire: Wire, node: str, actions: ActionWatch, readers: ReadWatch) -> None:
        self._wire = wire
        self._node = node
        self._actions = actions
        self._readers = readers

    def listen(self, event: Event) -> None:
        """Tell the other nodes, unless it is known that somebody here has waited for it."""
        if isinstance(
            event, ActionAttempted | ActionSettled | ActionParked
        ) and not self._actions.waits_for(event.action_id):
            self._wire.say(words.ACTED, [event.action_id])

    async def run(self) -> None:
        """Hear the others until the store is closed."""
        async for heard in self._wire.hear([words.ACTED, words.READ_ANSWERS]):
            self.take_in(heard)

    def take_in(self, heard: Mapping[str, Collection[str]]) -> None:
        """Wake those whom these words concern."""
        for action_id in heard.get(words.ACTED, ()):
            self._actions.hear(action_id)
        for word in heard.get(words.READ_ANSWERS, ()):
            answer = words.read_answer(word)
            if answer is not None and answer.node == self._node:
                self._readers.listen(
                    ReadersTold(answer.account_id, "", answer.served_s, hindered=not answer.served)
                )
