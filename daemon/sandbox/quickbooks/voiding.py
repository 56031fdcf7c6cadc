"""A voided transaction: the same object with nothing in it.

Recorded for invoices: every amount 0, DocNumber and customer kept, SyncToken one higher, and
``Voided`` at the head of PrivateNote. A voided payment also loses its lines (Intuit's Payment
reference).
"""

from daemon.sandbox.quickbooks.json_text import MONEY_FIELDS, Document

VOIDED = "Voided"
_SETTLED_BY = frozenset({"Payment", "BillPaymentCheck"})


def voided(document: Document) -> Document:
    """Return a transaction as it is after a void."""
    result = {name: _emptied(name, value) for name, value in document.items()}
    if "UnappliedAmt" in document or "PayType" in document:
        result["Line"] = []
    if "LinkedTxn" in document:
        result["LinkedTxn"] = [
            link for link in document["LinkedTxn"] if link["TxnType"] not in _SETTLED_BY
        ]
    note = str(document.get("PrivateNote", ""))
    if not note.startswith(VOIDED):
        result["PrivateNote"] = f"{VOIDED} {note}".strip()
    return result


def _emptied(name: str, value: object) -> object:
    if name in MONEY_FIELDS:
        return 0
    if isinstance(value, dict):
        return {key: _emptied(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_emptied(name, item) if isinstance(item, dict) else item for item in value]
    return value
