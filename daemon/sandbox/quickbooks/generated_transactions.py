"""Generated invoices, bills and their payments, posted to the generated names and accounts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from daemon.sandbox.quickbooks import sample_words
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import Family
from daemon.sandbox.quickbooks.generated_lists import (
    DAY_S,
    US_DOLLAR,
    Finished,
    ListMaker,
    Member,
)
from daemon.sandbox.quickbooks.json_text import Document, money
from daemon.sandbox.quickbooks.payment_lines import line_with_noise
from daemon.sandbox.quickbooks.timestamps import stamp

_LINE_SETS = 200
_SALES_LINES = (1, 1, 2, 1, 3, 2, 1, 5)
_NO_TAX = {"value": "NON"}


LineSet = tuple[list[Document], Decimal]
"""Lines that many transactions share, and their sum."""


@dataclass(slots=True)
class _Plan:
    """One transaction before it is written down.

    Attributes:
        second: When it was entered.
        party: Its customer or vendor.
        total: Its amount.
        object_id: Its id, drawn in order of time.
        updated_s: Second of its last change.
    """

    second: int
    party: Member
    total: Decimal
    object_id: str = ""
    updated_s: int = 0


@dataclass(slots=True)
class _Debt(_Plan):
    """An invoice or a bill.

    Attributes:
        lines: Its lines.
        doc_number: Its number.
        paid: What payments took off.
        payment_ids: The payments that did.
    """

    lines: list[Document] = field(default_factory=list)
    doc_number: str = ""
    paid: Decimal = Decimal(0)
    payment_ids: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Settlement(_Plan):
    """A payment, and what it pays."""

    pays: _Debt


class TransactionMaker:
    """Makes the transactions of one company within a span of seconds."""

    def __init__(
        self, company: Company, lists: ListMaker, chance: Random, span: tuple[int, int]
    ) -> None:
        self._company = company
        self._lists = lists
        self._chance = chance
        self._first_s, self._last_s = span
        self._invoices: list[_Debt] = []
        self._bills: list[_Debt] = []
        self._payments: list[_Settlement] = []
        self._bill_payments: list[_Settlement] = []

    def make(self, sizes: Mapping[str, int]) -> None:
        """Make as many of each type as asked, and post them."""
        self._invoices = self._debts(sizes["Invoice"], self._lists.customers, self._sales_line_set)
        self._bills = self._debts(sizes["Bill"], self._lists.vendors, self._expense_line_set)
        self._payments = self._settlements(sizes["Payment"], self._invoices)
        self._bill_payments = self._settlements(sizes["BillPayment"], self._bills)
        self._number()
        self._post()

    def finished(self) -> Finished:
        """Return all documents, each made only when it is asked for."""
        return {
            "Invoice": ((self._invoice(plan), plan.updated_s) for plan in self._invoices),
            "Bill": ((self._bill(plan), plan.updated_s) for plan in self._bills),
            "Payment": ((self._payment(plan), plan.updated_s) for plan in self._payments),
            "BillPayment": (
                (self._bill_payment(plan), plan.updated_s) for plan in self._bill_payments
            ),
        }

    def _debts(
        self, number: int, parties: Sequence[Member], line_set: Callable[[int], LineSet]
    ) -> list[_Debt]:
        if not number or not parties:
            return []
        chance = self._chance
        pool = [line_set(place) for place in range(min(_LINE_SETS, number))]
        span = range(self._first_s, self._last_s)
        debts: list[_Debt] = []
        for second in sorted(chance.choices(span, k=number)):
            lines, total = chance.choice(pool)
            debts.append(_Debt(second, chance.choice(parties), total, lines=lines))
        return debts

    def _settlements(self, number: int, debts: Sequence[_Debt]) -> list[_Settlement]:
        settlements: list[_Settlement] = []
        for debt in self._chance.sample(debts, min(number, len(debts))):
            share = self._chance.choice((Decimal(1), Decimal(1), Decimal("0.5")))
            amount = (debt.total * share).quantize(Decimal("0.01"))
            second = debt.second + self._chance.randrange(60, 30 * DAY_S)
            settlements.append(
                _Settlement(min(second, self._last_s), debt.party, amount, pays=debt)
            )
        return settlements

    def _number(self) -> None:
        plans: list[_Plan] = [
            *self._invoices,
            *self._bills,
            *self._payments,
            *self._bill_payments,
        ]
        for plan in sorted(plans, key=lambda item: item.second):
            plan.object_id = self._company.next_id(Family.TRANSACTION)
            plan.updated_s = plan.second
        for invoice in self._invoices:
            invoice.doc_number = self._company.next_doc_number("Invoice")

    def _post(self) -> None:
        accounts = self._lists.accounts
        receivable = accounts["Accounts Receivable (A/R)"]
        payable = accounts["Accounts Payable (A/P)"]
        for debts, account in ((self._invoices, receivable), (self._bills, payable)):
            for debt in debts:
                debt.party.post(debt.total, debt.second)
                account.post(debt.total, debt.second)
        for payment in self._payments:
            _settle(payment, receivable)
            accounts["Undeposited Funds"].post(payment.total, payment.second)
        for payment in self._bill_payments:
            _settle(payment, payable)
            if _is_by_check(payment):
                accounts["Checking"].post(-payment.total, payment.second)
            else:
                accounts["Mastercard"].post(payment.total, payment.second)

    def _sales_line_set(self, number: int) -> LineSet:
        lines: list[Document] = []
        total = Decimal(0)
        for place in range(1, 1 + _SALES_LINES[number % len(_SALES_LINES)]):
            item = self._chance.choice(self._lists.items).document
            quantity = self._chance.randrange(1, 12)
            amount = (Decimal(item["UnitPrice"]) * quantity).quantize(Decimal("0.01"))
            total += amount
            line: Document = {"Id": str(place), "LineNum": place}
            if "Description" in item:
                line["Description"] = item["Description"]
            line |= {
                "Amount": money(amount),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": item["Id"], "name": item["Name"]},
                    "UnitPrice": item["UnitPrice"],
                    "Qty": quantity,
                    "ItemAccountRef": item["IncomeAccountRef"],
                    "TaxCodeRef": _NO_TAX,
                },
                "CustomExtensions": [],
            }
            lines.append(line)
        lines.append(
            {
                "Amount": money(total),
                "DetailType": "SubTotalLineDetail",
                "SubTotalLineDetail": {},
                "CustomExtensions": [],
            }
        )
        return lines, total

    def _expense_line_set(self, number: int) -> LineSet:
        lines: list[Document] = []
        total = Decimal(0)
        for place in range(1, 2 + number % 2):
            amount = Decimal(self._chance.randrange(500, 250_000)) / 100
            total += amount
            lines.append(
                {
                    "Id": str(place),
                    "LineNum": place,
                    "Description": self._chance.choice(sample_words.SUPPLIES),
                    "Amount": money(amount),
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {
                        "AccountRef": self._chance.choice(self._lists.expenses()).reference,
                        "BillableStatus": "NotBillable",
                        "TaxCodeRef": _NO_TAX,
                    },
                    "CustomExtensions": [],
                }
            )
        return lines, total

    def _invoice(self, plan: _Debt) -> Document:
        customer, created = plan.party.document, stamp(plan.second)
        sent = int(plan.object_id) % 3 == 0
        document: Document = {
            "AllowIPNPayment": False,
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": False,
            "AllowOnlineACHPayment": False,
            **self._envelope(plan, created, plan.payment_ids),
            "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
            "DocNumber": plan.doc_number,
            "TxnDate": created[:10],
            "CurrencyRef": US_DOLLAR,
            "LinkedTxn": [
                {"TxnId": payment_id, "TxnType": "Payment"} for payment_id in plan.payment_ids
            ],
            "Line": plan.lines,
            "TxnTaxDetail": {"TotalTax": 0},
            "CustomerRef": plan.party.reference,
            "CustomerMemo": {"value": sample_words.NOTES[plan.second % len(sample_words.NOTES)]},
            "BillAddr": customer["BillAddr"],
            "ShipAddr": customer["ShipAddr"],
            "FreeFormAddress": False,
            "SalesTermRef": {"value": "3", "name": "Net 30"},
            "DueDate": _days_later(created, 30),
            "TotalAmt": money(plan.total),
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": "EmailSent" if sent else "NotSet",
            "BillEmail": customer["PrimaryEmailAddr"],
            "Balance": money(plan.total - plan.paid),
        }
        if sent:
            document["DeliveryInfo"] = {
                "DeliveryType": "Email",
                "DeliveryTime": created,
            }
        return document

    def _bill(self, plan: _Debt) -> Document:
        created = stamp(plan.second)
        document: Document = {"DueDate": _days_later(created, 10)}
        if "BillAddr" in plan.party.document:
            document["VendorAddr"] = plan.party.document["BillAddr"]
        document |= {
            "Balance": money(plan.total - plan.paid),
            **self._envelope(plan, created, plan.payment_ids),
            "TxnDate": created[:10],
            "CurrencyRef": US_DOLLAR,
        }
        if plan.payment_ids:
            document["LinkedTxn"] = [
                {"TxnId": payment_id, "TxnType": "BillPaymentCheck"}
                for payment_id in plan.payment_ids
            ]
        return document | {
            "Line": plan.lines,
            "VendorRef": plan.party.reference,
            "APAccountRef": self._lists.accounts["Accounts Payable (A/P)"].reference,
            "SalesTermRef": {"value": "1", "name": "Due on receipt"},
            "TotalAmt": money(plan.total),
        }

    def _payment(self, plan: _Settlement) -> Document:
        debt, created = plan.pays, stamp(plan.second)
        return {
            "CustomerRef": plan.party.reference,
            "DepositToAccountRef": {
                "value": self._lists.accounts["Undeposited Funds"].document["Id"]
            },
            "PaymentRefNum": plan.object_id,
            "TotalAmt": money(plan.total),
            "UnappliedAmt": 0,
            "ProcessPayment": False,
            **self._envelope(plan, created),
            "TxnDate": created[:10],
            "CurrencyRef": US_DOLLAR,
            "LinkedTxn": [],
            "Line": [
                line_with_noise(
                    money(plan.total),
                    [{"TxnId": debt.object_id, "TxnType": "Invoice"}],
                    money(debt.total),
                    debt.doc_number,
                )
            ],
        }

    def _bill_payment(self, plan: _Settlement) -> Document:
        debt, created = plan.pays, stamp(plan.second)
        by_check = _is_by_check(plan)
        bank, card = self._lists.accounts["Checking"], self._lists.accounts["Mastercard"]
        paid_with: Document = (
            {"CheckPayment": {"BankAccountRef": bank.reference, "PrintStatus": "NotSet"}}
            if by_check
            else {"CreditCardPayment": {"CCAccountRef": card.reference}}
        )
        return {
            "VendorRef": plan.party.reference,
            "PayType": "Check" if by_check else "CreditCard",
            **paid_with,
            "TotalAmt": money(plan.total),
            **self._envelope(plan, created),
            "DocNumber": plan.object_id,
            "TxnDate": created[:10],
            "CurrencyRef": US_DOLLAR,
            "Line": [
                {
                    "Amount": money(plan.total),
                    "LinkedTxn": [{"TxnId": debt.object_id, "TxnType": "Bill"}],
                }
            ],
        }

    def _envelope(self, plan: _Plan, created: str, payment_ids: Sequence[str] = ()) -> Document:
        updated = created if plan.updated_s == plan.second else stamp(plan.updated_s)
        return {
            "domain": "QBO",
            "sparse": False,
            "Id": plan.object_id,
            "SyncToken": str(len(payment_ids)),
            "MetaData": {
                "CreateTime": created,
                "LastModifiedByRef": {"value": self._company.user_id},
                "LastUpdatedTime": updated,
            },
        }


def _days_later(created: str, days: int) -> str:
    return (date.fromisoformat(created[:10]) + timedelta(days=days)).isoformat()


def _is_by_check(plan: _Plan) -> bool:
    return int(plan.object_id) % 3 != 0


def _settle(plan: _Settlement, owed: Member) -> None:
    debt = plan.pays
    debt.paid += plan.total
    debt.payment_ids += (plan.object_id,)
    debt.updated_s = max(debt.updated_s, plan.second)
    plan.party.post(-plan.total, plan.second)
    owed.post(-plan.total, plan.second)
