"""Many units of work in one transaction, each of them whole or not at all."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from msgspec.structs import replace

from store.models import PageApplied
from store.postgresql.session import PostgresqlSession
from store.postgresql.trouble import is_to_be_repeated, unavailable
from store.relational.named_sql import StatementNames
from store.relational.session import Work

CHANGES = StatementNames("changes")


@dataclass(frozen=True, slots=True)
class Done:
    """A unit was committed; this is what it returned."""

    value: Any


@dataclass(frozen=True, slots=True)
class Undone:
    """A unit was refused or failed; nothing of it was kept."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a group that was committed.

    Attributes:
        outcomes: one for each unit, in their order.
        last_seq: the newest change after the commit; None when nothing was written.
    """

    outcomes: Sequence[Done | Undone]
    last_seq: int | None


class CommitUnknownError(Exception):
    """The connection was lost while the commit was under way.

    Attributes:
        transaction: by which name to ask the server about it.
        committed: what became of the group if it was committed.
    """

    def __init__(self, transaction: str, committed: Committed) -> None:
        super().__init__("the connection was lost during a commit")
        self.transaction = transaction
        self.committed = committed


def commit_group(
    session: PostgresqlSession,
    units: Sequence[Work[Any]],
    before_commit: Callable[[], None] | None = None,
) -> Committed:
    """Run the units in their order in one transaction; if that cannot be, none of them happened.

    Numbering the changes is the last that is done: it makes every other writer wait.

    Raises:
        CommitUnknownError: nobody knows yet whether it was committed.
        psycopg.Error: nothing was; others were in the way, or the database is in trouble.
    """
    try:
        session.command("BEGIN")
        if len(units) == 1:
            outcome = _run(session, units[0])
            if _was_late(outcome):
                session.command("ROLLBACK")
                session.command("BEGIN")
                outcome = _run(session, units[0])
            if isinstance(outcome, Undone):
                session.command("ROLLBACK")
                return Committed([outcome], None)
            outcomes: list[Done | Undone] = [outcome]
        else:
            outcomes = [_run_apart(session, unit) for unit in units]
        before, newest, transaction = session.execute(CHANGES["number"]).fetchone()
        if before_commit is not None:
            before_commit()
    except BaseException:
        with suppress(psycopg.Error):
            session.command("ROLLBACK")
        raise
    committed = Committed([_numbered(outcome, before) for outcome in outcomes], newest)
    try:
        session.command("COMMIT")
    except psycopg.Error as error:
        if session.is_lost and transaction is not None:
            raise CommitUnknownError(transaction, committed) from error
        raise
    return committed


def _run_apart(session: PostgresqlSession, unit: Work[Any]) -> Done | Undone:
    """Run one of several, so that it can be undone by itself."""
    session.command("SAVEPOINT unit")
    outcome = _run(session, unit)
    if _was_late(outcome):
        session.command("ROLLBACK TO unit")
        outcome = _run(session, unit)
    if isinstance(outcome, Undone):
        session.command("ROLLBACK TO unit")
    session.command("RELEASE unit")
    return outcome


def _was_late(outcome: Done | Undone) -> bool:
    """Tell whether another writer stored the same meanwhile: run again, the unit finds it."""
    return isinstance(outcome, Undone) and isinstance(outcome.error, psycopg.errors.UniqueViolation)


def _run(session: PostgresqlSession, unit: Work[Any]) -> Done | Undone:
    try:
        return Done(unit(session))
    except psycopg.Error as error:
        if session.is_lost or is_to_be_repeated(error) or unavailable(error) is not None:
            raise
        return Undone(error)
    except Exception as error:  # noqa: BLE001 - its waiter gets it; the others go on
        return Undone(unavailable(error) or error)


def _numbered(outcome: Done | Undone, before: int) -> Done | Undone:
    """A page could only count the changes of its transaction; now they have numbers."""
    if isinstance(outcome, Done) and isinstance(outcome.value, PageApplied):
        return Done(replace(outcome.value, last_seq=before + outcome.value.last_seq))
    return outcome
