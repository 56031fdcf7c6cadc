"""Reading the copy that finance views are made of, all in one moment."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from store.finance import (
    DayTotal,
    FinanceDocument,
    FinanceQuery,
    FinanceReading,
    Flow,
    LeftOut,
    PaymentPage,
    Place,
    Section,
)
from store.relational.accounts import read_account
from store.relational.changes import last_seq
from store.relational.finance_keeping import SQL, read_progress
from store.relational.finance_rows import document_of, total_of
from store.relational.session import Session

_FIRST: Place = ("", "", "")
_LAST: Place = ("\U0010ffff", "", "")


def read_finance(connection: Session, account_id: str, query: FinanceQuery) -> FinanceReading:
    """Read what a view wants.

    Raises:
        UnknownAccountError: there is no such account.
    """
    with connection.one_moment():
        account = read_account(connection, account_id)
        progress = read_progress(connection, account_id)
        if progress is None or not progress.whole:
            return FinanceReading(account, 0, None, built=False, totals={})
        changed = connection.execute(SQL["changed_since"], (progress.seq, account_id)).fetchone()
        return FinanceReading(
            account,
            progress.seq if changed else last_seq(connection),
            progress.exact_as_of if changed else account.exact_as_of,
            built=True,
            totals={
                section: _totals(connection, account_id, section, query.ends)
                for section in query.totals
            },
            due=_due(connection, account_id, query),
            payments=_payments(connection, account_id, query.payments),
            payment_totals=_payment_totals(connection, account_id, query.payments),
            bank=_bank(connection, account_id) if query.bank else (),
            company=_company(connection, account_id, query.company_type),
            left_out=[LeftOut(*row) for row in connection.execute(SQL["problems"], (account_id,))],
        )


def _totals(
    connection: Session, account_id: str, section: Section, ends: Sequence[date]
) -> Sequence[DayTotal]:
    found: list[DayTotal] = []
    after = ""
    for end in (*ends, date.max):
        asked = {"account_id": account_id, "part": section, "after": after}
        after = end.isoformat()
        rows = connection.execute(SQL["totals"], {**asked, "through": after})
        found += [total_of(row) for row in rows]
    return found


def _flow_totals(connection: Session, account_id: str, flow: Flow) -> Sequence[DayTotal]:
    return [total_of(row) for row in connection.execute(SQL["flow_totals"], (account_id, flow))]


def _due(connection: Session, account_id: str, query: FinanceQuery) -> Sequence[FinanceDocument]:
    if query.due is None:
        return ()
    page = query.due
    return _documents(
        connection,
        "due",
        {
            "account_id": account_id,
            "section": page.section,
            "through": page.through.isoformat(),
            "limit": page.limit,
            **_place(page.after or _FIRST),
        },
    )


def _payments(
    connection: Session, account_id: str, page: PaymentPage | None
) -> Sequence[FinanceDocument]:
    if page is None:
        return ()
    asked: dict[str, object] = {
        "account_id": account_id,
        "limit": page.limit,
        **_place(page.after or _LAST),
    }
    if page.flow is None:
        return _documents(connection, "payments", asked)
    asked |= {"flow": page.flow, "party_id": page.party_id}
    return _documents(connection, "party_payments", asked)


def _payment_totals(
    connection: Session, account_id: str, page: PaymentPage | None
) -> Mapping[Flow, Sequence[DayTotal]]:
    if page is None:
        return {}
    if page.flow is None:
        return {flow: _flow_totals(connection, account_id, flow) for flow in Flow}
    rows = connection.execute(SQL["party_totals"], (account_id, page.flow, page.party_id))
    return {page.flow: [total_of(row) for row in rows]}


def _bank(connection: Session, account_id: str) -> Sequence[FinanceDocument]:
    return [
        document_of(row) for row in connection.execute(SQL["section"], (account_id, Section.BANK))
    ]


def _company(connection: Session, account_id: str, object_type: str | None) -> bytes | None:
    if object_type is None:
        return None
    row = connection.execute(SQL["first_payload"], (account_id, object_type)).fetchone()
    return None if row is None else bytes(row[0])


def _documents(
    connection: Session, name: str, asked: Mapping[str, Any]
) -> Sequence[FinanceDocument]:
    return [document_of(row) for row in connection.execute(SQL[name], asked)]


def _place(place: Place) -> dict[str, object]:
    return {"after_day": place[0], "after_type": place[1], "after_id": place[2]}
