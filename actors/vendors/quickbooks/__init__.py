"""QuickBooks Online: nothing outside this folder names one of its fields, endpoints or codes."""

from typing import TYPE_CHECKING

from actors.vendors.late_names import late_names

if TYPE_CHECKING:
    from actors.vendors.quickbooks.finance import FINANCE
    from actors.vendors.quickbooks.grant import FORM
    from actors.vendors.quickbooks.object_types import OBJECT_TYPES
    from actors.vendors.quickbooks.operation import METERED, OPERATIONS
    from actors.vendors.quickbooks.price import reading_calls
    from actors.vendors.quickbooks.settings import QuickBooksSettings
    from actors.vendors.quickbooks.timestamps import PACIFIC
    from actors.vendors.quickbooks.vendor import QuickBooks
    from actors.vendors.quickbooks.webhooks import DOOR, door
else:
    __getattr__ = late_names(
        __name__,
        {
            "DOOR": "webhooks",
            "FINANCE": "finance",
            "FORM": "grant",
            "METERED": "operation",
            "OBJECT_TYPES": "object_types",
            "OPERATIONS": "operation",
            "PACIFIC": "timestamps",
            "QuickBooks": "vendor",
            "QuickBooksSettings": "settings",
            "door": "webhooks",
            "reading_calls": "price",
        },
    )

__all__ = [
    "DOOR",
    "FINANCE",
    "FORM",
    "METERED",
    "OBJECT_TYPES",
    "OPERATIONS",
    "PACIFIC",
    "QuickBooks",
    "QuickBooksSettings",
    "door",
    "reading_calls",
]
