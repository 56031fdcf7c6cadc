"""The key of the status links, made once and kept in the store."""

import secrets

from daemon.web.pages.status_link import KEY_BYTES, StatusLinks
from store.ports import Directory

_NAME = "status_link_key"


async def open_status_links(store: Directory) -> StatusLinks:
    """Return what makes and reads the links. Raises `StoreUnavailableError`."""
    key = await store.metadata(_NAME)
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
        await store.set_metadata(_NAME, key)
    return StatusLinks(key)
