"""How what must be stored waits for a store that takes nothing."""

from collections.abc import Awaitable, Callable

import anyio

from store.errors import StoreUnavailableError

_AGAIN_S = 1.0


async def until_stored(store: Callable[[], Awaitable[None]]) -> None:
    """Try again for as long as the store takes nothing."""
    while True:
        try:
            return await store()
        except StoreUnavailableError:
            await anyio.sleep(_AGAIN_S)
