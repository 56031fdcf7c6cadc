"""ServiceTitan: nothing outside this folder names one of its fields, endpoints or codes.

What is known of the vendor and how surely is cited as "servicetitan facts" by section; what is open
there is a setting, or taken the careful way.
"""

from typing import TYPE_CHECKING

from actors.vendors.late_names import late_names

if TYPE_CHECKING:
    from actors.vendors.servicetitan.dispatching import DISPATCHER
    from actors.vendors.servicetitan.grant import FORM
    from actors.vendors.servicetitan.object_types import OBJECT_TYPES
    from actors.vendors.servicetitan.operation import OPERATIONS
    from actors.vendors.servicetitan.price import reading_calls
    from actors.vendors.servicetitan.settings import SIGNATURE_HEADER, ServiceTitanSettings
    from actors.vendors.servicetitan.vendor import ServiceTitan
    from actors.vendors.servicetitan.webhooks import door
else:
    __getattr__ = late_names(
        __name__,
        {
            "DISPATCHER": "dispatching",
            "FORM": "grant",
            "OBJECT_TYPES": "object_types",
            "OPERATIONS": "operation",
            "SIGNATURE_HEADER": "settings",
            "ServiceTitan": "vendor",
            "ServiceTitanSettings": "settings",
            "door": "webhooks",
            "reading_calls": "price",
        },
    )

__all__ = [
    "DISPATCHER",
    "FORM",
    "OBJECT_TYPES",
    "OPERATIONS",
    "SIGNATURE_HEADER",
    "ServiceTitan",
    "ServiceTitanSettings",
    "door",
    "reading_calls",
]
