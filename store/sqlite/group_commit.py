"""Many units of work in one transaction, each of them whole or not at all."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from store.errors import StoreUnavailableError
from store.relational.changes import last_seq
from store.sqlite.session import SqliteSession, Work
from store.sqlite.trouble import damaged, is_interrupted, unavailable

_ROLL_BACKS = 3


class Done(msgspec.Struct, frozen=True):
    """A unit was committed; this is what it returned."""

    value: Any


class Undone(msgspec.Struct, frozen=True):
    """A unit was refused or failed; nothing of it was kept."""

    error: Exception


class GroupResult(msgspec.Struct, frozen=True):
    """What became of a group.

    Attributes:
        outcomes: one for each unit, in their order; all undone when there was trouble.
        last_seq: the newest change after the commit.
        trouble: why the database took nothing at all, or None.
        interrupted: somebody more urgent broke it off: nothing of it happened, and it can be run
            again as it was. It has no outcomes then.
    """

    outcomes: Sequence[Done | Undone]
    last_seq: int = 0
    trouble: StoreUnavailableError | None = None
    interrupted: bool = False


def commit_group(
    connection: SqliteSession,
    units: Sequence[Work[Any]],
    before_commit: Callable[[], None] | None = None,
    gives_way: Callable[[], bool] | None = None,
) -> GroupResult:
    """Run the units in their order in one transaction; if that cannot be, none of them happened.

    When all is written and nothing is durable, `before_commit` is called, and then `gives_way`: if
    somebody more urgent waits, it is all undone, for nothing breaks a commit off.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        if len(units) == 1:
            # Nothing else would be lost with it: what is refused takes the transaction with it.
            outcomes = [_run(connection, units[0])]
            if isinstance(outcomes[0], Undone):
                _roll_back(connection)
                return GroupResult(outcomes, last_seq(connection))
        else:
            outcomes = [_run_apart(connection, unit) for unit in units]
        newest = last_seq(connection)
        if before_commit is not None:
            before_commit()
        if gives_way is not None and gives_way():
            _roll_back(connection)
            return GroupResult((), interrupted=True)
        connection.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 - all waiters get it; none may wait for ever
        _roll_back(connection)
        if is_interrupted(error):
            return GroupResult((), interrupted=True)
        trouble = _trouble(error)
        return GroupResult([Undone(_trouble(error)) for _ in units], trouble=trouble)
    return GroupResult(outcomes, newest)


def _run_apart(connection: SqliteSession, unit: Work[Any]) -> Done | Undone:
    """Run one of several, so that it can be undone by itself."""
    connection.execute("SAVEPOINT unit")
    outcome = _run(connection, unit)
    if isinstance(outcome, Undone):
        connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")
    return outcome


def _run(connection: SqliteSession, unit: Work[Any]) -> Done | Undone:
    try:
        return Done(unit(connection))
    except Exception as error:
        if is_interrupted(error):
            raise
        if isinstance(error, sqlite3.Error) and unavailable(error) is not None:
            raise
        return Undone(damaged(error) or unavailable(error) or error)


def _roll_back(connection: SqliteSession) -> None:
    """Undo it all. Whoever breaks work off may meet this as well: the next group must not find it open."""
    for _ in range(_ROLL_BACKS):
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")


def _trouble(error: Exception) -> StoreUnavailableError:
    """Return a new exception each time: raising one adds to its traceback."""
    trouble = unavailable(error) or StoreUnavailableError(repr(error))
    trouble.__cause__ = error
    return trouble
