"""Payments against what they pay: balances and links on both sides.

A payment moves its invoice's balance, SyncToken and LinkedTxn in the same second; a bill links
back as ``BillPaymentCheck`` whatever it was paid with (recorded in 2026, 10 of 10).
"""

from collections import defaultdict
from decimal import Decimal

from daemon.sandbox.quickbooks.api_fault import business_validation
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.json_text import Document, money

DEBTS = frozenset({"Invoice", "Bill"})
CREDITS = frozenset({"CreditMemo", "VendorCredit"})

_LINK_TYPES = {"Payment": "Payment", "BillPayment": "BillPaymentCheck"}
_PAYERS = {"Payment": "Payment", "BillPaymentCheck": "BillPayment"}

Links = dict[tuple[str, str], Decimal]
"""Amounts by the type and id of what they are applied to."""


def linked_amounts(payment: Document | None) -> Links:
    """Return what a payment applies to each debt and takes from each credit."""
    amounts: Links = defaultdict(Decimal)
    for line in (payment or {}).get("Line", []):
        for link in line.get("LinkedTxn", []):
            amounts[str(link["TxnType"]), str(link["TxnId"])] += Decimal(line["Amount"])
    return dict(amounts)


def settle(
    changes: ChangeSet, object_type: str, before: Document | None, after: Document | None
) -> None:
    """Bring what a payment pays in line with it, as it was and as it is now.

    Raises:
        ApiFault: 610, something that it pays does not exist; 6000, more than is open.
    """
    payment = after or before
    if object_type not in _LINK_TYPES or payment is None:
        return
    link = {"TxnId": payment["Id"], "TxnType": _LINK_TYPES[object_type]}
    old, new = linked_amounts(before), linked_amounts(after)
    for key in old | new:
        if key[0] in DEBTS | CREDITS and old.get(key) != new.get(key):
            freed = old.get(key, Decimal(0)) - new.get(key, Decimal(0))
            _move(changes, key, freed, link, linked=key in new)


def release(changes: ChangeSet, object_type: str, debt: Document) -> None:
    """Take a debt that is voided or deleted out of its payments, which become unapplied."""
    if object_type not in DEBTS:
        return
    for link in debt.get("LinkedTxn", []):
        payer = _PAYERS.get(link["TxnType"])
        payment = changes.find(payer, link["TxnId"]) if payer else None
        if payer is None or payment is None:
            continue
        key = (object_type, debt["Id"])
        freed = linked_amounts(payment)[key]
        payment["Line"] = [line for line in payment["Line"] if key not in _keys(line)]
        if "UnappliedAmt" in payment:
            payment["UnappliedAmt"] = money(Decimal(payment["UnappliedAmt"]) + freed)
        changes.amend(payer, payment["Id"])


def _keys(line: Document) -> set[tuple[str, str]]:
    return {(link["TxnType"], link["TxnId"]) for link in line.get("LinkedTxn", [])}


def _move(
    changes: ChangeSet,
    key: tuple[str, str],
    freed: Decimal,
    link: Document,
    *,
    linked: bool,
) -> None:
    object_type, object_id = key
    debt = changes.read(object_type, object_id)
    balance = Decimal(debt["Balance"]) + freed
    if balance < 0:
        raise business_validation(
            f"The amount applied to {object_type} {object_id} exceeds its open balance."
        )
    debt["Balance"] = money(balance)
    if "RemainingCredit" in ENTITIES[object_type].shown:
        debt["RemainingCredit"] = debt["Balance"]
    links = [item for item in debt.get("LinkedTxn", []) if item != link]
    debt["LinkedTxn"] = [*links, link] if linked else links
    changes.amend(object_type, object_id)
