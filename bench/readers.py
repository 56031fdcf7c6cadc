"""Clients that read objects and changes as fast as they are answered, in a process of their own."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import msgspec

from bench.cores import pin
from bench.daemon_process import ADMIN_TOKEN

_PAGE = 100


class _Page(msgspec.Struct):
    """Where the next page begins; the rest is left unread, so that the clients take little time."""

    next: int | str | None


def read_for(
    url: str, account_ids: Sequence[str], clients: int, for_s: float, core: int | None
) -> list[float]:
    """Have so many clients read for so long; return how many milliseconds each answer took."""
    pin(core, 0)
    return asyncio.run(_read(url, account_ids, clients, for_s))


async def _read(url: str, account_ids: Sequence[str], clients: int, for_s: float) -> list[float]:
    took_ms: list[float] = []
    ends_at_s = time.perf_counter() + for_s
    async with aiohttp.ClientSession(
        url,
        connector=aiohttp.TCPConnector(limit=clients),
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
    ) as session:
        await asyncio.gather(
            *(
                _client(session, account_ids[number % len(account_ids)], ends_at_s, took_ms)
                for number in range(clients)
            )
        )
    return took_ms


async def _client(
    session: aiohttp.ClientSession, account_id: str, ends_at_s: float, took_ms: list[float]
) -> None:
    """Read all objects and all changes, page after page, over and over."""
    after, cursor = 0, ""
    while time.perf_counter() < ends_at_s:
        page = await _asked(session, f"/changes?after={after}&limit={_PAGE}", took_ms)
        after = int(page.next or 0) if page.next != after else 0
        page = await _asked(
            session, f"/integrations/{account_id}/objects/Invoice?limit={_PAGE}{cursor}", took_ms
        )
        cursor = f"&cursor={page.next}" if page.next else ""


async def _asked(session: aiohttp.ClientSession, path: str, took_ms: list[float]) -> _Page:
    began_s = time.perf_counter()
    async with session.get(path) as reply:
        reply.raise_for_status()
        page = msgspec.json.decode(await reply.read(), type=_Page)
    took_ms.append((time.perf_counter() - began_s) * 1000)
    return page
