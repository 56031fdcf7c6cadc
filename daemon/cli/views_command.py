"""`views`: what a company owes, is owed and has."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

import msgspec
import typer
from rich.table import Column

from daemon.cli import view_replies as replies
from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption, MaxAgeOption
from daemon.cli.output import Output
from daemon.cli.replies import decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count

_BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
_MOST_ITEMS = 1000


class ViewName(StrEnum):
    """The views that there are."""

    BILLS_DUE = "bills-due"
    RECEIVABLES_AGING = "receivables-aging"
    PAYABLES_AGING = "payables-aging"
    PAYMENT_HISTORY = "payment-history"
    COMPANY = "company"
    CASH = "cash"
    DIGEST = "digest"


def views(  # noqa: PLR0913 - the options that some view takes
    ctx: typer.Context,
    account: AccountArgument,
    name: Annotated[ViewName, typer.Argument(metavar="NAME", help=", ".join(ViewName))],
    *,
    days: Annotated[
        int | None,
        typer.Option(min=0, show_default="30", help="How far ahead: bills-due, digest."),
    ] = None,
    customer: Annotated[
        str, typer.Option(show_default=False, help="payment-history: of this customer's id.")
    ] = "",
    vendor: Annotated[
        str, typer.Option(show_default=False, help="payment-history: to this supplier's id.")
    ] = "",
    as_of: Annotated[
        str,
        typer.Option(metavar="DAY", show_default="today in UTC", help="Judge what is overdue by."),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_MOST_ITEMS,
            show_default="100",
            help="bills-due, payment-history: how many lines at most.",
        ),
    ] = None,
    max_age: MaxAgeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show an account's money: what is due, how old it is, what was paid, what the bank holds.

    Amounts are exact; currencies are never added up together.
    """
    shell = shell_of(ctx)
    given = {
        "days": days,
        "customer": customer,
        "vendor": vendor,
        "as_of": as_of,
        "limit": limit,
        "max_age": max_age,
    }
    asked = {key: value for key, value in given.items() if value not in (None, "")}
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        document = daemon.get(account_path(chosen, "views", name), asked)
    if as_json:
        shell.output.json(msgspec.Raw(document))
        return
    _SHOW[name](shell.output, document)


def _aging(output: Output, document: bytes) -> None:
    found = decoded(document, replies.AgingView)
    _aging_table(output, found.currencies)
    _footer(output, found)


def _bills_due(output: Output, document: bytes) -> None:
    found = decoded(document, replies.BillsDueView)
    _debt_table(output, found.items)
    _due_table(output, found.through, found.currencies)
    _footer(output, found)


def _payments(output: Output, document: bytes) -> None:
    found = decoded(document, replies.PaymentsView)
    _payment_table(output, found.items)
    _footer(output, found, judges=False)


def _company(output: Output, document: bytes) -> None:
    found = decoded(document, replies.CompanyView)
    _company_lines(output, found.company)
    _footer(output, found, judges=False)


def _cash(output: Output, document: bytes) -> None:
    found = decoded(document, replies.CashView)
    _cash_tables(output, found)
    _footer(output, found)


def _digest(output: Output, document: bytes) -> None:
    found = decoded(document, replies.DigestView)
    _company_lines(output, found.company)
    _titled(output, "Cash")
    _cash_tables(output, found)
    _titled(output, "Receivables by age")
    _aging_table(output, found.receivables_aging)
    _titled(output, "Payables by age")
    _aging_table(output, found.payables_aging)
    _titled(output, "Bills due next")
    _debt_table(output, found.next_bills)
    _due_table(output, found.through, found.bills_due)
    _titled(output, "Newest payments")
    _payment_table(output, found.latest_payments)
    _footer(output, found)


_SHOW: Mapping[ViewName, Callable[[Output, bytes], None]] = MappingProxyType(
    {
        ViewName.BILLS_DUE: _bills_due,
        ViewName.RECEIVABLES_AGING: _aging,
        ViewName.PAYABLES_AGING: _aging,
        ViewName.PAYMENT_HISTORY: _payments,
        ViewName.COMPANY: _company,
        ViewName.CASH: _cash,
        ViewName.DIGEST: _digest,
    }
)


def _money(heading: str) -> Column:
    return Column(heading, justify="right")


def _aging_table(output: Output, found: Sequence[replies.Open]) -> None:
    headings = (*(_money(name.upper()) for name in _BUCKETS), _money("OPEN"), _money("OVERDUE"))
    rows = [
        (each.currency, *(each.buckets.get(name, "") for name in _BUCKETS), each.open, each.overdue)
        for each in found
    ]
    output.table(("CURRENCY", *headings), rows)


def _debt_table(output: Output, found: Sequence[replies.Debt]) -> None:
    output.table(
        ("DUE", "ID", "NUMBER", "TO", "CURRENCY", _money("OPEN"), _money("DAYS OVERDUE")),
        [
            (
                each.due_on or "-",
                each.object_id,
                each.number,
                each.party_name,
                each.currency,
                each.open,
                str(each.days_overdue or "-"),
            )
            for each in found
        ],
    )


def _due_table(output: Output, through: str, found: Sequence[replies.DueLine]) -> None:
    output.line("")
    output.table(
        (f"DUE UNTIL {through}", _money("BILLS"), _money("DUE"), _money("OVERDUE")),
        [(each.currency, str(each.documents), each.due, each.overdue) for each in found],
    )


def _payment_table(output: Output, found: Sequence[replies.Payment]) -> None:
    output.table(
        ("DAY", "WAY", "ID", "NUMBER", "PARTY", "CURRENCY", _money("AMOUNT"), _money("UNAPPLIED")),
        [
            (
                each.dated_on or "-",
                each.direction,
                each.object_id,
                each.number,
                each.party_name,
                each.currency,
                each.amount,
                each.unapplied,
            )
            for each in found
        ],
    )


def _cash_tables(output: Output, found: replies.CashView) -> None:
    both = (("receivable", found.receivables), ("payable", found.payables))
    output.table(
        ("WHAT", "CURRENCY", _money("OPEN"), _money("OVERDUE"), _money("CREDITS")),
        [
            (what, each.currency, each.open, each.overdue, each.credits)
            for what, lines in both
            for each in lines
        ],
    )
    output.line("")
    output.table(
        ("BANK ACCOUNT", "CURRENCY", _money("BALANCE")),
        [(each.name, each.currency, each.balance) for each in found.bank_accounts],
    )


def _company_lines(
    output: Output, company: Mapping[str, str | Sequence[str] | None] | None
) -> None:
    for key, value in (company or {}).items():
        text = value if isinstance(value, str) else ", ".join(value or ())
        output.line(f"{key.replace('_', ' '):<20}{text or '-'}")


def _titled(output: Output, title: str) -> None:
    output.line("")
    output.line(title, "bold")


def _footer(output: Output, found: replies.View, *, judges: bool = True) -> None:
    """Say how true it is, beside the data, and by which day it judges what is overdue."""
    basis = " (today in UTC)" if found.as_of_basis == "utc" else ""
    judged = f"Overdue as of {found.as_of}{basis}. " if judges else ""
    output.message(f"{judged}{found.freshness.in_words()}")
    for each in found.left_out:
        output.message(
            f"Left out: {count(each.count, each.object_type)}, such as {each.example_id}: "
            f"{each.reason}",
            "yellow",
        )
    if found.not_replicated:
        output.message(f"Not replicated, so not counted: {', '.join(found.not_replicated)}.")
    if found.next is not None:
        output.message("There are more; --limit shows more, --json the cursor of the next page.")
