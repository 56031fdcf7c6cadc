"""A seeded mix of what users do in a working day."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from daemon.sandbox.quickbooks.sample_bodies import SampleBodies, is_active, pick

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from daemon.sandbox.quickbooks.json_text import Document
    from daemon.sandbox.quickbooks.vendor_acts import VendorActs

WEIGHTS = {
    "create_invoice": 20,
    "pay_invoice": 18,
    "edit_invoice": 10,
    "email_invoice": 3,
    "void_invoice": 2,
    "delete_invoice": 4,
    "create_bill": 10,
    "pay_bill": 8,
    "delete_bill": 2,
    "edit_payment": 2,
    "void_payment": 1,
    "delete_payment": 3,
    "deposit_payment": 2,
    "create_customer": 6,
    "edit_customer": 8,
    "deactivate_customer": 2,
    "reactivate_customer": 2,
    "merge_customers": 1,
    "create_vendor": 3,
    "edit_vendor": 3,
    "edit_item": 3,
    "edit_account": 2,
}
"""How often each act comes up."""


class Churn:
    """Random acts on one company; an act that finds nothing to act on becomes a new invoice."""

    def __init__(self, acts: VendorActs, realm_id: str, chance: Random) -> None:
        self._acts = acts
        self._realm_id = realm_id
        self._chance = chance
        self._company = acts.company(realm_id)
        self._samples = SampleBodies(self._company, chance)
        self._doers: dict[str, Callable[[], bool]] = {
            "pay_invoice": self._pay_invoice,
            "edit_invoice": lambda: self._edit("Invoice", "PrivateNote", _is_standing),
            "email_invoice": self._email_invoice,
            "void_invoice": lambda: self._end("Invoice", acts.void),
            "delete_invoice": lambda: self._end("Invoice", acts.delete),
            "create_bill": lambda: self._create("Bill"),
            "pay_bill": self._pay_bill,
            "delete_bill": lambda: self._end("Bill", acts.delete),
            "edit_payment": lambda: self._edit("Payment", "PrivateNote", _is_loose),
            "void_payment": lambda: self._end("Payment", acts.void),
            "delete_payment": lambda: self._end("Payment", acts.delete),
            "deposit_payment": self._deposit_payment,
            "create_customer": lambda: self._create("Customer"),
            "edit_customer": lambda: self._edit("Customer", "Notes", is_active),
            "deactivate_customer": self._deactivate_customer,
            "reactivate_customer": self._reactivate_customer,
            "merge_customers": self._merge_customers,
            "create_vendor": lambda: self._create("Vendor"),
            "edit_vendor": lambda: self._edit("Vendor", "AcctNum", is_active),
            "edit_item": lambda: self._edit("Item", "Description", is_active),
            "edit_account": lambda: self._edit("Account", "Description", is_active),
        }

    def act(self) -> str:
        """Do one act and return its name."""
        name = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if name in self._doers and self._doers[name]():
            return name
        self._create("Invoice")
        return "create_invoice"

    def _pick(self, object_type: str, accept: Callable[[Document], bool]) -> Document | None:
        return pick(self._company, object_type, self._chance, accept)

    def _create(self, object_type: str) -> bool:
        self._acts.create(self._realm_id, object_type, self._samples.make(object_type))
        return True

    def _edit(
        self, object_type: str, property_name: str, accept: Callable[[Document], bool]
    ) -> bool:
        found = self._pick(object_type, accept)
        if found is None:
            return False
        text = f"Note {self._chance.getrandbits(32)}: it's settled, à vérifier"
        self._acts.update(self._realm_id, object_type, found["Id"], {property_name: text})
        return True

    def _end(self, object_type: str, act: Callable[[str, str, str], object]) -> bool:
        found = self._pick(object_type, _is_loose)
        if found is None:
            return False
        act(self._realm_id, object_type, found["Id"])
        return True

    def _pay_invoice(self) -> bool:
        invoice = self._pick("Invoice", self._is_payable("Customer"))
        if invoice is None:
            return False
        self._acts.pay_invoice(self._realm_id, invoice["Id"], self._part(invoice))
        return True

    def _pay_bill(self) -> bool:
        bill = self._pick("Bill", self._is_payable("Vendor"))
        if bill is None:
            return False
        self._acts.pay_bill(self._realm_id, bill["Id"], self._part(bill))
        return True

    def _is_payable(self, party: str) -> Callable[[Document], bool]:
        """Accept what is open and owed by, or to, someone active."""
        rows = self._company.tables[party].rows

        def accept(debt: Document) -> bool:
            open_now = debt["Balance"] > 0 and _is_standing(debt)
            return open_now and rows[debt[f"{party}Ref"]["value"]].active

        return accept

    def _part(self, debt: Document) -> Decimal | None:
        if self._chance.randrange(3):
            return None
        return (Decimal(debt["Balance"]) / 2).quantize(Decimal("0.01"))

    def _email_invoice(self) -> bool:
        invoice = self._pick("Invoice", lambda _item: True)
        if invoice is None:
            return False
        self._acts.send(self._realm_id, "Invoice", invoice["Id"], "ap@mail.example")
        return True

    def _deposit_payment(self) -> bool:
        payment = self._pick("Payment", lambda item: _is_loose(item) and item["TotalAmt"] != 0)
        if payment is None:
            return False
        self._acts.deposit(self._realm_id, [payment["Id"]])
        return True

    def _deactivate_customer(self) -> bool:
        customer = self._pick("Customer", lambda item: is_active(item) and "ParentRef" not in item)
        if customer is None:
            return False
        self._acts.deactivate(self._realm_id, "Customer", customer["Id"])
        return True

    def _reactivate_customer(self) -> bool:
        customer = self._pick("Customer", lambda item: not is_active(item))
        if customer is None:
            return False
        self._acts.reactivate(self._realm_id, "Customer", customer["Id"])
        return True

    def _merge_customers(self) -> bool:
        def accept(item: Document) -> bool:
            return is_active(item) and "ParentRef" not in item

        loser, survivor = self._pick("Customer", accept), self._pick("Customer", accept)
        if loser is None or survivor is None or loser["Id"] == survivor["Id"]:
            return False
        self._acts.merge(self._realm_id, "Customer", loser["Id"], survivor["Id"])
        return True


def _is_standing(document: Document) -> bool:
    return not str(document.get("PrivateNote", "")).startswith("Voided")


def _is_loose(document: Document) -> bool:
    """Accept a transaction that is neither voided nor deposited."""
    deposited = any(link["TxnType"] == "Deposit" for link in document.get("LinkedTxn", []))
    return _is_standing(document) and not deposited
