"""Every vendor that there is. Adding one is its folder and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx

from actors.clock import Clock
from actors.events import CallMade
from actors.finance.mapping import FinanceMapping
from actors.metering import Metering
from actors.vendors import housecallpro, quickbooks, servicetitan
from actors.vendors.base import Vendor
from actors.vendors.connecting import ConnectForm
from actors.vendors.dispatching import Dispatcher
from actors.vendors.notice import WebhookDoor

VendorFactory = Callable[[Any, httpx.AsyncClient, Clock, Callable[[CallMade], None]], Vendor]
"""Takes the vendor's own settings, the client of all its accounts, a clock and a listener."""

DoorFactory = Callable[[Any], WebhookDoor]
"""Takes the vendor's own settings."""


@dataclass(frozen=True, slots=True)
class VendorEntry:
    """One vendor.

    Attributes:
        operations: all that `CallMade.operation` can be.
        trace_name: what the vendor calls its own id of a call.
        connecting: what its companies are connected with.
        reading_calls: how many calls the full reading of a type with so many objects takes.
        metering: which of its calls count against the month's allowance; None when none do.
        webhooks: how its deliveries are let in; None when it makes none.
        finance: how finance views read its payloads; None when it has nothing to do with money.
        dispatching: how its companies are offered jobs; None when they can't be.
    """

    factory: VendorFactory
    operations: tuple[str, ...]
    trace_name: str
    connecting: ConnectForm
    reading_calls: Callable[[int], int]
    metering: Metering | None = None
    webhooks: DoorFactory | None = None
    finance: FinanceMapping | None = None
    dispatching: Dispatcher | None = None


VENDORS: Mapping[str, VendorEntry] = MappingProxyType(
    {
        "quickbooks": VendorEntry(
            quickbooks.QuickBooks,
            quickbooks.OPERATIONS,
            "intuit_tid",
            quickbooks.FORM,
            quickbooks.reading_calls,
            Metering(quickbooks.METERED, quickbooks.PACIFIC),
            quickbooks.door,
            quickbooks.FINANCE,
        ),
        "housecallpro": VendorEntry(
            housecallpro.HousecallPro,
            housecallpro.OPERATIONS,
            "x_request_id",
            housecallpro.FORM,
            housecallpro.reading_calls,
            webhooks=housecallpro.door,
            dispatching=housecallpro.DISPATCHER,
        ),
        "servicetitan": VendorEntry(
            servicetitan.ServiceTitan,
            servicetitan.OPERATIONS,
            "trace_id",
            servicetitan.FORM,
            servicetitan.reading_calls,
            webhooks=servicetitan.door,
            dispatching=servicetitan.DISPATCHER,
        ),
    }
)

FINANCE: Mapping[str, FinanceMapping] = MappingProxyType(
    {name: entry.finance for name, entry in VENDORS.items() if entry.finance is not None}
)
"""How finance views read payloads, by vendor."""

DISPATCHING: Mapping[str, Dispatcher] = MappingProxyType(
    {name: entry.dispatching for name, entry in VENDORS.items() if entry.dispatching is not None}
)
"""How companies are offered jobs, by vendor."""
