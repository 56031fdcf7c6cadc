"""Readers who follow the feed of changes through any node, all the time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import httpx
import msgspec

from support.chaos.house import ChaosHouse

_MOST = 500


@dataclass
class FeedReader:
    """Reads each change once and in order, if the feed keeps its promise.

    Attributes:
        seen: each change, in the order of its number.
        wrong: what is not as the feed promises.
        calls: how many pages were asked for.
        unanswered: how many of these had no answer.
    """

    house: ChaosHouse
    seen: list[tuple[str, str, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    calls: int = 0
    unanswered: int = 0

    async def follow(self) -> None:
        """Read until cancelled."""
        while True:
            await self.read_on(wait_s=2)

    async def read_on(self, *, wait_s: int = 0) -> bool:
        """Read one page more from some node; tell whether there was anything."""
        self.calls += 1
        path = f"/changes?after={len(self.seen)}&limit={_MOST}&wait={wait_s}"
        try:
            reply = await self.house.ask("GET", path)
        except httpx.TransportError:
            self.unanswered += 1
            await anyio.sleep(0.1)
            return False
        if not reply.is_success:
            self.unanswered += 1
            if reply.status_code != 503:
                self.wrong.append(f"{path}: {reply.status_code} {reply.text[:300]}")
            await anyio.sleep(0.3)
            return False
        return self._take(msgspec.json.decode(reply.content, type=_Page).items)

    def _take(self, items: Sequence["_Change"]) -> bool:
        for item in items:
            if item.seq != len(self.seen) + 1:
                self.wrong.append(f"the feed has {item.seq} behind {len(self.seen)}")
                return False
            self.seen.append((item.account_id, item.object_type, item.object_id, item.op))
        return bool(items)


class _Change(msgspec.Struct):
    seq: int
    account_id: str
    object_type: str
    object_id: str
    op: str


class _Page(msgspec.Struct):
    items: list[_Change]
