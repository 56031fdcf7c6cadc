import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import msgspec
import pytest

from daemon.web.application import WAITING
from store.errors import StoreUnavailableError
from store.models import Change, ChangeFilter, ObjectRecord, PageWrite, Via
from support.store_fixtures import credential
from support.web_house import TOKEN, Visitor, WebHouse, house, serving

STREAM = {"Accept": "text/event-stream"}


class Writer:
    """Writes changes into an account that no actor runs."""

    def __init__(self, web: WebHouse, account_id: str, epoch: int) -> None:
        self._web = web
        self.account_id = account_id
        self._epoch = epoch

    @classmethod
    async def of(cls, web: WebHouse, name: str) -> "Writer":
        now = web.clock.now().utc
        await web.store.connect("quickbooks", name, name, credential(), now, name)
        claimed = await web.store.claim(name)
        return cls(web, name, claimed.account.epoch)

    async def write(self, *object_ids: str, object_type: str = "Invoice") -> None:
        now = self._web.clock.now().utc
        objects = [
            ObjectRecord(object_type, object_id, "0", now, b'{"at":"%d"}' % now.timestamp())
            for object_id in object_ids
        ]
        page = PageWrite(self.account_id, self._epoch, Via.POLL, now, (), objects=objects)
        await self._web.store.apply_page(page)


@pytest.fixture
async def writer(web: WebHouse) -> Writer:
    return await Writer.of(web, "one")


async def events(reply: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Read server-sent events; a comment comes as an event with a comment only."""
    event: dict[str, Any] = {}
    async for line in reply.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name or "comment"] = value
        else:
            yield event
            event = {}


async def test_changes_are_listed_in_order_without_gaps(
    web: WebHouse, visitor: Visitor, writer: Writer
) -> None:
    await writer.write("a", "b")
    await writer.write("c")
    page = await visitor.get("/changes")
    assert [item["seq"] for item in page["items"]] == [1, 2, 3]
    assert [item["object_id"] for item in page["items"]] == ["a", "b", "c"]
    assert page["next"] == 3
    assert page["items"][0] | {"observed_at": "", "updated_at": ""} == {
        "seq": 1,
        "account_id": "one",
        "vendor": "quickbooks",
        "object_type": "Invoice",
        "object_id": "a",
        "op": "upsert",
        "via": "poll",
        "observed_at": "",
        "updated_at": "",
    }


async def test_changes_can_be_followed_page_by_page(visitor: Visitor, writer: Writer) -> None:
    await writer.write("a", "b", "c")
    after, seen = 0, []
    for _ in range(3):
        page = await visitor.get(f"/changes?limit=2&after={after}")
        seen += [item["object_id"] for item in page["items"]]
        after = page["next"]
    assert (seen, after) == (["a", "b", "c"], 3)


async def test_filters_choose_by_account_and_type(
    web: WebHouse, visitor: Visitor, writer: Writer
) -> None:
    other = await Writer.of(web, "two")
    await writer.write("a")
    await writer.write("b", object_type="Item")
    await other.write("c")
    page = await visitor.get("/changes?account=one&type=Item")
    assert [item["object_id"] for item in page["items"]] == ["b"]


async def test_filtered_list_moves_on_over_what_it_left_out(
    web: WebHouse, visitor: Visitor, writer: Writer
) -> None:
    other = await Writer.of(web, "two")
    await other.write("a", "b", "c")
    page = await visitor.get("/changes?account=one")
    assert page == {"items": [], "next": 3}


async def test_unknown_account_in_the_filter_is_not_found(visitor: Visitor) -> None:
    await visitor.get("/changes?account=null", expect=404)


@pytest.mark.parametrize("headers", [{}, STREAM])
async def test_type_that_nobody_reads_is_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    problem = await visitor.get("/changes?type=Invoices", headers=headers, expect=422)
    assert problem["errors"] == [
        {"path": "type", "expected": "one of Customer, Invoice, Item", "found": "'Invoices'"}
    ]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "wait=-1", "wait=nan", "limit=0"]
)
async def test_bad_parameters_are_refused(visitor: Visitor, query: str) -> None:
    problem = await visitor.get(f"/changes?{query}", expect=422)
    assert problem["errors"][0]["path"] == query.partition("=")[0]


async def test_place_of_another_database_is_refused(visitor: Visitor, writer: Writer) -> None:
    await writer.write("a")
    problem = await visitor.get("/changes?after=2", expect=422)
    assert problem["errors"][0]["expected"].endswith("from 0 to 1, the newest change")
    headers = STREAM | {"Last-Event-ID": "2"}
    problem = await visitor.get("/changes", headers=headers, expect=422)
    assert problem["errors"][0]["path"] == "Last-Event-ID"


async def test_long_poll_answers_as_soon_as_there_is_a_change(
    web: WebHouse, visitor: Visitor, writer: Writer
) -> None:
    pages: list[Any] = []

    async def poll() -> None:
        pages.append(await visitor.get("/changes?wait=60&type=Item"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(poll)
        await web.until(lambda: waiting(web) == 1)
        await writer.write("a")
        await writer.write("b", object_type="Item")
    assert [item["object_id"] for item in pages[0]["items"]] == ["b"]
    assert pages[0]["next"] == 2


async def test_long_poll_that_finds_nothing_answers_with_where_to_go_on(
    visitor: Visitor, writer: Writer
) -> None:
    await writer.write("a")
    page = await visitor.get("/changes?after=1&wait=0.001")
    assert page == {"items": [], "next": 1}


async def test_stream_sends_what_was_and_what_comes(
    web: WebHouse, visitor: Visitor, writer: Writer
) -> None:
    await writer.write("a")
    async with visitor.http.stream("GET", "/changes", headers=STREAM) as reply:
        assert reply.headers["Content-Type"] == "text/event-stream"
        stream = events(reply)
        first = await anext(stream)
        await writer.write("b")
        second = await anext(stream)
    assert (first["id"], first["event"]) == ("1", "change")
    assert msgspec.json.decode(first["data"])["object_id"] == "a"
    visitor.description.validate(
        second["data"].encode(), {"$ref": "#/components/schemas/ChangeView"}
    )
    assert second["id"] == "2"


async def test_stream_resumes_behind_the_last_event(visitor: Visitor, writer: Writer) -> None:
    await writer.write("a", "b", "c")
    headers = STREAM | {"Last-Event-ID": "2"}
    async with visitor.http.stream("GET", "/changes?after=1", headers=headers) as reply:
        assert (await anext(events(reply)))["id"] == "3"


@pytest.mark.parametrize("last_seen", ["x", "-1", "1.5", ""])
async def test_stream_with_a_wrong_last_event_is_refused(visitor: Visitor, last_seen: str) -> None:
    headers = STREAM | {"Last-Event-ID": last_seen}
    problem = await visitor.get("/changes", headers=headers, expect=422)
    assert problem["errors"][0]["path"] == "Last-Event-ID"


async def test_stream_without_changes_shows_that_it_lives(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as within,
        serving(within, heartbeat_s=0.001) as web,
        web.visitor.http.stream("GET", "/changes", headers=STREAM) as reply,
    ):
        stream = events(reply)
        assert await anext(stream) == {"comment": "alive"}
        assert await anext(stream) == {"comment": "alive"}


async def test_stream_gives_every_change_of_many_exactly_once(
    visitor: Visitor, writer: Writer
) -> None:
    seen: list[int] = []

    async def read() -> None:
        async with visitor.http.stream("GET", "/changes", headers=STREAM) as reply:
            async for event in events(reply):
                seen.append(int(event["id"]))
                if len(seen) == 1000:
                    return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for start in range(0, 1000, 50):
            await writer.write(*(f"{number}" for number in range(start, start + 50)))
    assert seen == list(range(1, 1001))


async def test_stream_ends_when_the_store_fails_and_can_be_resumed(
    web: WebHouse, visitor: Visitor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writer.write("a")
    async with visitor.http.stream("GET", "/changes", headers=STREAM) as reply:
        stream = events(reply)
        await anext(stream)

        async def fail(*_: object) -> None:
            raise StoreUnavailableError("gone")

        monkeypatch.setattr(web.store, "changes", fail)
        await writer.write("b")
        assert [event async for event in stream] == []


async def test_stream_that_hits_a_defect_is_cut_and_logged(
    web: WebHouse,
    visitor: Visitor,
    writer: Writer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await writer.write("a")
    async with visitor.http.stream("GET", "/changes", headers=STREAM) as reply:
        stream = events(reply)
        await anext(stream)

        async def explode(*_: object) -> None:
            raise RuntimeError("a defect")

        monkeypatch.setattr(web.store, "changes", explode)
        await writer.write("b")
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(stream)
    assert "a defect" in caplog.text


async def test_reader_that_leaves_frees_its_place(web: WebHouse, visitor: Visitor) -> None:
    writer = await Writer.of(web, "one")
    async with visitor.http.stream("GET", "/changes", headers=STREAM):
        await web.until(lambda: waiting(web) == 1)
    for number in range(200):
        await writer.write(str(number))
    await web.until(lambda: waiting(web) == 0)


async def test_too_many_that_wait_are_told_to_come_back(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as within,
        serving(within, max_waiting=1) as web,
        web.visitor.http.stream("GET", "/changes", headers=STREAM),
    ):
        reply = await web.visitor.call("GET", "/changes?wait=1", expect=503)
        assert reply.headers["Retry-After"] == "10"
        await web.visitor.call("GET", "/changes", headers=STREAM, expect=503)
        await web.visitor.get("/changes")


async def crowd(web: WebHouse) -> None:
    """Make more changes than fit between a server and a reader."""
    writer = await Writer.of(web, "one")
    for start in range(0, 20_000, 1000):
        await writer.write(*(f"{number}" for number in range(start, start + 1000)))


async def ask_and_never_read(web: WebHouse) -> asyncio.StreamWriter:
    _, connection = await asyncio.open_connection("127.0.0.1", web.port, limit=1)
    connection.write(
        f"GET /changes HTTP/1.1\r\nHost: localhost:{web.port}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
    )
    return connection


async def test_slow_reader_holds_one_page_and_no_more(
    web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(web)
    asked: list[int] = []
    real = web.store.changes

    async def changes(wanted: ChangeFilter) -> Sequence[Change]:
        asked.append(wanted.after)
        return await real(wanted)

    monkeypatch.setattr(web.store, "changes", changes)
    connection = await ask_and_never_read(web)
    await web.until(lambda: bool(asked))
    for _ in range(2000):
        await anyio.lowlevel.checkpoint()
    assert 0 < len(asked) < 100, "it reads on only as fast as the reader takes"
    connection.transport.abort()
    await web.until(lambda: waiting(web) == 0)


async def test_reader_that_takes_nothing_is_cut_off(
    web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.web.event_stream._TAKEN_WITHIN_S", 0.01)
    await crowd(web)
    connection = await ask_and_never_read(web)
    await web.until(lambda: waiting(web) == 1)
    await web.until(lambda: waiting(web) == 0)
    connection.transport.abort()


def waiting(web: WebHouse) -> int:
    return web.server.application[WAITING].count
