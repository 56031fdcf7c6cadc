"""The vendors that this version can be configured for. Adding one is one line."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.config.housecallpro import HousecallProConfig
from daemon.config.quickbooks import QuickBooksConfig
from daemon.config.servicetitan import ServiceTitanConfig
from daemon.config.vendor import VendorConfig

VENDORS: Mapping[str, type[VendorConfig]] = MappingProxyType(
    {
        "quickbooks": QuickBooksConfig,
        "servicetitan": ServiceTitanConfig,
        "housecallpro": HousecallProConfig,
    }
)
