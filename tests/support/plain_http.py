"""HTTP clients for this machine alone.

Loading the certificates of the world takes a client 20 ms of the processor; on the loopback there are none.
"""

import ssl
from typing import Any

import httpx

Options = Any
"""What httpx takes."""


def plain_client(**options: Options) -> httpx.Client:
    """Return a client that trusts no certificate."""
    return httpx.Client(verify=_trust_of_nobody(), **options)


def plain_async_client(**options: Options) -> httpx.AsyncClient:
    """Return a client that trusts no certificate, for the event loop."""
    return httpx.AsyncClient(verify=_trust_of_nobody(), **options)


def _trust_of_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
