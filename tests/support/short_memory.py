"""A store in a process of its own whose SQLite may use little memory; prints what came of each page.

The limit holds for the whole process and cannot be raised again.
"""

import asyncio
import sys
from pathlib import Path

from store.errors import StoreUnavailableError
from store.sqlite import SqliteStore
from support.store_fixtures import Owned, on_writer, open_fresh, own, record

_MOST_BYTES = 8_000_000
_LARGE = b'"' + b"x" * 12_000_000 + b'"'


async def _apply(store: SqliteStore, company: Owned, object_id: str, payload: bytes) -> str:
    try:
        await store.apply_page(company.page(record(object_id, payload=payload)))
    except StoreUnavailableError as error:
        return f"refused {object_id}: {error}"
    return f"stored {object_id}"


async def main(path: Path) -> None:
    """Store small pages, each beside one that takes more memory than there is."""
    async with await open_fresh(path, "threaded") as store:
        company = await own(store)
        limit = f"PRAGMA hard_heap_limit = {_MOST_BYTES}"
        await on_writer(store, lambda connection: connection.execute(limit).fetchone())
        for number in range(3):
            pages = [(f"small {number}", b"{}"), (f"large {number}", _LARGE)]
            for said in await asyncio.gather(*[_apply(store, company, *page) for page in pages]):
                print(said, flush=True)  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
