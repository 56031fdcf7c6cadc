"""QuickBooks Online: nothing outside this folder names one of its fields, endpoints or codes."""

from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.operation import OPERATIONS
from actors.vendors.quickbooks.settings import QuickBooksSettings
from actors.vendors.quickbooks.vendor import QuickBooks

__all__ = ["OBJECT_TYPES", "OPERATIONS", "QuickBooks", "QuickBooksSettings"]
