"""Accounts as a person reads them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from daemon.cli.output import Output
from daemon.cli.replies import AccountReply, StatusReply
from daemon.cli.wording import age, count, printable

_HEADINGS = ("ID", "VENDOR", "COMPANY", "NAME", "STATE", "EXACT AS OF", "LAST SYNCED")
_CURSOR_HEADINGS = ("TYPE", "RECORDS", "READ", "LAST SYNCED", "LAST ERROR")

_DISPENSABLE = ("VENDOR", "COMPANY", "LAST SYNCED", "EXACT AS OF")
"""What a narrow terminal goes without, this first."""

_NAME_CHARS = 20
"""Of a name, so much is worth more than a dispensable column."""

_GAP_CHARS = 2
_SHORT_ID = 8
_STYLES = {
    "live": "green",
    "connecting": "cyan",
    "backfilling": "cyan",
    "degraded": "yellow",
    "paused": "dim",
    "disconnected": "dim",
}
_NEEDS_A_PERSON = "bold red"


def state_text(state: str) -> Text:
    """Return a state in its colour."""
    return Text(printable(state), _STYLES.get(state, _NEEDS_A_PERSON))


def account_table(output: Output, accounts: Sequence[AccountReply], now: datetime) -> Table:
    """Return one line for each account: on a narrow terminal with fewer columns, never wrapped."""
    rows = [_account_cells(account, now) for account in accounts]
    headings = _headings_within(output.width, rows)
    table = output.build_table(headings, ([row[name] for name in headings] for row in rows))
    for column in table.columns:
        column.overflow = "ellipsis"
        column.no_wrap = column.header != "NAME"
    return table


def cursor_table(output: Output, status: StatusReply, now: datetime) -> Table:
    """Return one row for each object type; an error that several share is told once."""
    table = output.build_table(_CURSOR_HEADINGS, _cursor_rows(status, now))
    for column in table.columns[:-1]:
        column.no_wrap = True
    return table


def _account_cells(account: AccountReply, now: datetime) -> Mapping[str, Text]:
    return {
        "ID": Text(printable(account.id[:_SHORT_ID])),
        "VENDOR": Text(printable(account.vendor)),
        "COMPANY": Text(printable(account.external_account_id)),
        "NAME": Text(printable(account.name), no_wrap=True, overflow="ellipsis"),
        "STATE": state_text(account.state),
        "EXACT AS OF": Text(age(account.exact_as_of, now)),
        "LAST SYNCED": Text(age(account.last_synced_at, now)),
    }


def _headings_within(width: int, rows: Sequence[Mapping[str, Text]]) -> Sequence[str]:
    headings = list(_HEADINGS)
    for dispensable in _DISPENSABLE:
        if sum(_width(name, rows) + _GAP_CHARS for name in headings) <= width:
            break
        headings.remove(dispensable)
    return headings


def _width(heading: str, rows: Sequence[Mapping[str, Text]]) -> int:
    widest = max([len(heading), *(row[heading].cell_len for row in rows)])
    return min(widest, _NAME_CHARS) if heading == "NAME" else widest


def _cursor_rows(status: StatusReply, now: datetime) -> Iterable[Sequence[Text | str]]:
    before = ""
    for cursor in status.cursors:
        error = cursor.last_error or ""
        yield (
            cursor.object_type,
            f"{cursor.records:,}",
            "complete" if cursor.complete else "under way",
            age(cursor.last_synced_at, now),
            "the same" if error and error == before else error or "-",
        )
        before = error or before


def summary(accounts: Sequence[AccountReply]) -> str:
    """Say how many accounts there are in which state: `3 accounts: 2 live, 1 degraded`."""
    by_state = Counter(account.state for account in accounts)
    states = ", ".join(f"{number:,} {state}" for state, number in by_state.most_common())
    return f"{count(len(accounts), 'account')}: {states}" if accounts else "0 accounts"
