"""The least that any replica has to do: fetch, slice, insert, commit, page after page, in one thread.

No cursor, no record of changes, no look at what is stored already, no limits, nobody else served.
"""

import sqlite3
from pathlib import Path

import httpx
import msgspec
from msgspec import Raw

from store.sqlite.connection import open_writer

_PAGE_ROWS = 1000
_STATEMENT = (
    "SELECT * FROM Invoice ORDERBY MetaData.LastUpdatedTime STARTPOSITION {first} MAXRESULTS {rows}"
)
_INSERT = """
INSERT INTO objects
  (account_id, object_type, object_id, version, updated_at, synced_at, via, payload)
VALUES (?, 'Invoice', ?, ?, ?, '', 'backfill', ?)
"""


class _MetaData(msgspec.Struct, gc=False):
    updated_at: str = msgspec.field(name="LastUpdatedTime")


class _Header(msgspec.Struct, gc=False):
    object_id: str = msgspec.field(name="Id")
    version: str = msgspec.field(name="SyncToken")
    meta: _MetaData = msgspec.field(name="MetaData")


class _Rows(msgspec.Struct, gc=False):
    invoices: list[Raw] = msgspec.field(name="Invoice", default_factory=list)


class _Envelope(msgspec.Struct, gc=False):
    response: _Rows = msgspec.field(name="QueryResponse")


_envelope = msgspec.json.Decoder(_Envelope).decode
_header = msgspec.json.Decoder(_Header).decode


def open_database(path: Path) -> sqlite3.Connection:
    """Open a new database with the store's own pragmas and tables, without its triggers."""
    connection = open_writer(path, durable=True, busy_timeout_s=5.0)
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


async def copy_company(
    client: httpx.AsyncClient,
    api_url: str,
    realm_id: str,
    access_token: str,
    connection: sqlite3.Connection,
) -> int:
    """Copy all invoices of a company; return how many.

    Args:
        client: makes the calls.
        api_url: where the vendor is.
        realm_id: the company.
        access_token: opens it.
        connection: of `open_database`.
    """
    url = f"{api_url}/v3/company/{realm_id}/query?minorversion=75"
    headers = {
        "Authorization": f"Bearer {access_token}",
        "Accept": "application/json",
        "Content-Type": "application/text",
    }
    copied = 0
    while True:
        statement = _STATEMENT.format(first=copied + 1, rows=_PAGE_ROWS)
        reply = await client.post(url, headers=headers, content=statement, timeout=None)
        reply.raise_for_status()
        rows = _sliced(realm_id, reply.content)
        connection.execute("BEGIN")
        connection.executemany(_INSERT, rows)
        connection.execute("COMMIT")
        copied += len(rows)
        if len(rows) < _PAGE_ROWS:
            return copied


def _sliced(account_id: str, body: bytes) -> list[tuple[str, str, str, str, str]]:
    rows = []
    for raw in _envelope(body).response.invoices:
        header = _header(raw)
        rows.append(
            (
                account_id,
                header.object_id,
                header.version,
                header.meta.updated_at,
                str(raw, "utf-8"),
            )
        )
    return rows
