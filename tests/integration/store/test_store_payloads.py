import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.models import Via
from store.ports import Store
from store.relational.objects import object_rows, read_object, upsert_objects
from store.sqlite import SqliteStore
from store.sqlite.connection import open_writer
from support.store_fixtures import START, Owned, all_objects, on_writer, payloads, record

EXACT = {
    "spaces and key order": b'{ "b" : 1,\n\t"a":2 }',
    "keys given twice": b'{"a":1,"a":2}',
    "integer beyond 64 bits": b'{"n":123456789012345678901234567890}',
    "money with five decimals": b'{"n":0.10000,"m":1E+2,"z":-0}',
    "not a number": b'{"n":NaN}',
    "invalid UTF-8": b'{"a":"\xff\xfe\xc3("}',
    "lone surrogate, as bytes": b'{"a":"\xed\xa0\x80"}',
    "escapes": rb'{"a":"\u0000\ud83d\ude00\/"}',
    "beyond the basic plane": '{"a":"\U0001f600"}'.encode(),
    "not JSON": b"<html>",
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf{}",
}


@pytest.mark.parametrize("payload", EXACT.values(), ids=EXACT.keys())
async def test_payload_comes_back_byte_for_byte(
    store: Store, company: Owned, payload: bytes
) -> None:
    await store.apply_page(company.page(record("0"), record("1", payload=payload), record("2")))
    found = await store.object(company.account_id, "Invoice", "1")
    assert found is not None
    assert payloads([found]) == [payload]
    again = await store.apply_page(company.page(record("1", payload=payload)))
    assert again.upserts == 0


@given(bodies=st.lists(st.binary(max_size=40).filter(lambda body: b"\0" not in body), min_size=1))
def test_neighbours_in_a_page_never_share_a_byte(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    connection = open_writer(
        tmp_path_factory.mktemp("payloads") / "x.db", durable=False, busy_timeout_s=0
    )
    records = [record(str(number), payload=body) for number, body in enumerate(bodies)]
    rows = object_rows(records)
    written = upsert_objects(connection, "a", Via.POLL, START, records, rows, None)
    assert written == len(bodies)
    found = [read_object(connection, "a", "Invoice", item.object_id) for item in records]
    connection.close()
    assert payloads(item for item in found if item is not None) == bodies


async def test_large_payload_is_kept(store: Store, company: Owned) -> None:
    payload = b'{"a":"' + b"x" * 12_000_000 + b'"}'
    await store.apply_page(company.page(record("1", payload=payload), record("2")))
    assert payloads((await all_objects(store, company.account_id)).values()) == [
        payload,
        record("2").payload,
    ]


async def test_payload_is_text_that_any_tool_can_look_into(
    store: SqliteStore, company: Owned, path: Path
) -> None:
    await store.apply_page(company.page(record("1", payload=b'{"DocNumber":"A-17","n":1.50}')))
    reader = sqlite3.connect(path)
    row = reader.execute(
        "SELECT typeof(payload), payload, payload ->> '$.DocNumber', payload -> '$.n' FROM objects"
    ).fetchone()
    reader.close()
    assert row == ("text", '{"DocNumber":"A-17","n":1.50}', "A-17", "1.50")


async def test_stored_payload_is_embedded_as_it_is_in_an_answer(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", payload=b'{"n": 1.0}')))
    found = await store.object(company.account_id, "Invoice", "1")
    assert b'"payload":{"n": 1.0}' in msgspec.json.encode(found)


@pytest.mark.parametrize(
    "text", ["naïve", "1' OR '1'='1", '"', "\\", "\x01", "日本", "%", "_", "🙂"]
)
async def test_keys_of_any_characters_are_kept_apart(
    store: Store, company: Owned, text: str
) -> None:
    await store.apply_page(
        company.page(record(text, object_type=text, version=text), record("_", object_type=text))
    )
    found = await all_objects(store, company.account_id, text)
    assert set(found) == {text, "_"}
    assert found[text].version in {text, "0"}
    assert await store.deleted_ids(company.account_id, text, [text]) == frozenset()


@pytest.mark.parametrize("object_id", ["a\x00b", "\x00", "\ud800"])
async def test_key_that_cannot_be_kept_fails_its_page_only(
    store: Store, company: Owned, object_id: str
) -> None:
    with pytest.raises(ValueError, match=r"U\+0000|surrogates"):
        await store.apply_page(company.page(record("1"), record(object_id)))
    assert await all_objects(store, company.account_id) == {}
    assert store.health().writable
    assert (await store.apply_page(company.page(record("1")))).upserts == 1


async def test_time_without_a_zone_is_refused(store: SqliteStore, company: Owned) -> None:
    naive = record("1").__class__("Invoice", "1", "0", START.replace(tzinfo=None), b"{}")
    with pytest.raises(ValueError, match="time zone"):
        await store.apply_page(company.page(naive))
    assert await on_writer(store, lambda connection: connection.in_transaction) is False
