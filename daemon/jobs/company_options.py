"""How jobs are offered to a company, as it was told when the company was connected."""

from collections.abc import Mapping
from dataclasses import replace

from store.job_ports import JobBook


async def keep_options(store: JobBook, account_id: str, options: Mapping[str, str | int]) -> None:
    """Store what was told; what was not stays as it was.

    Raises:
        UnknownAccountError: there is no such account.
        StoreUnavailableError: it can't be stored now.
    """
    if not options:
        return
    known = await store.company(account_id)
    await store.set_company(replace(known, options={**known.options, **options}))
