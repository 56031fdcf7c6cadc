"""What each node says last under a topic, for the others to read."""

from functools import partial

from store.cluster_models import NodeWord, WordsSaid
from store.relational.instants import from_text
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_words")


class NodeWordStore:
    """`store.cluster_ports.NodeWords`. Its writes wait for no page."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def leave_word(self, topic: str, node: str, word: bytes) -> None:
        """Replace what the node said under the topic."""
        await self._writer.submit(
            lambda session: session.execute(SQL["leave"], (topic, node, word)).close(), urgent=True
        )

    async def words(self, topic: str, *, within_s: float) -> WordsSaid:
        """Return what was said under the topic within so many seconds, by node."""
        return await self._readers.run(partial(read_words, topic=topic, within_s=within_s))

    async def take_back_words(self, node: str) -> None:
        """Forget what the node said."""
        await self._writer.submit(
            lambda session: session.execute(SQL["take_back"], (node,)).close(), urgent=True
        )


def forget_old_words(session: Session) -> None:
    """Forget what was said more than a day ago: nodes that were killed take nothing back."""
    session.execute(SQL["forget_old"]).close()


def read_words(session: Session, topic: str, within_s: float) -> WordsSaid:
    """Return what was said under the topic within so many seconds."""
    (at,) = session.execute(SQL["now"]).fetchone()
    said = session.execute(SQL["lately"], (topic, within_s))
    return WordsSaid(
        from_text(at), [NodeWord(node, bytes(word), age_s) for node, word, age_s in said]
    )
