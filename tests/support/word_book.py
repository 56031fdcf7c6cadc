"""Keeps in memory what nodes say, as PostgreSQL would."""

from actors.clock import Clock
from store.cluster_models import NodeWord, WordsSaid
from store.errors import StoreUnavailableError


class WordBook:
    """`store.cluster_ports.NodeWords`.

    Attributes:
        trouble: whether it can't be reached.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[bytes, float]] = {}
        self.trouble = False

    async def leave_word(self, topic: str, node: str, word: bytes) -> None:
        """Replace what the node said."""
        self._see()
        self._said[topic, node] = (word, self._clock.now().monotonic_s)

    async def words(self, topic: str, *, within_s: float) -> WordsSaid:
        """Return what was said of late."""
        self._see()
        now = self._clock.now()
        words = [
            NodeWord(node, word, now.monotonic_s - at_s)
            for (of, node), (word, at_s) in sorted(self._said.items())
            if of == topic and now.monotonic_s - at_s <= within_s
        ]
        return WordsSaid(now.utc, words)

    async def take_back_words(self, node: str) -> None:
        """Forget what the node said."""
        self._see()
        self._said = {key: said for key, said in self._said.items() if key[1] != node}

    def _see(self) -> None:
        if self.trouble:
            raise StoreUnavailableError("not now")
