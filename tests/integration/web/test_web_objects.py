from datetime import timedelta

import msgspec
import pytest

from store.models import CursorMove, ObjectRecord, PageWrite, Tombstone, Via
from support.store_fixtures import credential, on_writer
from support.web_house import Visitor, WebHouse, instant


async def stored(web: WebHouse, *records: ObjectRecord) -> str:
    """Return an account that no actor runs, with these objects."""
    now = web.clock.now().utc
    account, _ = await web.store.connect("quickbooks", "4711", "Quiet", credential(), now, "quiet")
    claimed = await web.store.claim(account.id)
    page = PageWrite(
        account.id,
        claimed.account.epoch,
        Via.BACKFILL,
        now,
        ("Invoice",),
        objects=records,
        cursors=[CursorMove("Invoice", "p", complete=True, covered_until=now)],
    )
    await web.store.apply_page(page)
    return account.id


def invoice(web: WebHouse, object_id: str, payload: bytes, age_s: float = 0) -> ObjectRecord:
    updated_at = web.clock.now().utc - timedelta(seconds=age_s)
    return ObjectRecord("Invoice", object_id, "0", updated_at, payload)


@pytest.mark.parametrize(
    "damage", ["updated_at = 'yesterday'", "payload = '{\"Id\":'", "version = CAST(x'ff' AS TEXT)"]
)
async def test_a_damaged_row_is_named_with_what_mends_it(
    web: WebHouse, visitor: Visitor, damage: str
) -> None:
    rows = [
        invoice(web, object_id, b'{"Id":"%d"}' % number) for number, object_id in enumerate("ab")
    ]
    account_id = await stored(web, *rows)
    spoil = f"UPDATE objects SET {damage} WHERE object_id = 'a'"  # noqa: S608
    await on_writer(web.store, lambda connection: connection.execute(spoil).rowcount)
    at = f"/integrations/{account_id}/objects/Invoice"
    for path in (at, f"{at}/a"):
        problem = await visitor.get(path, expect=503)
        assert problem["type"] == "urn:syncline:problem:damaged-row"
        assert "Invoice 'a'" in problem["detail"]
        assert f"syncline verify {account_id}" in problem["detail"]
    assert (await visitor.get(f"{at}/b"))["object_id"] == "b"
    assert [each["object_id"] for each in (await visitor.get(at, params={"cursor": "YQ"}))["items"]]


async def test_objects_are_the_vendors_own_bytes(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    reply = await visitor.call("GET", f"/integrations/{account.id}/objects/Invoice")
    truth = web.sandbox.truth(account.external_account_id)["Invoice"]
    assert len(truth) == 7
    assert all(body in reply.content for body in truth.values())
    page = reply.json()
    assert {item["object_id"] for item in page["items"]} == truth.keys()
    assert page["next"] is None
    assert not page["freshness"]["stale"]
    assert page["freshness"]["age_seconds"] < 300


async def test_objects_come_page_by_page(web: WebHouse, visitor: Visitor) -> None:
    account_id = await stored(web, *(invoice(web, str(n), b'{"n":%d}' % n) for n in range(5)))
    seen: list[str] = []
    cursor: str | None = ""
    for size in (2, 2, 1):
        page = await visitor.get(
            f"/integrations/{account_id}/objects/Invoice", params={"limit": 2, "cursor": cursor}
        )
        assert len(page["items"]) == size
        seen += [item["object_id"] for item in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (["0", "1", "2", "3", "4"], None)


async def test_page_that_is_exactly_full_is_the_last(web: WebHouse, visitor: Visitor) -> None:
    account_id = await stored(web, invoice(web, "1", b"{}"), invoice(web, "2", b"{}"))
    page = await visitor.get(f"/integrations/{account_id}/objects/Invoice?limit=2")
    assert page["next"] is None


async def test_updated_since_compares_instants(web: WebHouse, visitor: Visitor) -> None:
    old, new = invoice(web, "old", b"{}", 3600), invoice(web, "new", b"{}", 60)
    account_id = await stored(web, old, new)
    east = (new.updated_at + timedelta(hours=2)).replace(tzinfo=None)
    page = await visitor.get(
        f"/integrations/{account_id}/objects/Invoice",
        params={"updated_since": f"{east.isoformat()}+02:00"},
    )
    assert [item["object_id"] for item in page["items"]] == ["new"]


async def test_deleted_objects_are_shown_on_demand(web: WebHouse, visitor: Visitor) -> None:
    account_id = await stored(web, invoice(web, "1", b'{"kept":1}', 60))
    claimed = await web.store.claim(account_id)
    now = web.clock.now().utc
    await web.store.apply_page(
        PageWrite(
            account_id,
            claimed.account.epoch,
            Via.POLL,
            now,
            ("Invoice",),
            tombstones=[Tombstone("Invoice", "1", now)],
        )
    )
    path = f"/integrations/{account_id}/objects/Invoice"
    assert (await visitor.get(path))["items"] == []
    shown = await visitor.get(f"{path}?include_deleted=true")
    assert shown["items"][0]["deleted"] is True
    one = await visitor.get(f"{path}/1")
    assert one["deleted"] is True
    assert one["payload"] == {"kept": 1}


async def test_one_object_comes_with_its_freshness(web: WebHouse, visitor: Visitor) -> None:
    record = invoice(web, "a b/c%d", b'{"Id":"a b/c%d","Amount":1.10}')
    account_id = await stored(web, record)
    reply = await visitor.call("GET", f"/integrations/{account_id}/objects/Invoice/a%20b%2Fc%25d")
    assert record.payload in reply.content
    shown = reply.json()
    assert instant(shown["updated_at"]) == record.updated_at
    assert shown["freshness"]["exact_as_of"] is not None


async def test_object_never_seen_is_not_found(web: WebHouse, visitor: Visitor) -> None:
    account_id = await stored(web)
    problem = await visitor.get(f"/integrations/{account_id}/objects/Invoice/9", expect=404)
    assert "'9'" in problem["detail"]


async def test_unknown_object_type_is_not_found_and_the_known_ones_are_named(
    web: WebHouse, visitor: Visitor
) -> None:
    account_id = await stored(web)
    for path in ("Unicorn", "Unicorn/1"):
        problem = await visitor.get(f"/integrations/{account_id}/objects/{path}", expect=404)
        assert "there are: Customer, Invoice, Item" in problem["detail"]


async def test_type_that_is_no_longer_configured_can_still_be_read(
    web: WebHouse, visitor: Visitor
) -> None:
    account_id = await stored(web, invoice(web, "1", b"{}"))
    web.settings.clear()
    page = await visitor.get(f"/integrations/{account_id}/objects/Invoice")
    assert len(page["items"]) == 1
    assert page["freshness"]["stale"]
    await visitor.get(f"/integrations/{account_id}/objects/Item", expect=404)


async def test_account_never_exact_is_stale(web: WebHouse, visitor: Visitor) -> None:
    now = web.clock.now().utc
    await web.store.connect("quickbooks", "1", "New", credential(), now, "new")
    page = await visitor.get("/integrations/new/objects/Invoice")
    known = {"exact_as_of": None, "age_seconds": None}
    assert page["freshness"] == known | {"stale": True, "reason": "backfilling"}


async def test_bytes_that_are_not_utf8_do_not_break_the_answer(
    web: WebHouse, visitor: Visitor
) -> None:
    payload = b'{"Name":"Caf\xe9","Amount":1.10}'
    account_id = await stored(web, invoice(web, "1", payload), invoice(web, "2", b'{"ok":1}'))
    reply = await visitor.call("GET", f"/integrations/{account_id}/objects/Invoice")
    page = msgspec.json.decode(reply.content)
    assert page["items"][0]["payload"]["Name"] == "Caf\N{REPLACEMENT CHARACTER}"
    assert b'"Amount":1.10' in reply.content
    kept = await web.store.object(account_id, "Invoice", "1")
    assert kept is not None
    assert bytes(kept.payload) == payload


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", {"limit": "a whole number from 1 to 1000"}),
        ("limit=1001", {"limit": "a whole number from 1 to 1000"}),
        ("limit=many", {"limit": "a whole number from 1 to 1000"}),
        ("limit=1&limit=2", {"limit": "the parameter once"}),
        ("cursor=***", {"cursor": "`next` of an earlier page"}),
        ("updated_since=yesterday", {"updated_since": "a time with its offset, such as"}),
        ("updated_since=2026-01-01T00:00:00", {"updated_since": "a time with its offset"}),
        ("updated_since=1700000000", {"updated_since": "a time with its offset"}),
        ("updated_since=0001-01-01T00:00:00%2B14:00", {"updated_since": "a time with its offset"}),
        ("include_deleted=maybe", {"include_deleted": "true or false"}),
        ("age=60", {"age": "a known parameter (limit, cursor, updated_since, "}),
        (
            "limit=x&include_deleted=maybe&max=1",
            {"limit": "a whole", "include_deleted": "true or false", "max": "a known parameter"},
        ),
    ],
)
async def test_bad_parameters_are_refused_all_at_once(
    web: WebHouse, visitor: Visitor, query: str, errors: dict[str, str]
) -> None:
    account_id = await stored(web)
    path = f"/integrations/{account_id}/objects/Invoice?{query}"
    problem = await visitor.get(path, expect=422)
    found = {error["path"]: error["expected"] for error in problem["errors"]}
    assert found.keys() == errors.keys()
    assert all(found[name].startswith(errors[name]) for name in errors)


async def test_parameters_of_an_operation_without_any_are_refused(
    web: WebHouse, visitor: Visitor
) -> None:
    problem = await visitor.get("/health?verbose=1", expect=422)
    assert problem["errors"] == [
        {
            "path": "verbose",
            "expected": "a known parameter (no parameters)",
            "found": "an unknown parameter",
        }
    ]
