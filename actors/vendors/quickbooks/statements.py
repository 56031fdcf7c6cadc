"""Statements in the vendor's query language (quickbooks facts §3). Pure."""

from collections.abc import Sequence
from datetime import datetime

from actors.vendors.quickbooks.keyset import PAGE_ROWS, Scan, Window, page_rows, window
from actors.vendors.quickbooks.object_types import ObjectType
from actors.vendors.quickbooks.timestamps import statement_text


def page_statement(kind: ObjectType, scan: Scan, most_rows: int | None = None) -> str:
    """Write the query for the scan's next page, of so many rows at most."""
    cut = window(scan)
    order = "MetaData.LastUpdatedTime" if cut.before is None else "Id"
    paging = f"ORDERBY {order} STARTPOSITION {cut.first_row} MAXRESULTS {page_rows(most_rows)}"
    return f"{_select('*', kind, _times(cut))} {paging}"


def count_statement(kind: ObjectType, scan: Scan) -> str:
    """Write the query for how many rows the scan has before it."""
    return _select("COUNT(*)", kind, _times(window(scan)))


def ids_statement(kind: ObjectType, object_ids: Sequence[str]) -> str:
    """Write the query for these rows, at most `PAGE_ROWS`."""
    listed = ",".join(quoted(object_id) for object_id in object_ids)
    return f"{_select('*', kind, [f'Id IN ({listed})'])} MAXRESULTS {PAGE_ROWS}"


def created_statement(kind: ObjectType, since: datetime, first_row: int, rows: int) -> str:
    """Write the query for rows created since, in the order of their ids."""
    created = f"MetaData.CreateTime >= '{statement_text(since)}'"
    paging = f"ORDERBY Id STARTPOSITION {first_row} MAXRESULTS {rows}"
    return f"{_select('*', kind, [created])} {paging}"


def names_statement(kind: ObjectType, names: Sequence[str]) -> str:
    """Write the query for rows of these names, inactive ones too."""
    listed = ",".join(quoted(name) for name in names)
    return f"{_select('*', kind, [f'DisplayName IN ({listed})'])} MAXRESULTS {PAGE_ROWS}"


def quoted(value: str) -> str:
    """Write a value into a statement; the escape is a backslash."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _select(what: str, kind: ObjectType, conditions: Sequence[str]) -> str:
    """Rows that are inactive are hidden unless they are asked for, from counts too (§10.13)."""
    visible = ["Active IN (true,false)"] if kind.has_inactive else []
    where = " AND ".join([*visible, *conditions])
    statement = f"SELECT {what} FROM {kind.name}"  # noqa: S608  names come from our own table
    return f"{statement} WHERE {where}" if where else statement


def _times(cut: Window) -> list[str]:
    conditions = []
    if cut.since is not None:
        conditions.append(f"MetaData.LastUpdatedTime >= '{statement_text(cut.since)}'")
    if cut.before is not None:
        conditions.append(f"MetaData.LastUpdatedTime < '{statement_text(cut.before)}'")
    return conditions
