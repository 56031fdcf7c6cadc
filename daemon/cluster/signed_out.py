"""Has every node know which browsers signed out at one of them."""

from actors.clock import Clock
from daemon.cluster import words
from daemon.web.pages.session import EndedSessions
from store.cluster_ports import Wire


class SignedOut:
    """Says which sessions ended here, and takes in those that ended elsewhere; their hashes only.

    A node that does not hear of it goes by the session itself, as after a restart.
    """

    def __init__(self, wire: Wire, ended: EndedSessions, clock: Clock) -> None:
        self._wire = wire
        self._ended = ended
        self._clock = clock
        ended.on_end = self._say

    async def run(self) -> None:
        """Hear the others until the store is closed."""
        async for heard in self._wire.hear([words.SIGNED_OUT]):
            for digest in heard.get(words.SIGNED_OUT, ()):
                self._ended.note(digest, self._clock.now().utc)

    def _say(self, digest: str) -> None:
        self._wire.say(words.SIGNED_OUT, [digest])
