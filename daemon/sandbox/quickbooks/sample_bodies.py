"""Bodies of creates that a company would accept, drawn at random from what it has."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from daemon.sandbox.quickbooks import sample_words
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.json_text import Document, decode_document, money

if TYPE_CHECKING:
    from daemon.sandbox.quickbooks.table import Row

_TRIES = 40


def pick(
    company: Company, object_type: str, chance: Random, accept: Callable[[Document], bool]
) -> Document | None:
    """Return a random object that is accepted, or None when a few dozen draws find none."""
    table = company.tables[object_type]
    for _ in range(_TRIES if table.index else 0):
        row: Row | None = table.rows.get(chance.choice(table.index)[2].object_id)
        if row is not None:
            document = decode_document(row.body)
            if accept(document):
                return document
    return None


def is_active(document: Document) -> bool:
    """Accept what is not inactive."""
    return document.get("Active", True) is True


class SampleBodies:
    """Makes bodies for one company."""

    def __init__(self, company: Company, chance: Random) -> None:
        self._company = company
        self._chance = chance
        self._makers: dict[str, Callable[[], Document]] = {
            "Customer": self._customer,
            "Vendor": self._vendor,
            "Item": self._item,
            "Account": self._account,
            "Invoice": self._invoice,
            "Bill": self._bill,
            "Payment": self._payment,
            "BillPayment": self._bill_payment,
        }

    def make(self, object_type: str) -> Document:
        """Return one body.

        Raises:
            ValueError: There is no sample of this type, or nothing for it to refer to.
        """
        if object_type not in self._makers:
            raise ValueError(f"no sample body for {object_type}")
        return self._makers[object_type]()

    def reference(
        self, object_type: str, accept: Callable[[Document], bool] = is_active
    ) -> Document:
        """Return a reference to a random object that is accepted.

        Raises:
            ValueError: There is none.
        """
        found = pick(self._company, object_type, self._chance, accept)
        if found is None:
            raise ValueError(f"no {object_type} to refer to")
        return {"value": found["Id"]}

    def name(self) -> str:
        """Return a name that no one has; apostrophes and accents included."""
        family = self._chance.choice(sample_words.FAMILY_NAMES)
        trade = self._chance.choice(sample_words.TRADES)
        return f"{family} {trade} {self._chance.getrandbits(40):010x}"

    def _customer(self) -> Document:
        name = self.name()
        body: Document = {
            "DisplayName": name,
            "CompanyName": name,
            "GivenName": self._chance.choice(sample_words.GIVEN_NAMES),
            "PrimaryEmailAddr": {"Address": f"c{self._chance.getrandbits(32)}@mail.example"},
            "BillAddr": {"Line1": "1 King's Cross Ln.", "City": "Cañon City"},
        }
        if self._chance.randrange(6) == 0:
            body["ParentRef"] = self.reference(
                "Customer", lambda parent: is_active(parent) and "ParentRef" not in parent
            )
        return body

    def _vendor(self) -> Document:
        name = self.name()
        return {"DisplayName": name, "CompanyName": name, "Vendor1099": False}

    def _item(self) -> Document:
        income = self.reference(
            "Account", lambda item: is_active(item) and item["Classification"] == "Revenue"
        )
        price = Decimal(self._chance.randrange(100, 50_000)) / 100
        return {
            "Name": self.name(),
            "Type": "Service",
            "UnitPrice": price,
            "IncomeAccountRef": income,
        }

    def _account(self) -> Document:
        return {"Name": self.name(), "AccountType": "Expense"}

    def _invoice(self) -> Document:
        return {
            "CustomerRef": self.reference("Customer"),
            "Line": [self._sales_line() for _ in range(self._chance.randrange(1, 4))],
        }

    def _sales_line(self) -> Document:
        quantity = self._chance.randrange(1, 9)
        price = Decimal(self._chance.randrange(200, 30_000)) / 100
        return {
            "Amount": money(price * quantity),
            "DetailType": "SalesItemLineDetail",
            "Description": self._chance.choice(sample_words.NOTES),
            "SalesItemLineDetail": {
                "ItemRef": self.reference("Item"),
                "UnitPrice": price.normalize(),
                "Qty": quantity,
            },
        }

    def _bill(self) -> Document:
        expense = self.reference(
            "Account", lambda item: is_active(item) and item["Classification"] == "Expense"
        )
        return {
            "VendorRef": self.reference("Vendor"),
            "Line": [
                {
                    "Amount": money(Decimal(self._chance.randrange(500, 90_000)) / 100),
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {"AccountRef": expense},
                }
            ],
        }

    def _payment(self) -> Document:
        """Make an unapplied payment."""
        return {
            "CustomerRef": self.reference("Customer"),
            "TotalAmt": money(Decimal(self._chance.randrange(500, 90_000)) / 100),
        }

    def _bill_payment(self) -> Document:
        """Make a payment that is all vendor credit."""
        return {
            "VendorRef": self.reference("Vendor"),
            "TotalAmt": money(Decimal(self._chance.randrange(500, 90_000)) / 100),
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": self.bank()},
        }

    def bank(self) -> Document:
        """Return a reference to a bank account.

        Raises:
            ValueError: There is none.
        """
        for object_id, row in self._company.tables["Account"].rows.items():
            if row.active and decode_document(row.body)["AccountType"] == "Bank":
                return {"value": object_id}
        raise ValueError("no bank account")
