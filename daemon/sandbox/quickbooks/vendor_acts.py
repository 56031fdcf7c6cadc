"""What users do inside the vendor's product: the API's own writes, without the API."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from daemon.sandbox.quickbooks.api_fault import ApiFault, object_not_found
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.churn import Churn
from daemon.sandbox.quickbooks.control import SandboxControl
from daemon.sandbox.quickbooks.emails import send
from daemon.sandbox.quickbooks.json_text import Document, decode, decode_document, encode, money
from daemon.sandbox.quickbooks.merges import merge
from daemon.sandbox.quickbooks.request_body import checked
from daemon.sandbox.quickbooks.sample_bodies import SampleBodies
from daemon.sandbox.quickbooks.writes import Writes, Written

_BULK_PER_SECOND = 100


class VendorActs(SandboxControl):
    """Adds the acts of the company's users; each raises `ApiFault` as the API would."""

    def read(self, realm_id: str, object_type: str, object_id: str) -> Document:
        """Return an object as the API shows it by id.

        Raises:
            ApiFault: 610, it is not there.
        """
        document = self.company(realm_id).tables[object_type].document(object_id)
        if document is None:
            raise object_not_found()
        return document

    def create(self, realm_id: str, object_type: str, body: Mapping[str, object]) -> Document:
        """Create an object and return it."""
        company, entity = self.company(realm_id), ENTITIES[object_type]
        sent = checked(company, entity, _plain(body))
        return _shown(self._writes().create(company, entity, sent, self.world.clock()))

    def update(
        self, realm_id: str, object_type: str, object_id: str, changes: Mapping[str, object]
    ) -> Document:
        """Change some properties of an object and return it."""
        company, entity = self.company(realm_id), ENTITIES[object_type]
        current = self.read(realm_id, object_type, object_id)
        sent = checked(company, entity, _plain(changes) | _identity(current) | {"sparse": True})
        for name in entity.required_in_update:
            sent.setdefault(name, current[name])
        return _shown(self._writes().update(company, entity, sent, self.world.clock()))

    def delete(self, realm_id: str, object_type: str, object_id: str) -> None:
        """Delete a transaction."""
        company, entity = self.company(realm_id), ENTITIES[object_type]
        current = self.read(realm_id, object_type, object_id)
        self._writes().delete(company, entity, _identity(current), self.world.clock())

    def delete_many(self, realm_id: str, object_type: str, number: int) -> list[str]:
        """Delete the newest transactions of a type and return their ids.

        Those that the vendor refuses to delete, such as deposited payments, stay.

        Raises:
            ValueError: There are no transactions of this type.
        """
        entity = ENTITIES.get(object_type)
        if entity is None or not entity.is_transaction:
            raise ValueError(f"the vendor deletes no {object_type}")
        deleted: list[str] = []
        for object_id in sorted(self.company(realm_id).tables[object_type].rows, key=int)[::-1]:
            if len(deleted) == number:
                break
            with suppress(ApiFault):
                self.delete(realm_id, object_type, object_id)
                deleted.append(object_id)
        return deleted

    def void(self, realm_id: str, object_type: str, object_id: str) -> Document:
        """Void a transaction and return it."""
        company, entity = self.company(realm_id), ENTITIES[object_type]
        current = self.read(realm_id, object_type, object_id)
        written = self._writes().void(company, entity, _identity(current), self.world.clock())
        return _shown(written)

    def deactivate(self, realm_id: str, object_type: str, object_id: str) -> Document:
        """Make a list object inactive; its name gains `` (deleted)``."""
        return self.update(realm_id, object_type, object_id, {"Active": False})

    def reactivate(self, realm_id: str, object_type: str, object_id: str) -> Document:
        """Make a list object active again, under its old name."""
        name_property = ENTITIES[object_type].name_property
        name = str(self.read(realm_id, object_type, object_id)[name_property])
        old_name = name.partition(" (deleted")[0]
        return self.update(
            realm_id, object_type, object_id, {"Active": True, name_property: old_name}
        )

    def merge(self, realm_id: str, object_type: str, loser_id: str, survivor_id: str) -> None:
        """Merge a customer, vendor or account into another.

        Raises:
            ValueError: Objects of this type cannot be merged, or they are the same.
        """
        company, entity = self.company(realm_id), ENTITIES[object_type]
        merge(self.world, company, entity, loser_id, survivor_id, self.world.clock())

    def send(self, realm_id: str, object_type: str, object_id: str, send_to: str = "") -> Document:
        """Send a sales form by e-mail and return it."""
        company, entity = self.company(realm_id), ENTITIES[object_type]
        return _shown(send(self.world, company, entity, object_id, send_to, self.world.clock()))

    def pay_invoice(
        self, realm_id: str, invoice_id: str, amount: Decimal | None = None
    ) -> Document:
        """Receive a payment for an invoice, all that is open by default, and return it."""
        invoice = self.read(realm_id, "Invoice", invoice_id)
        paid = money(invoice["Balance"] if amount is None else amount)
        body = {
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": paid,
            "Line": [_application("Invoice", invoice_id, paid)],
        }
        return self.create(realm_id, "Payment", body)

    def pay_bill(self, realm_id: str, bill_id: str, amount: Decimal | None = None) -> Document:
        """Pay a bill by check, all that is open by default, and return the payment."""
        bill = self.read(realm_id, "Bill", bill_id)
        paid = money(bill["Balance"] if amount is None else amount)
        bank = SampleBodies(self.company(realm_id), self.world.chance("acts")).bank()
        body = {
            "VendorRef": bill["VendorRef"],
            "TotalAmt": paid,
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": bank},
            "Line": [_application("Bill", bill_id, paid)],
        }
        return self.create(realm_id, "BillPayment", body)

    def deposit(self, realm_id: str, payment_ids: Sequence[str]) -> Document:
        """Deposit payments in the bank and return the deposit."""
        bank = SampleBodies(self.company(realm_id), self.world.chance("acts")).bank()
        lines = [
            _application(
                "Payment", payment_id, self.read(realm_id, "Payment", payment_id)["TotalAmt"]
            )
            for payment_id in payment_ids
        ]
        return self.create(realm_id, "Deposit", {"DepositToAccountRef": bank, "Line": lines})

    def churn(self, realm_id: str, acts: int) -> list[str]:
        """Do that many random acts, seeded, each at its own instant; return their names."""
        churn = Churn(self, realm_id, self.world.chance(f"churn/{realm_id}"))
        return [churn.act() for _ in range(acts)]

    def bulk(
        self, realm_id: str, object_type: str, number: int, *, same_second: bool = True
    ) -> list[str]:
        """Create many objects and return their ids.

        Args:
            realm_id: The company.
            object_type: Customer, Vendor, Item, Account, Invoice, Bill, Payment or BillPayment.
            number: How many.
            same_second: All carry one second, as in an import; else a hundred carry each of the
                seconds up to now.

        Raises:
            ValueError: There is no sample of this type.
        """
        company, entity = self.company(realm_id), ENTITIES[object_type]
        samples = SampleBodies(company, self.world.chance(f"bulk/{realm_id}"))
        now = self.world.clock()
        size = number if same_second else _BULK_PER_SECOND
        ids: list[str] = []
        for first in range(0, number, max(size, 1)):
            count = min(size, number - first)
            later = -(-(number - first - count) // _BULK_PER_SECOND)
            instant = now - timedelta(seconds=0 if same_second else later)
            bodies = (checked(company, entity, samples.make(object_type)) for _ in range(count))
            ids += self._writes().create_many(company, entity, bodies, instant)
        return ids

    def _writes(self) -> Writes:
        return Writes(self.world)


def _plain(body: Mapping[str, object]) -> Document:
    """Return a body as if it had come over the wire."""
    document: Document = decode(encode(dict(body)))
    return document


def _identity(document: Document) -> Document:
    return {"Id": document["Id"], "SyncToken": document["SyncToken"]}


def _application(object_type: str, object_id: str, amount: object) -> Document:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": object_id, "TxnType": object_type}]}


def _shown(written: Written) -> Document:
    return decode_document(written.body or b"{}")
