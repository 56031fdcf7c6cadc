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


def unavailable(error: psycopg.Error) -> StoreUnavailableError | None:
    """Return what to raise when the database is in trouble; None when the statement was wrong."""
    text = " ".join(str(error).split())
    if isinstance(error, errors.DiskFull):
        return StoreFullError(f"there is no room left for the database ({text})")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return StoreUnavailableError(f"the database is read-only ({text})")
    if error.sqlstate is None:
        if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
            return StoreUnavailableError(f"the database cannot be reached ({text})")
        return None
    reason = _REASONS.get(error.sqlstate[:2])
    if error.sqlstate.startswith("08"):
        reason = "the connection to the database was lost"
    return None if reason is None else StoreUnavailableError(f"{reason} ({text})")
