"""What routing needs of accounts."""

from collections.abc import Sequence
from typing import Any

import msgspec

from store.job_models import Company
from store.models import Account
from store.relational.accounts import account_of, check_exists, read_account
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.plain_text import plain
from store.relational.session import Session

SQL = StatementNames("companies")


def read_company(connection: Session, account_id: str) -> Company:
    """Return what was set of one, or what holds without that.

    Raises:
        UnknownAccountError: there is no such account.
    """
    read_account(connection, account_id)
    row = connection.execute(SQL["one"], (account_id,)).fetchone()
    return Company(account_id) if row is None else _company_of(row)


def read_companies(connection: Session) -> Sequence[Company]:
    """Return all of which something was set."""
    return [_company_of(row) for row in connection.execute(SQL["all"])]


def read_active_companies(
    connection: Session, vendors: Sequence[str]
) -> Sequence[tuple[Account, Company]]:
    """Return those of these vendors that are connected and active, oldest first."""
    rows = connection.execute(SQL["active"], (json_rows(vendors),))
    return [
        (account_of(account), Company(account[0], options=_options(options)))
        for *account, options in rows
    ]


def put_company(connection: Session, company: Company, name: str | None) -> None:
    """Store it and, if there is one, its account's new name.

    Raises:
        UnknownAccountError: there is no such account.
    """
    check_exists(connection, company.account_id)
    parameters = {
        "account_id": company.account_id,
        "is_active": company.is_active,
        "options": msgspec.json.encode(company.options).decode(),
    }
    connection.execute(SQL["put"], parameters)
    if name is not None:
        connection.execute(SQL["rename"], (plain(name), company.account_id))


def forget_company(connection: Session, account_id: str) -> None:
    """Delete what was set of one."""
    connection.execute(SQL["forget"], (account_id,))


def _company_of(row: Sequence[Any]) -> Company:
    return Company(row[0], bool(row[1]), _options(row[2]))


def _options(text: str | None) -> dict[str, str | int]:
    return {} if text is None else msgspec.json.decode(text, type=dict[str, str | int])
