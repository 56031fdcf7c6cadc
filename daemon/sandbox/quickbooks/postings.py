"""Balances: what a transaction moves on names and accounts, without moving their SyncToken.

One act changes four to six objects in the same second: the transaction, its customer and the
parent, the receivable account and where the money went (recorded in 2026).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.json_text import Document, money
from daemon.sandbox.quickbooks.ledger_accounts import LedgerAccount, ledger_account
from daemon.sandbox.quickbooks.references import reference_id

Posting = tuple[str, str, Decimal]
"""Object type, id and the amount by which its balance moves."""


def post(
    changes: ChangeSet, object_type: str, before: Document | None, after: Document | None
) -> None:
    """Move the balances from what a transaction was to what it is; nothing moves by zero."""
    postings = _POSTINGS.get(object_type)
    if postings is None:
        return
    moves: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for document, sign in ((before, -1), (after, 1)):
        for name, object_id, amount in postings(changes, document) if document else ():
            moves[name, object_id] += sign * amount
    for (name, object_id), amount in moves.items():
        if amount and object_id:
            _BALANCES[name](changes, object_id, amount)


def _sale(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    total = Decimal(document["TotalAmt"])
    yield "Customer", reference_id(document["CustomerRef"]), total
    yield "Account", ledger_account(changes.company, LedgerAccount.RECEIVABLE), total


def _credit(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    for name, object_id, amount in _sale(changes, document):
        yield name, object_id, -amount


def _payment(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    yield from _credit(changes, document)
    deposited_to = reference_id(document.get("DepositToAccountRef"))
    yield "Account", deposited_to, Decimal(document["TotalAmt"])


def _bill(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    total = Decimal(document["TotalAmt"])
    yield "Vendor", reference_id(document["VendorRef"]), total
    yield "Account", ledger_account(changes.company, LedgerAccount.PAYABLE), total


def _vendor_credit(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    for name, object_id, amount in _bill(changes, document):
        yield name, object_id, -amount


def _bill_payment(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    yield from _vendor_credit(changes, document)
    total = Decimal(document["TotalAmt"])
    bank = (document.get("CheckPayment") or {}).get("BankAccountRef")
    card = (document.get("CreditCardPayment") or {}).get("CCAccountRef")
    yield "Account", reference_id(bank), -total
    yield "Account", reference_id(card), total


def _deposit(changes: ChangeSet, document: Document) -> Iterator[Posting]:
    total = Decimal(document["TotalAmt"])
    yield "Account", reference_id(document["DepositToAccountRef"]), total
    yield "Account", ledger_account(changes.company, LedgerAccount.UNDEPOSITED), -total


_POSTINGS: dict[str, Callable[[ChangeSet, Document], Iterator[Posting]]] = {
    "Invoice": _sale,
    "CreditMemo": _credit,
    "Payment": _payment,
    "Bill": _bill,
    "VendorCredit": _vendor_credit,
    "BillPayment": _bill_payment,
    "Deposit": _deposit,
}


def _move_customer(changes: ChangeSet, object_id: str, amount: Decimal) -> None:
    customer = changes.find("Customer", object_id)
    if customer is None:
        return
    _add(customer, "Balance", amount)
    while customer is not None:
        _add(customer, "BalanceWithJobs", amount)
        changes.touch("Customer", customer["Id"])
        customer = changes.find("Customer", reference_id(customer.get("ParentRef")))


def _move_vendor(changes: ChangeSet, object_id: str, amount: Decimal) -> None:
    vendor = changes.find("Vendor", object_id)
    if vendor is not None:
        _add(vendor, "Balance", amount)
        changes.touch("Vendor", object_id)


def _move_account(changes: ChangeSet, object_id: str, amount: Decimal) -> None:
    account = changes.find("Account", object_id)
    if account is not None:
        _add(account, "CurrentBalance", amount)
        _add(account, "CurrentBalanceWithSubAccounts", amount)
        changes.touch("Account", object_id)


_BALANCES: dict[str, Callable[[ChangeSet, str, Decimal], None]] = {
    "Customer": _move_customer,
    "Vendor": _move_vendor,
    "Account": _move_account,
}


def _add(document: Document, name: str, amount: Decimal) -> None:
    document[name] = money(Decimal(document.get(name, 0)) + amount)
