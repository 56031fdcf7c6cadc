"""Tells a database in trouble from a statement that was wrong."""

import sqlite3

from store.errors import StoreFullError, StoreUnavailableError

_REASONS = {
    sqlite3.SQLITE_FULL: "there is no room left for the database",
    sqlite3.SQLITE_IOERR: "reading or writing the database's file failed",
    sqlite3.SQLITE_BUSY: "another program keeps the database locked",
    sqlite3.SQLITE_LOCKED: "another connection keeps the database locked",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_PERM: "the database's file may not be accessed",
    sqlite3.SQLITE_AUTH: "the database's file may not be accessed",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database's file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
    sqlite3.SQLITE_NOMEM: "there is not enough memory for the database",
    sqlite3.SQLITE_PROTOCOL: "the database's locks cannot be had",
}

_UNDECODABLE = "Could not decode to UTF-8"
"""Python raises this by itself, without a code of SQLite's."""


def primary_code(error: Exception) -> int | None:
    """Return SQLite's own result code, without its extension; None when Python raised by itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def is_interrupted(error: Exception) -> bool:
    """Tell whether a statement was broken off from another thread; its transaction is undone then."""
    return isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_INTERRUPT


def damaged(error: Exception) -> StoreUnavailableError | None:
    """Return what to raise when a text that was read is none; the rest of the database is well."""
    if isinstance(error, sqlite3.OperationalError) and str(error).startswith(_UNDECODABLE):
        return StoreUnavailableError(f"something in the database is damaged: {error}")
    return None


def unavailable(error: Exception) -> StoreUnavailableError | None:
    """Return what to raise when the database is in trouble; None when the statement was wrong."""
    if isinstance(error, MemoryError):  # how Python tells what SQLite has a code for
        return StoreUnavailableError(_REASONS[sqlite3.SQLITE_NOMEM])
    code = primary_code(error)
    reason = None if code is None else _REASONS.get(code)
    if reason is None:
        return None
    kind = StoreFullError if code == sqlite3.SQLITE_FULL else StoreUnavailableError
    return kind(f"{reason} ({error})")
