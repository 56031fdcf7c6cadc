"""Finance views as the HTTP interface shows them: money is text with the currency's own decimals."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actors.finance.aging import Aging, CurrencySum, Due
from actors.finance.currency import amount_text
from actors.finance.mapping import CompanyProfile
from daemon.web.freshness import Freshness
from daemon.web.paging import Next
from store.finance import FinanceDocument, FinanceReading, Flow

Money = Annotated[str, Meta(description="Exact, with the currency's own decimals; never rounded.")]
Currency = Annotated[str, Meta(description="Three letters, as in ISO 4217.")]


class FinanceFreshness(Freshness, frozen=True, kw_only=True):
    """How far behind the vendor what is shown may be."""

    seq: Annotated[
        int, Meta(description="All changes up to this one are in what is shown, none behind it.")
    ]


class LeftOutView(msgspec.Struct, frozen=True):
    """Objects that are in none of the sums, because something in them cannot be read."""

    object_type: str
    reason: str
    count: int
    example_id: Annotated[str, Meta(description="The id of one of them.")]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What all views have in common."""

    account_id: str
    as_of: Annotated[date, Meta(description="The day by which what is overdue was judged.")]
    as_of_basis: Annotated[
        Literal["asked", "utc"],
        Meta(description="Whether that day was asked for, or is today in UTC."),
    ]
    freshness: FinanceFreshness
    left_out: list[LeftOutView]
    not_replicated: Annotated[
        list[str],
        Meta(description="Types that would count but are not among the configured object types."),
    ]


class Buckets(msgspec.Struct, frozen=True):
    """Open amounts by how many days they are past due; credits count below zero."""

    current: Money
    days_1_30: Money = msgspec.field(name="1-30")
    days_31_60: Money = msgspec.field(name="31-60")
    days_61_90: Money = msgspec.field(name="61-90")
    days_over_90: Money = msgspec.field(name="90+")


class OpenView(msgspec.Struct, frozen=True, kw_only=True):
    """What is open in one currency."""

    currency: Currency
    open: Annotated[str, Meta(description="Debts less credits.")]
    debts: Money
    credits: Annotated[str, Meta(description="Credits and payments that are not applied yet.")]
    overdue: Annotated[str, Meta(description="Debts past due; credits are not taken off.")]
    documents: int


class AgingLine(OpenView, frozen=True, kw_only=True):
    """What is open in one currency, by age; the buckets add up to `open`."""

    buckets: Buckets


class AgingView(Head, frozen=True, kw_only=True):
    """What is open and how old it is."""

    currencies: list[AgingLine]


class OpenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One debt."""

    object_type: str
    object_id: str
    number: str
    party_id: str
    party_name: str
    currency: Currency
    dated_on: date | None
    due_on: date | None
    days_overdue: Annotated[int, Meta(description="0 when it is not overdue.")]
    open: Money
    total: Money


class DueLine(msgspec.Struct, frozen=True, kw_only=True):
    """What falls due in one currency, overdue bills included."""

    currency: Currency
    due: Money
    overdue: Money
    documents: int


class BillsDueView(Head, frozen=True, kw_only=True):
    """Bills that are due until a day, overdue ones too, the earliest first."""

    through: Annotated[date, Meta(description="The last day that counts.")]
    currencies: list[DueLine]
    items: list[OpenDocument]
    next: Next


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """One payment."""

    object_type: str
    object_id: str
    direction: Annotated[Flow, Meta(description="`in` from a customer, `out` to a supplier.")]
    number: str
    party_id: str
    party_name: str
    currency: Currency
    dated_on: date | None
    amount: Money
    unapplied: Annotated[str, Meta(description="What of it is not used for a debt yet.")]


class PaymentSum(msgspec.Struct, frozen=True, kw_only=True):
    """All payments of one direction and currency, also those on other pages."""

    direction: Flow
    currency: Currency
    amount: Money
    documents: int


class PaymentHistoryView(Head, frozen=True, kw_only=True):
    """Payments, the newest first."""

    currencies: list[PaymentSum]
    items: list[PaymentView]
    next: Next


class BankAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What one bank account holds, by the company's own books."""

    object_id: str
    name: str
    currency: Currency
    balance: Money


class CurrencyBalance(msgspec.Struct, frozen=True, kw_only=True):
    """All bank accounts of one currency."""

    currency: Currency
    balance: Money
    accounts: int


class CashView(Head, frozen=True, kw_only=True):
    """What is owed to the company, what it owes, and what its bank accounts hold."""

    receivables: list[OpenView]
    payables: list[OpenView]
    bank_balances: list[CurrencyBalance]
    bank_accounts: list[BankAccount]


class CompanyView(Head, frozen=True, kw_only=True):
    """The company, as its vendor describes it."""

    company: Annotated[
        CompanyProfile | None, Meta(description="null while the vendor's record is not here.")
    ]


class DigestView(CashView, frozen=True, kw_only=True):
    """The other views in one, all of the same moment."""

    company: CompanyProfile | None
    receivables_aging: list[AgingLine]
    payables_aging: list[AgingLine]
    through: date
    bills_due: list[DueLine]
    next_bills: Annotated[list[OpenDocument], Meta(description="The first bills due.")]
    latest_payments: Annotated[list[PaymentView], Meta(description="The newest payments.")]


def open_line(found: Aging) -> OpenView:
    """Show what is open in one currency."""
    return OpenView(**_open_fields(found))


def aging_line(found: Aging) -> AgingLine:
    """Show what is open in one currency, by age."""
    buckets = [amount_text(amount, found.currency) for amount in found.buckets]
    return AgingLine(buckets=Buckets(*buckets), **_open_fields(found))


def due_line(found: Due) -> DueLine:
    """Show what falls due in one currency."""
    return DueLine(
        currency=found.currency,
        due=amount_text(found.amount, found.currency),
        overdue=amount_text(found.overdue, found.currency),
        documents=found.documents,
    )


def open_document(found: FinanceDocument, as_of: date) -> OpenDocument:
    """Show one debt."""
    return OpenDocument(
        object_type=found.object_type,
        object_id=found.object_id,
        number=found.number,
        party_id=found.party_id,
        party_name=found.party_name,
        currency=found.currency,
        dated_on=found.dated_on,
        due_on=found.due_on,
        days_overdue=max(0, (as_of - found.due_on).days) if found.due_on else 0,
        open=amount_text(found.open_amount, found.currency),
        total=amount_text(found.total, found.currency),
    )


def payments(found: Iterable[FinanceDocument]) -> list[PaymentView]:
    """Show payments."""
    return [
        PaymentView(
            object_type=each.object_type,
            object_id=each.object_id,
            direction=each.flow,
            number=each.number,
            party_id=each.party_id,
            party_name=each.party_name,
            currency=each.currency,
            dated_on=each.dated_on,
            amount=amount_text(each.total, each.currency),
            unapplied=amount_text(-each.open_amount, each.currency),
        )
        for each in found
        if each.flow is not None
    ]


def payment_sums(direction: Flow, found: Iterable[CurrencySum]) -> list[PaymentSum]:
    """Show sums of payments."""
    return [
        PaymentSum(
            direction=direction,
            currency=each.currency,
            amount=amount_text(each.amount, each.currency),
            documents=each.documents,
        )
        for each in found
    ]


def bank_accounts(found: Iterable[FinanceDocument]) -> list[BankAccount]:
    """Show bank accounts."""
    return [
        BankAccount(
            object_id=each.object_id,
            name=each.party_name,
            currency=each.currency,
            balance=amount_text(each.open_amount, each.currency),
        )
        for each in found
    ]


def bank_balances(found: Iterable[CurrencySum]) -> list[CurrencyBalance]:
    """Show what all bank accounts hold."""
    return [
        CurrencyBalance(
            currency=each.currency,
            balance=amount_text(each.amount, each.currency),
            accounts=each.documents,
        )
        for each in found
    ]


def left_out(reading: FinanceReading) -> list[LeftOutView]:
    """Name what is in none of the sums."""
    return [
        LeftOutView(each.object_type, each.reason, each.count, each.example_id)
        for each in reading.left_out
    ]


def _open_fields(found: Aging) -> dict[str, Any]:
    def text(name: str) -> str:
        return amount_text(getattr(found, name), found.currency)

    return {
        "currency": found.currency,
        "open": text("net"),
        "debts": text("debts"),
        "credits": text("credits"),
        "overdue": text("overdue"),
        "documents": found.documents,
    }
