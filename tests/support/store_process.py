"""A store in a process of its own, to be killed.

`hold` opens the file and waits. `write` has several actors store one page after the other, and
prints each page once it was acknowledged.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from store.ports import Store
from store.sqlite import open_store
from support.store_fixtures import Owned, at, credential, move, own, record

ACTORS = 4
OBJECTS_PER_PAGE = 20


def say(*words: object) -> None:
    """Print a line at once."""
    print(*words, flush=True)  # noqa: T201 - what the parent reads


async def act(store: Store, company: Owned) -> None:
    """Store pages, with new tokens after each, until killed."""
    for number in count():
        objects = [record(f"{number}/{index}", number) for index in range(OBJECTS_PER_PAGE)]
        cursor = move(covered=number, position=f"{number}")
        await store.apply_page(company.page(*objects, cursors=[cursor]))
        await store.begin_refresh(company.account_id, company.epoch, f"{number}", at(number))
        await store.finish_refresh(
            company.account_id, company.epoch, f"{number}", credential(f"{number}"), at(number)
        )
        say(company.account_id, number)


async def main(path: Path, task: str) -> None:
    """Do the task."""
    async with await open_store(path) as store:
        companies = [await own(store, f"realm-{number}") for number in range(ACTORS)]
        say("open")
        if task == "hold":
            await asyncio.Event().wait()
        await asyncio.gather(*[act(store, company) for company in companies])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
