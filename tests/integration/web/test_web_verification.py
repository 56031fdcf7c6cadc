import sqlite3
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from actors.messages import Pause
from store.models import ObjectFilter
from support.web_house import Visitor, WebHouse


async def one_invoice(web: WebHouse, account_id: str) -> str:
    (row, *_) = await web.store.objects(ObjectFilter(account_id, "Invoice"))
    return row.object_id


async def certified(web: WebHouse, account_id: str) -> None:
    """Return once there is a certificate."""
    with anyio.fail_after(5):
        while True:
            if await web.store.certificate(account_id) is not None:
                return
            await anyio.sleep(0.05)


def lose(path: Path, object_id: str) -> None:
    connection = sqlite3.connect(path / "syncline.db")
    with connection:
        connection.execute(
            "DELETE FROM objects WHERE object_type = 'Invoice' AND object_id = ?", (object_id,)
        )
    connection.close()


async def test_verify_answers_with_what_was_found(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    found = await visitor.post(f"/integrations/{account.id}/verify")
    assert (found["exact"], found["repaired"], found["number"]) == (True, True, 1)
    assert (found["reads"], found["mended_before"]) == (1, 0)
    assert [each["object_type"] for each in found["types"]] == ["Customer", "Invoice", "Item"]
    assert all(each["vendor_count"] == each["local_count"] for each in found["types"])
    assert await visitor.get(f"/integrations/{account.id}/certificate") == found
    shown = (await visitor.get(f"/integrations/{account.id}/status"))["verification"]
    assert shown["last"]["as_of"] == found["as_of"]
    assert (shown["running"], shown["last_error"]) == (None, None)


async def test_a_lost_row_is_named_mended_counted_and_logged(
    web: WebHouse, visitor: Visitor, tmp_path: Path
) -> None:
    account = await web.live()
    lost = await one_invoice(web, account.id)
    await anyio.sleep(2.1)  # what changed within the last second is not judged yet
    await visitor.post(f"/integrations/{account.id}/sync", expect=202)
    lose(tmp_path, lost)
    path = f"/integrations/{account.id}/verify"
    found = await visitor.post(path, params={"repair": "false"})
    assert (found["exact"], found["repaired"], found["repair"]) == (False, False, False)
    assert found["types"][1]["missing"] == [lost]
    assert await web.store.object(account.id, "Invoice", lost) is None
    with capture_logs() as lines:
        found = await visitor.post(path)
    assert (found["exact"], found["repaired"]) == (False, True)
    assert await web.store.object(account.id, "Invoice", lost) is not None
    (line,) = [line for line in lines if line["event"] == "verification_requested"]
    assert (line["account"], line["repair"]) == (account.id, True)
    metrics = (await visitor.call("GET", "/metrics", check=False)).text
    assert 'syncline_verifications_total{outcome="repaired",vendor="quickbooks"} 1.0' in metrics
    assert (
        'syncline_verification_differences_total{kind="missing",vendor="quickbooks"} 2.0' in metrics
    )
    assert 'syncline_verification_oldest_timestamp_seconds{vendor="quickbooks"}' in metrics


async def test_who_does_not_wait_is_told_that_it_goes_on(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/verify"
    told = await visitor.post(path, params={"wait": "0"}, expect=202)
    assert (told["id"], told["request"]) == (account.id, 1)
    await certified(web, account.id)


async def test_a_visitor_who_leaves_does_not_stop_it(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    web.sandbox.behaviour.latency_s = (0.3, 0.3)
    with anyio.move_on_after(0.2) as left:
        await visitor.post(f"/integrations/{account.id}/verify")
    assert left.cancelled_caught
    await certified(web, account.id)


async def test_an_account_that_rests_is_refused(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.post(f"/integrations/{account.id}/pause")
    problem = await visitor.post(f"/integrations/{account.id}/verify", expect=409)
    assert "resume it first" in problem["detail"]
    web.supervisor.post(account.id, Pause())
    assert await web.store.certificate(account.id) is None


async def test_an_account_that_is_not_complete_is_told_not_yet(
    web: WebHouse, visitor: Visitor
) -> None:
    web.sandbox.behaviour.latency_s = (0.5, 0.5)
    account = await web.connected()
    problem = await visitor.post(f"/integrations/{account.id}/verify", expect=409)
    assert "first time" in problem["detail"]
    assert await web.store.certificate(account.id) is None


async def test_before_the_first_there_is_no_certificate(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    problem = await visitor.call("GET", f"/integrations/{account.id}/certificate", expect=404)
    assert "never verified" in problem.json()["detail"]
    await visitor.post("/integrations/nobody/verify", expect=404)


@pytest.mark.parametrize("query", [{"repair": "perhaps"}, {"wait": "-1"}, {"types": "all"}])
async def test_bad_parameters_are_refused(
    web: WebHouse, visitor: Visitor, query: dict[str, str]
) -> None:
    account = await web.live()
    problem = await visitor.post(f"/integrations/{account.id}/verify", params=query, expect=422)
    assert problem["errors"][0]["path"] in query
