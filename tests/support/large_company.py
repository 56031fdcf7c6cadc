"""A company with very many objects, told fast: the statements of a verification and no others.

Its rows are the smallest that are rows. Many share a second, as after an import.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from store.models import ObjectRecord
from support.virtual_time import VirtualClock

BEGAN = datetime(2025, 6, 1, tzinfo=UTC)
_TIES = 7
_STATEMENT = re.compile(
    r"SELECT (?P<what>\*|COUNT\(\*\)) FROM (?P<type>\w+)"
    r"(?: WHERE (?:Active IN \(true,false\))?(?: AND )?"
    r"(?:MetaData.LastUpdatedTime >= '(?P<since>[^']+)')?)?"
    r"(?: ORDERBY MetaData.LastUpdatedTime STARTPOSITION 1 MAXRESULTS (?P<rows>\d+))?"
)


class LargeCompany(httpx.AsyncBaseTransport):
    """All of its data, and the calls that were made, by the last part of the path."""

    def __init__(self, clock: VirtualClock, sizes: Mapping[str, int]) -> None:
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self.records = {name: _records(name, size) for name, size in sizes.items()}
        self._times = {
            name: [record.updated_at for record in records]
            for name, records in self.records.items()
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call."""
        path, body = request.url.path.rsplit("/", 1)[1], await request.aread()
        self.calls[path] += 1
        time = f'"time":"{self._clock.utc().isoformat()}"'.encode()
        if path == "batch":
            items = msgspec.json.decode(body)["BatchItemRequest"]
            answers = [
                b'{"QueryResponse":%s,"bId":"%s"}'
                % (self._answer(each["Query"]), each["bId"].encode())
                for each in items
            ]
            return httpx.Response(
                200, content=b'{"BatchItemResponse":[%s],%s}' % (b",".join(answers), time)
            )
        if path == "query":
            answer = self._answer(body.decode())
            return httpx.Response(200, content=b'{"QueryResponse":%s,%s}' % (answer, time))
        members = b",".join([b"{}"] * len(self.records))
        return httpx.Response(
            200, content=b'{"CDCResponse":[{"QueryResponse":[%s]}],%s}' % (members, time)
        )

    def _answer(self, statement: str) -> bytes:
        found = _STATEMENT.fullmatch(statement)
        assert found is not None, statement
        name = found["type"]
        if found["what"] != "*":
            return b'{"totalCount":%d}' % len(self.records[name])
        since = datetime.fromisoformat(found["since"]) if found["since"] else BEGAN
        first = bisect_left(self._times[name], since)
        rows = [each.payload for each in self.records[name][first : first + int(found["rows"])]]
        if not rows:
            return b"{}"
        return b'{"%s":[%s],"maxResults":%d}' % (name.encode(), b",".join(rows), len(rows))


def _records(object_type: str, size: int) -> list[ObjectRecord]:
    return [
        _record(object_type, str(n + 1), BEGAN + timedelta(seconds=n // _TIES)) for n in range(size)
    ]


def _record(object_type: str, object_id: str, at: datetime) -> ObjectRecord:
    row = (
        f'{{"Id":"{object_id}","SyncToken":"0","sparse":false,'
        f'"MetaData":{{"LastUpdatedTime":"{at.isoformat()}"}}}}'
    )
    return ObjectRecord(object_type, object_id, "0", at, row.encode())
