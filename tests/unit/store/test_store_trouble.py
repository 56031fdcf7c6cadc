import sqlite3

import pytest

from store.errors import StoreFullError, StoreUnavailableError
from store.sqlite.trouble import unavailable


def error_with(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    return error


def test_full_disk_is_told_apart() -> None:
    assert type(unavailable(error_with(sqlite3.SQLITE_FULL))) is StoreFullError


@pytest.mark.parametrize(
    "code",
    [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_BUSY_TIMEOUT,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_READONLY_ROLLBACK,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_NOMEM,
    ],
)
def test_database_in_trouble_is_unavailable_and_says_why(code: int) -> None:
    trouble = unavailable(error_with(code))
    assert type(trouble) is StoreUnavailableError
    assert "what SQLite says" in str(trouble)


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_TOOBIG]
)
def test_wrong_statement_is_no_trouble(code: int) -> None:
    assert unavailable(error_with(code)) is None


def test_error_of_pythons_own_is_no_trouble() -> None:
    assert unavailable(sqlite3.ProgrammingError("closed")) is None
