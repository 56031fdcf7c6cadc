"""Tells a database in trouble from a statement that was wrong."""

import psycopg
from psycopg import errors

from store.errors import StoreFullError, StoreUnavailableError

_REASONS = {
    "53": "the database has run out of something it needs",
    "54": "a limit of the database was met",
    "57": "the database was told to stop",
    "58": "reading or writing the database's files failed",
    "XX": "the database is damaged",
}
"""By the class of SQLSTATE."""


def is_to_be_repeated(error: Exception) -> bool:
    """Tell whether others were in the way: nothing happened, and the same may be begun again."""
    return isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected))


def unavailable(error: Exception) -> StoreUnavailableError | None:
    """Return what to raise when the database is in trouble; None when the statement was wrong."""
    if isinstance(error, MemoryError):
        return StoreUnavailableError("there is not enough memory for the database")
    reason = _reason(error) if isinstance(error, psycopg.Error) else None
    if reason is None:
        return None
    text = " ".join(str(error).split())
    kind = StoreFullError if isinstance(error, errors.DiskFull) else StoreUnavailableError
    return kind(f"{reason} ({text})")


def _reason(error: psycopg.Error) -> str | None:
    if isinstance(error, errors.DiskFull):
        return "there is no room left for the database"
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return "the database is read-only"
    if error.sqlstate is None:
        unreachable = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        return "the database cannot be reached" if unreachable else None
    if error.sqlstate.startswith("08"):
        return "the connection to the database was lost"
    return _REASONS.get(error.sqlstate[:2])
