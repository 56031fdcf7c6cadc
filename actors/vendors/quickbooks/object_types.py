"""The object types that can be replicated. Adding one is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record.

    Attributes:
        name: as the vendor spells it in statements and replies.
        has_inactive: whether rows can be inactive, which hides them unless asked for (§3).
        in_feed: whether change data capture lists it (§4 names those that it leaves out).
        keyed_by_company: whether a read by id takes the company's id (§10.18).
    """

    name: str
    has_inactive: bool = False
    in_feed: bool = True
    keyed_by_company: bool = False

    @property
    def path(self) -> str:
        """Its segment in a URL."""
        return self.name.lower()


OBJECT_TYPES: Mapping[str, ObjectType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ObjectType("Account", has_inactive=True),
            ObjectType("Bill"),
            ObjectType("BillPayment"),
            ObjectType("Class", has_inactive=True),
            ObjectType("CompanyInfo", keyed_by_company=True),
            ObjectType("CreditMemo"),
            ObjectType("Customer", has_inactive=True),
            ObjectType("Department", has_inactive=True),
            ObjectType("Deposit"),
            ObjectType("Employee", has_inactive=True),
            ObjectType("Estimate"),
            ObjectType("Invoice"),
            ObjectType("Item", has_inactive=True),
            ObjectType("JournalCode", in_feed=False),
            ObjectType("JournalEntry"),
            ObjectType("Payment"),
            ObjectType("PaymentMethod", has_inactive=True),
            ObjectType("Purchase"),
            ObjectType("PurchaseOrder"),
            ObjectType("RefundReceipt"),
            ObjectType("SalesReceipt"),
            ObjectType("TaxAgency", in_feed=False),
            ObjectType("TaxCode", has_inactive=True, in_feed=False),
            ObjectType("TaxRate", has_inactive=True, in_feed=False),
            ObjectType("Term", has_inactive=True),
            ObjectType("TimeActivity", in_feed=False),
            ObjectType("Transfer"),
            ObjectType("Vendor", has_inactive=True),
            ObjectType("VendorCredit"),
        )
    }
)
