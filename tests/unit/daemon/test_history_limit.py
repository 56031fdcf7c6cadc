from datetime import timedelta

from store.models import PageWrite
from store.sqlite import SqliteStore
from support.store_fixtures import own, record
from support.virtual_time import VirtualClock, virtual_time

__all__ = ["virtual_time"]


async def filled(store: SqliteStore, clock: VirtualClock, versions: int) -> str:
    """Replace one object again and again, a second apart."""
    company = await own(store)
    for second in range(versions):
        page: PageWrite = company.page(record("1", second, payload=b"%d" % second))
        at = clock.utc() + timedelta(seconds=second)
        await store.apply_page(
            PageWrite(page.account_id, page.epoch, page.via, at, (), objects=page.objects)
        )
    return company.account_id
