"""Housecall Pro beside QuickBooks in a house of the web tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from actors.settings import AccountSettings
from actors.vendors.housecallpro import HousecallPro, door
from daemon.config import Secret
from daemon.sandbox.housecallpro import DEFAULT_SECRET, HousecallProSandbox
from daemon.sandbox.transport import SandboxTransport
from support.conformance.housecallpro_trial import api_settings
from support.titan_house import configure_also
from support.web_house import WebHouse


@asynccontextmanager
async def with_housecallpro(
    web: WebHouse, types: tuple[str, ...] = ("customers", "jobs")
) -> AsyncIterator[HousecallProSandbox]:
    """Configure Housecall Pro as well; yield the vendor's side."""
    sandbox = HousecallProSandbox(lambda: web.clock.now().utc, seed=5)
    sandbox.latency_s = 0.0
    http = httpx.AsyncClient(transport=SandboxTransport(sandbox))
    vendor = HousecallPro(api_settings(), http, web.clock, web.heard.append)
    settings = AccountSettings(types, overlap_s=1.0)
    await configure_also(web, vendor, settings, door(api_settings()), Secret(DEFAULT_SECRET))
    yield sandbox
    await vendor.close()
