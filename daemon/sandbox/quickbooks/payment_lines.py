"""The lines of payments, with the JAXB noise that real answers carry."""

from collections.abc import Sequence
from decimal import Decimal

from daemon.sandbox.quickbooks.json_text import Document


def line_with_noise(
    amount: Decimal | int,
    linked: Sequence[Document],
    open_balance: Decimal | int,
    reference_number: str,
) -> Document:
    """Return one payment line; ``LineEx`` adds about 900 bytes (recorded in 2015 and 2026)."""
    values = {
        "txnId": linked[0]["TxnId"],
        "txnOpenBalance": str(open_balance),
        "txnReferenceNumber": reference_number,
    }
    return {
        "Amount": amount,
        "LinkedTxn": list(linked),
        "LineEx": {"any": [_name_value(name, value) for name, value in values.items() if value]},
    }


def _name_value(name: str, value: str) -> Document:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
