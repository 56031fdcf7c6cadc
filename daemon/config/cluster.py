"""The configuration's section of several nodes on one database."""

from dataclasses import dataclass
from typing import Annotated

from daemon.config.rule import Rule, between

SHARDS = 64
_LONGEST_NAME = 100


def _node_name() -> Rule:
    """Hold for a name that fits into a line."""
    return Rule(
        f"a name of 1 to {_LONGEST_NAME} printable characters",
        lambda value: (
            value if 0 < len(value.strip()) <= _LONGEST_NAME and value.isprintable() else None
        ),
    )


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """This process among those on the same PostgreSQL database; with SQLite it is the only one.

    Attributes:
        shards: how many parts the accounts are hosted in; the first node of all fixes it. None is
            what the database has, and `SHARDS` in a new one.
        node: what operators call this process; None is the machine's name.
        silent_after_s: after how long without a word a node counts as dead, to the others and to
            itself. Less than its default is less than a slow disk or a busy machine may take.
    """

    shards: Annotated[int | None, between(1, 4096, "a whole number from 1 to 4096")] = None
    node: Annotated[str | None, _node_name()] = None
    silent_after_s: Annotated[float, between(5, 60, "a duration from 5s to 1m")] = 5.0
