"""Carries a sandbox's webhooks to whoever listens.

Waiting is `anyio`'s, so it costs no real time under a virtual-time event loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

import anyio
import httpx

ANSWER_WITHIN_S = 3.0
"""No vendor waits longer for an answer than one of them has to."""

AnyAttempt = TypeVar("AnyAttempt", bound="Attempt")


class Attempt(Protocol):
    """One delivery to be made now."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with it."""
        ...

    @property
    def body(self) -> bytes:
        """What is delivered."""
        ...


class Sender(Protocol[AnyAttempt]):
    """What a vendor wants delivered, and when.

    Attributes:
        on_news: Called when something changed, so that a carrier need not keep asking.
    """

    on_news: Callable[[], None] | None

    def turn_on(self) -> None:
        """Begin with what changes from now on."""
        ...

    def turn_off(self) -> None:
        """Send nothing more."""
        ...

    def due(self, now: datetime) -> AnyAttempt | None:
        """Return what is to be delivered now, one at a time; None when nothing is."""
        ...

    def wait_s(self, now: datetime) -> float | None:
        """Return how long to wait before asking `due` again; None until there is news."""
        ...

    def answered(self, attempt: AnyAttempt, status: int | None, now: datetime) -> None:
        """Take in how a delivery was answered; None when it was not within the time."""
        ...


Post = Callable[[bytes, Mapping[str, str]], Awaitable[int | None]]
"""Makes one delivery; returns the status of its answer, or None when none came in time."""


async def carry_webhooks(
    sender: Sender[AnyAttempt], clock: Callable[[], datetime], post: Post
) -> None:
    """Deliver what the sender wants delivered, one at a time, until cancelled."""
    news = anyio.Event()

    def tell() -> None:
        news.set()

    sender.on_news = tell
    sender.turn_on()
    try:
        while True:
            attempt = sender.due(clock())
            if attempt is not None:
                status = await post(attempt.body, attempt.headers)
                sender.answered(attempt, status, clock())
                continue
            wait_s = sender.wait_s(clock())
            with anyio.move_on_after(wait_s):
                await news.wait()
            news = anyio.Event()
    finally:
        sender.on_news = None
        sender.turn_off()


def over_http(url: str, client: httpx.AsyncClient) -> Post:
    """Return what posts to an address."""

    async def post(body: bytes, headers: Mapping[str, str]) -> int | None:
        try:
            reply = await client.post(url, content=body, headers=headers, timeout=ANSWER_WITHIN_S)
        except httpx.HTTPError:
            return None
        return reply.status_code

    return post
