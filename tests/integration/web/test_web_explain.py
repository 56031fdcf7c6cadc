import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from store.models import CursorMove, ObjectRecord, PageWrite, Tombstone, Via
from support.store_fixtures import credential
from support.web_house import Visitor, WebHouse, instant

PATH = "/integrations/quiet/objects/Invoice/1"


async def invoice_with_a_past(web: WebHouse) -> None:
    """Store one invoice, as no actor would do it so fast: changed, deleted, and late once more."""
    now = web.clock.now().utc
    account, _ = await web.store.connect("quickbooks", "4711", "Quiet", credential(), now, "quiet")
    epoch = (await web.store.claim(account.id)).account.epoch

    def record(seconds: float, payload: bytes) -> ObjectRecord:
        return ObjectRecord("Invoice", "1", "0", now + timedelta(seconds=seconds), payload)

    move = CursorMove("Invoice", "p", complete=True, covered_until=now)
    page = PageWrite(account.id, epoch, Via.BACKFILL, now, ("Invoice",), cursors=[move])
    page = replace(page, look="Invoice", trace_ids=["t-1"])
    await web.store.apply_page(replace(page, objects=[record(0, b'{"Id":"1","Due": 1.50}')]))
    page = replace(page, via=Via.POLL, look="feed", trace_ids=["t-2", "t-3"])
    await web.store.apply_page(replace(page, objects=[record(2, b'{"Id":"1","Due": 2.50}')]))
    grave = Tombstone("Invoice", "1", now + timedelta(seconds=3))
    await web.store.apply_page(replace(page, tombstones=[grave], trace_ids=["t-4"]))
    await web.store.apply_page(replace(page, objects=[record(1, b"{}")], trace_ids=["t-5"]))


async def test_the_past_of_an_object_is_told_with_its_calls_and_rules(
    web: WebHouse, visitor: Visitor
) -> None:
    await invoice_with_a_past(web)
    told = await visitor.get(f"{PATH}/explanation")
    assert told["deleted"] is True
    assert told["covered_until"] is not None
    assert [(each["what"], each["rule"], each["trace_ids"]) for each in told["events"]] == [
        ("stored", "first_kept", ["t-1"]),
        ("replaced", "newer", ["t-2", "t-3"]),
        ("deleted", "gone_by_two_witnesses", ["t-4"]),
        ("refused", "older_than_held", ["t-5"]),
    ]
    first, second, *_ = told["events"]
    assert (first["via"], first["look"]) == ("backfill", "Invoice")
    assert second["changed"] == [{"name": "Due", "before": 1.5, "after": 2.5}]
    assert instant(first["at"]) <= instant(second["at"])


async def test_the_versions_come_with_the_object_when_they_are_asked_for(
    web: WebHouse, visitor: Visitor
) -> None:
    await invoice_with_a_past(web)
    assert "versions" not in await visitor.get(PATH)
    reply = await visitor.call("GET", f"{PATH}?history=true")
    assert b'{"Id":"1","Due": 1.50}' in reply.content
    versions = reply.json()["versions"]
    assert [each["deleted"] for each in versions] == [False, False, True]
    assert [each["payload"] is None for each in versions] == [False, False, True]
    assert [each["ended_at"] is None for each in versions] == [False, False, True]


async def test_what_was_never_seen_cannot_be_explained(web: WebHouse, visitor: Visitor) -> None:
    await invoice_with_a_past(web)
    objects = "/integrations/quiet/objects"
    await visitor.get(f"{objects}/Invoice/2/explanation", expect=404)
    await visitor.get(f"{objects}/Unicorn/1/explanation", expect=404)
    await visitor.get("/integrations/nobody/objects/Invoice/1/explanation", expect=404)


@pytest.mark.parametrize(
    "damage",
    [
        "payload = CAST(substr(payload, 1, 9) || x'01' || substr(payload, 11) AS TEXT)",
        "updated_at = CAST(x'ff' AS TEXT)",
        "updated_at = '2999-01-01T00:00:00.000000Z'",
        "version = CAST(x'ff' AS TEXT)",
    ],
)
async def test_what_was_altered_in_the_replica_is_told_as_that(
    web: WebHouse, visitor: Visitor, tmp_path: Path, damage: str
) -> None:
    account = await web.live()
    ((invoice, _), *_) = sorted(web.sandbox.truth(account.external_account_id)["Invoice"].items())
    connection = sqlite3.connect(tmp_path / "syncline.db")
    with connection:
        connection.execute(
            f"UPDATE objects SET {damage} WHERE object_type = 'Invoice' AND object_id = ?",  # noqa: S608
            (invoice,),
        )
    connection.close()
    path = f"/integrations/{account.id}/objects/Invoice/{invoice}"
    assert (await visitor.get(f"{path}/explanation"))["events"]
    found = await visitor.post(f"/integrations/{account.id}/verify")
    assert (found["exact"], found["repaired"], found["mended_before"]) == (False, True, 0)
    first, second = (await visitor.get(f"{path}/explanation"))["events"]
    assert (first["altered"], first["updated_at"]) == (True, None)
    mended_at = instant(second["at"])
    assert instant(first["mended_at"]) == mended_at
    assert first["why"].endswith(
        f"altered in the replica since, mended at {mended_at:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert (second["rule"], second["altered"], second["via"]) == ("mended", False, "verify")
    reply = await visitor.call("GET", f"{path}?history=true")
    old, new = reply.json()["versions"]
    assert (old["updated_at"], new["deleted"]) == (None, False)
    status = await visitor.get(f"/integrations/{account.id}/status")
    assert status["verification"]["mended_since"] == 0
