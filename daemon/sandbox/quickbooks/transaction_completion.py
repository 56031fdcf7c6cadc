"""What the vendor fills in on transactions: dates, numbers, lines and totals."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from daemon.sandbox.quickbooks.api_fault import (
    business_validation,
    invalid_enumeration,
    missing_parameter,
)
from daemon.sandbox.quickbooks.completion import Draft
from daemon.sandbox.quickbooks.generated_lists import US_DOLLAR
from daemon.sandbox.quickbooks.json_text import Document, money
from daemon.sandbox.quickbooks.ledger_accounts import LedgerAccount, ledger_account
from daemon.sandbox.quickbooks.payment_lines import line_with_noise
from daemon.sandbox.quickbooks.references import reference_id, resolve
from daemon.sandbox.quickbooks.request_body import is_blank
from daemon.sandbox.quickbooks.settlement import CREDITS, DEBTS, linked_amounts
from daemon.sandbox.quickbooks.timestamps import pacific_date

_SUBTOTAL = "SubTotalLineDetail"
_DISCOUNT = "DiscountLineDetail"
_REFERENCED = {
    "ItemRef": ("Item",),
    "AccountRef": ("Account",),
    "ItemAccountRef": ("Account",),
    "CustomerRef": ("Customer",),
}
_NET_DAYS = 30


def complete_transaction(draft: Draft) -> None:
    """Fill in a transaction.

    Raises:
        ApiFault: 2020, a line lacks something; 2500 or 610, a line's reference; 6000, amounts
            that do not add up.
    """
    draft.default(TxnDate=pacific_date(draft.changes.now).isoformat())
    if "CurrencyRef" in draft.entity.shown:
        draft.default(CurrencyRef=US_DOLLAR)
    _COMPLETERS.get(draft.entity.name, _plain)(draft)


def _sales(draft: Draft) -> None:
    document = draft.document
    if draft.entity.name == "Invoice":
        _invoice_defaults(draft)
    draft.default(
        FreeFormAddress=False,
        ApplyTaxAfterDiscount=False,
        PrintStatus="NeedToPrint",
        EmailStatus="NotSet",
        TxnTaxDetail={"TotalTax": 0},
    )
    lines = [line for line in _lines(draft) if line.get("DetailType") != _SUBTOTAL]
    for line in lines:
        detail = line.get("SalesItemLineDetail")
        if isinstance(detail, dict):
            detail.setdefault("TaxCodeRef", {"value": "NON"})
    goods = [line for line in lines if line.get("DetailType") != _DISCOUNT]
    discounts = [line for line in lines if line.get("DetailType") == _DISCOUNT]
    subtotal = sum((_amount(line) for line in goods), Decimal(0))
    discount = sum((_discount(line, subtotal) for line in discounts), Decimal(0))
    document["Line"] = [*goods, _subtotal_line(document["Line"], subtotal), *discounts]
    tax = Decimal((document["TxnTaxDetail"] or {}).get("TotalTax", 0))
    _set_total(draft, subtotal - discount + tax)


def _subtotal_line(sent: list[Document], subtotal: Decimal) -> Document:
    summary: Document = {"Amount": money(subtotal), "DetailType": _SUBTOTAL, _SUBTOTAL: {}}
    return next((line for line in sent if line | summary == line), summary)


def _invoice_defaults(draft: Draft) -> None:
    document = draft.document
    company = draft.changes.company
    draft.default(
        AllowIPNPayment=False,
        AllowOnlinePayment=False,
        AllowOnlineCreditCardPayment=False,
        AllowOnlineACHPayment=False,
        LinkedTxn=[],
        DueDate=_later(document["TxnDate"], _NET_DAYS),
        CustomField=[{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
    )
    if is_blank(document.get("DocNumber")) and draft.before is None:
        document["DocNumber"] = company.next_doc_number("Invoice")
    customer = draft.changes.read("Customer", reference_id(document["CustomerRef"]))
    for name in ("BillAddr", "ShipAddr"):
        if name in customer:
            draft.default(**{name: customer[name]})


def _bill(draft: Draft) -> None:
    document = draft.document
    payable = ledger_account(draft.changes.company, LedgerAccount.PAYABLE)
    draft.default(DueDate=document["TxnDate"])
    if payable:
        reference = resolve(draft.changes, "APAccountRef", ("Account",), {"value": payable})
        draft.default(APAccountRef=reference)
    vendor = draft.changes.read("Vendor", reference_id(document["VendorRef"]))
    if "BillAddr" in vendor:
        draft.default(VendorAddr=vendor["BillAddr"])
    document["Line"] = _lines(draft)
    _set_total(draft, sum((_amount(line) for line in document["Line"]), Decimal(0)))


def _payment(draft: Draft) -> None:
    document = draft.document
    undeposited = ledger_account(draft.changes.company, LedgerAccount.UNDEPOSITED)
    if undeposited:
        draft.default(DepositToAccountRef={"value": undeposited})
    draft.default(ProcessPayment=False, LinkedTxn=[], Line=[])
    document["Line"] = [_payment_line(draft, line) for line in document["Line"]]
    unapplied = _unapplied(draft)
    if unapplied < 0:
        raise business_validation("You can't apply more than the amount of the payment.")
    document["UnappliedAmt"] = money(unapplied)


def _bill_payment(draft: Draft) -> None:
    document = draft.document
    pay_type = document["PayType"]
    if pay_type not in ("Check", "CreditCard"):
        raise invalid_enumeration("PayType", pay_type)
    member, reference = {
        "Check": ("CheckPayment", "BankAccountRef"),
        "CreditCard": ("CreditCardPayment", "CCAccountRef"),
    }[pay_type]
    paid_with = document.get(member) or {}
    older = ((draft.before or {}).get(member) or {}).get(reference)
    account = paid_with.get(reference)
    if older is None or reference_id(account) != reference_id(older):
        older = resolve(draft.changes, reference, ("Account",), account)
    document[member] = {**paid_with, reference: older}
    if pay_type == "Check":
        document[member].setdefault("PrintStatus", "NotSet")
    draft.default(Line=[])
    document["Line"] = [
        {"Amount": line.get("Amount", 0), "LinkedTxn": line.get("LinkedTxn") or []}
        for line in document["Line"]
    ]
    if _unapplied(draft) < 0:
        raise business_validation("You can't apply more than the amount of the payment.")


def _plain(draft: Draft) -> None:
    if "Line" in draft.entity.shown:
        draft.default(Line=[])
        draft.document["Line"] = _lines(draft)
    if "TotalAmt" in draft.entity.shown:
        _set_total(
            draft, sum((_amount(line) for line in draft.document.get("Line", [])), Decimal(0))
        )


_COMPLETERS: dict[str, Callable[[Draft], None]] = {
    "Invoice": _sales,
    "Estimate": _sales,
    "CreditMemo": _sales,
    "SalesReceipt": _sales,
    "RefundReceipt": _sales,
    "Bill": _bill,
    "Payment": _payment,
    "BillPayment": _bill_payment,
}


def _lines(draft: Draft) -> list[Document]:
    """Return the lines with their ids and numbers; an id that is new, zero or absent is drawn.

    A line that is sent as it was is not checked again.
    """
    older = {line.get("Id"): line for line in (draft.before or {}).get("Line", [])}
    sent: list[Document] = draft.document["Line"]
    last = max((int(line["Id"]) for line in sent if _keeps_id(line, older)), default=0)
    lines: list[Document] = []
    for line in sent:
        if line.get("DetailType") == _SUBTOTAL or line == older.get(line.get("Id")):
            lines.append(line)
            continue
        line_id = line.get("Id")
        if not _keeps_id(line, older):
            last += 1
            line_id = str(last)
        lines.append({"Id": str(line_id), "LineNum": len(lines) + 1, **_line(draft, line)})
    return lines


def _keeps_id(line: Document, older: Mapping[object, Document]) -> bool:
    return str(line.get("Id", "")).isdigit() and line.get("Id") in older


def _line(draft: Draft, line: Document) -> Document:
    """Check one line and return it without its id and number."""
    detail_type = line.get("DetailType")
    if detail_type is None and not line.get("LinkedTxn"):
        raise missing_parameter("DetailType")
    if detail_type not in ("DescriptionOnly", _DISCOUNT) and is_blank(line.get("Amount")):
        raise missing_parameter("Amount")
    detail = line.get(detail_type) if detail_type else None
    if isinstance(detail, dict):
        for name, object_types in _REFERENCED.items():
            if not is_blank(detail.get(name)):
                detail[name] = resolve(draft.changes, name, object_types, detail[name])
        if detail_type == "AccountBasedExpenseLineDetail" and "AccountRef" not in detail:
            raise missing_parameter("AccountRef")
    return {
        name: value
        for name, value in line.items()
        if name not in ("Id", "LineNum") and not is_blank(value)
    }


def _amount(line: Document) -> Decimal:
    return Decimal(line.get("Amount", 0))


def _discount(line: Document, subtotal: Decimal) -> Decimal:
    """Return a discount line's amount, working it out when it is a percentage."""
    detail = line.get(_DISCOUNT) or {}
    if detail.get("PercentBased"):
        line["Amount"] = money(subtotal * Decimal(detail.get("DiscountPercent", 0)) / 100)
    return _amount(line)


def _set_total(draft: Draft, total: Decimal) -> None:
    """Set the total; what is open moves with it."""
    document, before = draft.document, draft.before or {}
    document["TotalAmt"] = money(total)
    if "Balance" in draft.entity.shown and draft.entity.name in DEBTS | CREDITS:
        settled = Decimal(before.get("TotalAmt", 0)) - Decimal(before.get("Balance", 0))
        document["Balance"] = money(total - settled)
        if "RemainingCredit" in draft.entity.shown:
            document["RemainingCredit"] = document["Balance"]


def _unapplied(draft: Draft) -> Decimal:
    applied = Decimal(0)
    for (object_type, _), amount in linked_amounts(draft.document).items():
        applied += -amount if object_type in CREDITS else amount
    return Decimal(draft.document["TotalAmt"]) - applied


def _payment_line(draft: Draft, line: Document) -> Document:
    amount, linked = line.get("Amount", 0), line.get("LinkedTxn") or []
    if not linked:
        raise missing_parameter("LinkedTxn")
    links = [{"TxnId": str(link["TxnId"]), "TxnType": link["TxnType"]} for link in linked]
    same = [
        older
        for older in (draft.before or {}).get("Line", [])
        if older["LinkedTxn"] == links and older["Amount"] == amount
    ]
    if same:
        return dict(same[0])
    debt = draft.changes.find(links[0]["TxnType"], links[0]["TxnId"]) or {}
    return line_with_noise(amount, links, debt.get("Balance", 0), debt.get("DocNumber", ""))


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
