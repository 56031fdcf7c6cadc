"""What users can ask us to do at QuickBooks (quickbooks facts §5). Pure: adding a type begins here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Act(StrEnum):
    """What is done to an object."""

    CREATE = "create"
    SEND = "send"
    UPDATE = "update"
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ActionType:
    """One type of action.

    Attributes:
        object_type: what it makes or sends; None when the payload names it.
    """

    name: str
    act: Act
    object_type: str | None = None


ACTION_TYPES: Mapping[str, ActionType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ActionType("payment.create", Act.CREATE, "Payment"),
            ActionType("billpayment.create", Act.CREATE, "BillPayment"),
            ActionType("invoice.create", Act.CREATE, "Invoice"),
            ActionType("invoice.send", Act.SEND, "Invoice"),
            ActionType("bill.create", Act.CREATE, "Bill"),
            ActionType("customer.create", Act.CREATE, "Customer"),
            ActionType("vendor.create", Act.CREATE, "Vendor"),
            ActionType("object.update", Act.UPDATE),
            ActionType("object.void", Act.VOID),
            ActionType("object.delete", Act.DELETE),
        )
    }
)

MAILS = tuple(name for name, kind in ACTION_TYPES.items() if kind.act is Act.SEND)
"""What sends a mail; Intuit takes 40 a day from a company of its sandbox (§8)."""

NAMED = frozenset({"Customer", "Vendor"})
"""Types whose names the vendor keeps unique: a second one of a name is refused (code 6240)."""

VOID_PARAMETERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Invoice": {"operation": "void"},
        "Payment": {"operation": "update", "include": "void"},
        "BillPayment": {"operation": "update", "include": "void"},
        "SalesReceipt": {"operation": "update", "include": "void"},
    }
)
"""How each type that can be voided is (§5.1)."""

DELETABLE = frozenset(
    {
        "Bill",
        "BillPayment",
        "CreditMemo",
        "Deposit",
        "Estimate",
        "Invoice",
        "JournalEntry",
        "Payment",
        "Purchase",
        "PurchaseOrder",
        "RefundReceipt",
        "SalesReceipt",
        "TimeActivity",
        "Transfer",
        "VendorCredit",
    }
)
"""Transactions; names can only be made inactive, by an update (§5.1)."""

REQUIRED_IN_UPDATE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"Bill": ("VendorRef",), "Purchase": ("PaymentType",)}
)
"""What an update must carry even when it is sparse (§5.1)."""

TOUCHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Payment": ("Invoice", "Customer"),
        "BillPayment": ("Bill", "Vendor"),
        "Invoice": ("Customer",),
        "Bill": ("Vendor",),
    }
)
"""What else a write of a type changes (§10.3); account balances are left to the next poll."""
