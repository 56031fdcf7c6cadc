import json

import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

AMY = account(1, "Amy's")
AT = f"/integrations/{AMY['id']}/views"
HEAD = {
    "account_id": AMY["id"],
    "as_of": "2026-03-01",
    "as_of_basis": "utc",
    "freshness": {
        "exact_as_of": "2026-03-01T11:59:57Z",
        "age_seconds": 3.0,
        "stale": False,
        "seq": 17,
    },
    "left_out": [],
}
LINE = {
    "currency": "USD",
    "open": "1120.50",
    "debts": "1125.50",
    "credits": "5.00",
    "overdue": "20.50",
    "documents": 4,
}
BUCKETS = {"current": "1100.00", "1-30": "20.50", "31-60": "0.00", "61-90": "0.00", "90+": "0.00"}
BILL = {
    "object_type": "Bill",
    "object_id": "7",
    "number": "B-1",
    "party_id": "9",
    "party_name": "Tania's Nursery",
    "currency": "USD",
    "dated_on": "2026-01-02",
    "due_on": "2026-02-01",
    "days_overdue": 28,
    "open": "20.50",
    "total": "30.00",
}
PAYMENT = {
    "object_type": "Payment",
    "object_id": "8",
    "direction": "in",
    "number": "",
    "party_id": "1",
    "party_name": "Cool Cars",
    "currency": "JPY",
    "dated_on": "2026-02-27",
    "amount": "1500",
    "unapplied": "0",
}
DUE = {"currency": "USD", "due": "20.50", "overdue": "20.50", "documents": 1}
CASH = {
    "receivables": [LINE],
    "payables": [],
    "bank_balances": [{"currency": "USD", "balance": "9.99", "accounts": 1}],
    "bank_accounts": [{"object_id": "3", "name": "Checking", "currency": "USD", "balance": "9.99"}],
}
DOCUMENTS: dict[str, dict[str, object]] = {
    "bills-due": {"through": "2026-03-31", "currencies": [DUE], "items": [BILL], "next": None},
    "receivables-aging": {"currencies": [{**LINE, "buckets": BUCKETS}]},
    "payables-aging": {"currencies": []},
    "payment-history": {"currencies": [], "items": [PAYMENT], "next": "abc"},
    "company": {"company": {"name": "Amy's", "address": ["1 Main St"], "email": None}},
    "cash": CASH,
    "digest": {
        **CASH,
        "company": {"name": "Amy's"},
        "receivables_aging": [{**LINE, "buckets": BUCKETS}],
        "payables_aging": [],
        "through": "2026-03-31",
        "bills_due": [DUE],
        "next_bills": [BILL],
        "latest_payments": [PAYMENT],
    },
}


@pytest.fixture(autouse=True)
def books(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    for name, document in DOCUMENTS.items():
        cli.daemon.on("GET", f"{AT}/{name}", httpx.Response(200, json={**HEAD, **document}))


def test_aging_is_a_table_with_money_to_the_right(cli: CommandLine) -> None:
    heading, row = cli.run("views", "Amy's", "receivables-aging").out.splitlines()
    assert heading.split() == [
        *("CURRENCY", "CURRENT", "1-30", "31-60", "61-90", "90+", "OPEN", "OVERDUE")
    ]
    assert row.split() == [*("USD", "1100.00", "20.50", "0.00", "0.00", "0.00", "1120.50", "20.50")]
    assert heading.index("1-30") + len("1-30") == row.index(" 20.50") + len(" 20.50")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("bills-due", ["2026-02-01", "Tania's Nursery", "20.50", "28", "DUE UNTIL 2026-03-31"]),
        ("payment-history", ["2026-02-27", "in", "Cool Cars", "JPY", "1500"]),
        ("company", ["name", "Amy's", "1 Main St", "-"]),
        ("cash", ["receivable", "1120.50", "5.00", "Checking", "9.99"]),
        ("digest", ["Amy's", "Receivables by age", "1100.00", "B-1", "Cool Cars", "Checking"]),
        ("payables-aging", ["CURRENCY"]),
    ],
)
def test_each_view_shows_what_it_is_about(cli: CommandLine, name: str, cells: list[str]) -> None:
    result = cli.run("views", "Amy's", name)
    assert result.code == 0
    assert [cell for cell in cells if cell not in result.out] == []
    assert "Exact as of 2026-03-01T11:59:57Z." in result.err
    judges = name not in ("company", "payment-history")
    assert ("Overdue as of 2026-03-01 (today in UTC)" in result.err) == judges


def test_a_view_as_json_is_the_daemons_own_document(cli: CommandLine) -> None:
    result = cli.run("views", "Amy's", "cash", "--json")
    assert json.loads(result.out) == {**HEAD, **CASH}
    assert result.err == ""


def test_what_is_left_out_is_said_beside_the_data(cli: CommandLine) -> None:
    left_out = [
        {"object_type": "Invoice", "reason": "DueDate is no date", "count": 2, "example_id": "4"}
    ]
    reply = httpx.Response(200, json={**HEAD, **CASH, "left_out": left_out})
    cli.daemon.on("GET", f"{AT}/cash", reply)
    assert (
        "Left out: 2 Invoices, such as 4: DueDate is no date"
        in cli.run("views", "Amy's", "cash").err
    )


def test_types_that_are_not_replicated_are_said(cli: CommandLine) -> None:
    reply = httpx.Response(200, json={**HEAD, **CASH, "not_replicated": ["CreditMemo"]})
    cli.daemon.on("GET", f"{AT}/cash", reply)
    assert "not counted: CreditMemo." in cli.run("views", "Amy's", "cash").err


def test_a_list_that_goes_on_says_so(cli: CommandLine) -> None:
    assert "There are more" in cli.run("views", "Amy's", "payment-history").err
    assert "There are more" not in cli.run("views", "Amy's", "bills-due").err


def test_only_what_was_given_is_asked_for(cli: CommandLine) -> None:
    cli.run("views", "Amy's", "bills-due", "--days", "0", "--as-of", "2026-01-01")
    cli.run("views", "Amy's", "payment-history", "--customer", "1", "--limit", "5")
    bills, payments = (
        dict(cli.daemon.asked("GET", f"{AT}/{name}")[0].url.params)
        for name in ("bills-due", "payment-history")
    )
    assert bills == {"days": "0", "as_of": "2026-01-01"}
    assert payments == {"customer": "1", "limit": "5"}


def test_a_view_that_does_not_exist_is_wrong_usage(cli: CommandLine) -> None:
    assert cli.run("views", "Amy's", "profit").code == 2


def test_a_parameter_that_the_view_does_not_take_is_wrong_usage(cli: CommandLine) -> None:
    wrong = {"path": "days", "expected": "nothing", "found": "3"}
    cli.daemon.on("GET", f"{AT}/cash", problem(422, "Invalid input", "Mend it.", errors=[wrong]))
    result = cli.run("views", "Amy's", "cash", "--days", "3")
    assert result.code == 2
    assert "days: expected nothing, found 3" in result.err
