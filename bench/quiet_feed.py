"""A vendor at which nothing happens: every company's change feed is empty. In memory, without sockets."""

from datetime import UTC, datetime

import httpx
import msgspec


class QuietFeed(httpx.AsyncBaseTransport):
    """Answers `cdc` for the types that are asked for, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer that nothing has changed."""
        self.calls += 1
        types = request.url.params["entities"].split(",")
        now = datetime.now(UTC)
        answer = {
            "CDCResponse": [{"QueryResponse": [{} for _ in types]}],
            "time": now.isoformat(timespec="milliseconds"),
        }
        return httpx.Response(200, content=msgspec.json.encode(answer), request=request)
