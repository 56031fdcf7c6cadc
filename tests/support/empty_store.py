"""How tests that need many stores, one after the other, come by an empty one."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from store.ports import Store
from support.store_fixtures import open_quick

OpenEmpty = Callable[[], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def open_temporary() -> AsyncIterator[Store]:
    """Open a store on a file of its own, for as long as the context lasts."""
    with TemporaryDirectory() as folder:
        async with await open_quick(Path(folder) / "x.db") as store:
            yield store
