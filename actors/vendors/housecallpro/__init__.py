"""Housecall Pro: nothing outside this folder names one of its fields, endpoints or codes.

What is known of the vendor and how surely is cited as "housecallpro facts" by section.
"""

from typing import TYPE_CHECKING

from actors.vendors.late_names import late_names

if TYPE_CHECKING:
    from actors.vendors.housecallpro.dispatching import DISPATCHER
    from actors.vendors.housecallpro.grant import FORM
    from actors.vendors.housecallpro.object_types import OBJECT_TYPES
    from actors.vendors.housecallpro.operation import OPERATIONS
    from actors.vendors.housecallpro.price import reading_calls
    from actors.vendors.housecallpro.settings import HousecallProSettings
    from actors.vendors.housecallpro.vendor import HousecallPro
    from actors.vendors.housecallpro.webhooks import door
else:
    __getattr__ = late_names(
        __name__,
        {
            "DISPATCHER": "dispatching",
            "FORM": "grant",
            "HousecallPro": "vendor",
            "HousecallProSettings": "settings",
            "OBJECT_TYPES": "object_types",
            "OPERATIONS": "operation",
            "door": "webhooks",
            "reading_calls": "price",
        },
    )

__all__ = [
    "DISPATCHER",
    "FORM",
    "OBJECT_TYPES",
    "OPERATIONS",
    "HousecallPro",
    "HousecallProSettings",
    "door",
    "reading_calls",
]
