"""Carries a sandbox's webhooks to whoever listens.

Waiting is `anyio`'s, so it costs no real time under a virtual-time event loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import anyio
import httpx

from daemon.sandbox.quickbooks.webhook_sender import ANSWER_WITHIN_S, WebhookSender

Post = Callable[[bytes, Mapping[str, str]], Awaitable[int | None]]
"""Makes one delivery; returns the status of its answer, or None when none came in time."""


async def carry_webhooks(sender: WebhookSender, clock: Callable[[], datetime], post: Post) -> None:
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
