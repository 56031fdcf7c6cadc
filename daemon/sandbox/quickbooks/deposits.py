"""Deposits of payments: the payment links to its deposit, and cannot be changed after."""

from daemon.sandbox.quickbooks.api_fault import ApiFault
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.json_text import Document


def link_deposit(changes: ChangeSet, before: Document | None, after: Document | None) -> None:
    """Bring the payments of a deposit in line with it.

    Raises:
        ApiFault: 610, a payment that it holds does not exist.
    """
    deposit = after or before
    if deposit is None:
        return
    link = {"TxnId": deposit["Id"], "TxnType": "Deposit"}
    old, new = _payments(before), _payments(after)
    for object_id in sorted(old ^ new):
        payment = changes.read("Payment", object_id)
        links = [item for item in payment.get("LinkedTxn", []) if item != link]
        payment["LinkedTxn"] = [*links, link] if object_id in new else links
        changes.amend("Payment", object_id)


def refuse_deposited(payment: Document) -> None:
    """Refuse to change a payment that was deposited.

    Raises:
        ApiFault: 6540.
    """
    if any(link["TxnType"] == "Deposit" for link in payment.get("LinkedTxn", [])):
        raise ApiFault(
            "6540",
            "Deposited Transaction cannot be changed",
            "Deposited Transaction cannot be changed : This transaction has been deposited. "
            "If you want to change or delete it, you must edit the deposit it appears on and "
            "remove it first.",
            element="",
        )


def _payments(deposit: Document | None) -> set[str]:
    return {
        str(link["TxnId"])
        for line in (deposit or {}).get("Line", [])
        for link in line.get("LinkedTxn", [])
        if link["TxnType"] == "Payment"
    }
