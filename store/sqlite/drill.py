"""Comparing a restored copy with the live database, which went on since the copy was made."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from store.relational.named_sql import load_statements

SQL = load_statements("store.sqlite", "drill")

_NAMED = 20
"""How many of the objects that differ are named."""
_BUSY_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. The copy is what the live database was when it was made if `differences` is 0.

    Attributes:
        last_seq: the newest change in the copy.
        accounts: how many accounts were compared.
        objects: how many objects of theirs the copy has.
        accounts_gone: how many accounts of the copy were purged since.
        differences: objects and changes that are not as they were, though nothing since says so.
        examples: what some of the differences are.
    """

    last_seq: int
    accounts: int
    objects: int
    accounts_gone: int
    differences: int
    examples: tuple[str, ...]


def compare_with_live(
    live: Path, restored: Path, progress: Callable[[int, int], None]
) -> Comparison:
    """Compare every object and change of a restored copy with the live database, as of one moment.

    What changed since is compared with what the history kept of it; what was wrong and was mended since,
    with nothing: neither of the two need have been right.

    Args:
        live: the database; others may write to it meanwhile.
        restored: the copy, brought up to the same schema; nobody uses it.
        progress: told how many accounts of how many are done.

    Raises:
        sqlite3.Error: one of the two cannot be read.
    """
    with closing(_open(live)) as connection:
        copy = f"{restored.resolve().as_uri()}?mode=ro&immutable=1"
        connection.execute(SQL["attach"], (copy,))
        connection.execute("BEGIN")
        return _compare(connection, progress)


def _compare(connection: sqlite3.Connection, progress: Callable[[int, int], None]) -> Comparison:
    (last_seq,) = connection.execute(SQL["last_seq"]).fetchone()
    connection.execute(SQL["note_changed"], {"last_seq": last_seq})
    connection.execute(SQL["index_changed"])
    connection.execute(SQL["note_mended"])
    connection.execute(SQL["index_mended"])
    (gone,) = connection.execute(SQL["accounts_gone"]).fetchone()
    (purges,) = connection.execute(SQL["purges"]).fetchone()
    (changes,) = connection.execute(SQL["changes_differing"]).fetchone()
    lost = max(0, gone - purges)
    examples = [f"{changes} changes are others"] if changes else []
    if lost:
        examples.append(f"{lost} accounts are gone that nobody purged")
    objects = differing = 0
    accounts = [account_id for (account_id,) in connection.execute(SQL["accounts"]).fetchall()]
    for number, account_id in enumerate(accounts):
        progress(number, len(accounts))
        (held,) = connection.execute(SQL["objects"], {"account_id": account_id}).fetchone()
        objects += held
        for example in _differing(connection, account_id):
            differing += 1
            if differing <= _NAMED:
                examples.append(example)
    progress(len(accounts), len(accounts))
    return Comparison(
        last_seq, len(accounts), objects, gone, changes + lost + differing, tuple(examples)
    )


def _differing(connection: sqlite3.Connection, account_id: str) -> Iterator[str]:
    wanted = {"account_id": account_id}
    for object_type, object_id in chain.from_iterable(
        connection.execute(SQL[name], wanted)
        for name in ("differing", "misremembered", "unexplained")
    ):
        yield f"{account_id} {object_type} {object_id}"


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection
