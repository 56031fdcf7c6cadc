"""Which processes run on the database."""

from collections.abc import Sequence
from functools import partial

from store.cluster_models import NodeStanding
from store.postgresql.cluster.node_words import forget_old_words
from store.relational.instants import from_text
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_nodes")


class NodeStore:
    """`store.cluster_ports.Nodes`. Its writes wait for no page."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def note_node(self, node: NodeStanding) -> None:
        """Note that the node lives, and how it is."""
        await self._writer.submit(partial(note, node=node), urgent=True)

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the nodes that were noted and not forgotten, in the order of their start."""
        return await self._readers.run(read_nodes)

    async def forget_nodes(self, *, unseen_s: float, node: str | None = None) -> int:
        """Forget those that were not seen for so long, and this one; return how many.

        What was said by any node more than a day ago is forgotten too (`NodeWords`).
        """
        return await self._writer.submit(
            lambda session: forget(session, unseen_s, node), urgent=True
        )


def note(session: Session, node: NodeStanding) -> None:
    """Store how a node is, and that it was seen now."""
    session.execute(
        SQL["note"],
        {
            "node": node.node,
            "name": node.name,
            "url": node.url,
            "version": node.version,
            "is_leaving": node.is_leaving,
        },
    )


def read_nodes(session: Session) -> Sequence[NodeStanding]:
    """Return all, in the order of their start."""
    return [
        NodeStanding(
            node,
            name,
            url,
            version,
            from_text(started_at),
            from_text(seen_at),
            is_leaving,
            unseen_s,
        )
        for node, name, url, version, started_at, seen_at, is_leaving, unseen_s in session.execute(
            SQL["all"]
        )
    ]


def forget(session: Session, unseen_s: float, node: str | None) -> int:
    """Delete them, and what such nodes said."""
    forget_old_words(session)
    return len(session.execute(SQL["forget"], {"node": node, "unseen_s": unseen_s}).fetchall())
