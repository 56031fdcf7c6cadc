"""Every vendor that there is. Adding one is its folder and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx

from actors.clock import Clock
from actors.events import CallMade
from actors.vendors import quickbooks
from actors.vendors.base import Vendor

VendorFactory = Callable[[Any, httpx.AsyncClient, Clock, Callable[[CallMade], None]], Vendor]
"""Takes the vendor's own settings, the client of all its accounts, a clock and a listener."""


@dataclass(frozen=True, slots=True)
class VendorEntry:
    """One vendor.

    Attributes:
        operations: all that `CallMade.operation` can be.
        trace_name: what the vendor calls its own id of a call.
    """

    factory: VendorFactory
    operations: tuple[str, ...]
    trace_name: str


VENDORS: Mapping[str, VendorEntry] = MappingProxyType(
    {"quickbooks": VendorEntry(quickbooks.QuickBooks, quickbooks.OPERATIONS, "intuit_tid")}
)
