import anyio
import pytest
from msgspec.structs import replace

from daemon.alerts.condition import Condition
from daemon.alerts.kinds import DELETES_HELD, OWNER_NEEDED, STORE_UNAVAILABLE
from daemon.audit.deeds import DEEDS
from daemon.health.samples import part_of
from daemon.web.audited import USER_HEADER
from daemon.web.operations import OPERATIONS
from support.web_house import Visitor, WebHouse

NOT_DEEDS = ("/webhooks/", "/dashboard/login", "/dashboard/logout")


async def test_alert_is_listed_and_acknowledged(web: WebHouse, visitor: Visitor) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(web.watching.run)
        for kind, subject in ((DELETES_HELD, "b"), (OWNER_NEEDED, "a")):
            web.watching.desk.hold(Condition(kind, subject, "why", "quickbooks", subject))
        await web.until(lambda: all(each.id for each in web.watching.desk.book.open_alerts()))
        newest, oldest = (await visitor.get("/alerts?state=open"))["items"]
        assert (newest["kind"], newest["severity"], newest["cause"]) == (
            "owner_needed",
            "critical",
            "why",
        )
        assert newest["what_to_do"]
        acked = await visitor.post(
            f"/alerts/{newest['id']}/ack", {"note": "I call"}, headers={USER_HEADER: "ada"}
        )
        assert acked["state"] == "acknowledged"
        assert acked["acknowledged_by"] == "ada (admin token)"
        summary = (await visitor.get("/health/summary"))["alerts"]
        assert summary == {"critical": 1, "warning": 1, "acknowledged": 1}
        web.watching.desk.end("owner_needed", "a", "connected again")
        await web.until(lambda: len(web.watching.desk.book.open_alerts()) == 1)
        await anyio.sleep(0.1)
        assert (await visitor.get("/alerts?state=resolved"))["items"][0]["id"] == newest["id"]
        await visitor.post(f"/alerts/{newest['id']}/ack", {}, expect=409)
        page = await visitor.get("/alerts?limit=1")
        rest = await visitor.get(f"/alerts?limit=1&cursor={page['next']}")
        assert [each["id"] for each in page["items"] + rest["items"]] == [
            newest["id"],
            oldest["id"],
        ]
        assert rest["next"] is None
        told = [each["event"] for each in (await visitor.get("/alerts/events"))["items"]]
        assert told == ["raised", "raised", "acknowledged", "resolved"]
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("alert_id", ["1", "x", "99999999999999999999999"])
async def test_no_such_alert(web: WebHouse, visitor: Visitor, alert_id: str) -> None:
    await visitor.get(f"/alerts/{alert_id}", expect=404)
    await visitor.post(f"/alerts/{alert_id}/ack", {}, expect=404)


async def test_replay_of_a_channel_that_is_not(web: WebHouse, visitor: Visitor) -> None:
    await visitor.post("/alerts/replay", {"channel": "pigeon", "after": 0}, expect=404)


@pytest.mark.parametrize("path", ["/alerts", "/audit"])
@pytest.mark.parametrize("cursor", ["x", "LTE", "MS4w"])
async def test_made_up_cursor(web: WebHouse, visitor: Visitor, path: str, cursor: str) -> None:
    await visitor.get(f"{path}?cursor={cursor}", expect=422)


async def test_health_of_an_account_has_its_checks_and_a_day_of_samples(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    monitor = web.watching.monitor
    await monitor.sample(part_of(account.id), [account.id])
    shown = await visitor.get(f"/health/accounts/{account.id}")
    assert shown["checks"] == []
    assert shown["response"]["last_s"] >= 0
    (sample,) = shown["samples"]
    assert (sample["state"], sample["checks"]) == ("live", {})
    await visitor.post(f"/integrations/{account.id}/pause")
    hosted = web.supervisor.hosted()
    hosted[account.id].actor._gate.slowest_response_s = 11.0  # type: ignore[union-attr]  # noqa: SLF001
    await monitor.sample(part_of(account.id), [account.id])
    (_, sample) = (await visitor.get(f"/health/accounts/{account.id}"))["samples"]
    assert (sample["state"], sample["response_s"]) == ("paused", 11.0)
    shown = await visitor.get(f"/health/accounts/{account.id}")
    assert shown["response"]["slowest_s"] == 0.0


async def test_timeline_tells_what_happened_and_what_was_done_by_hand(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    at = f"/integrations/{account.id}/events"
    await visitor.post(f"/integrations/{account.id}/pause", headers={USER_HEADER: "ada"})
    items = (await visitor.get(at))["items"]
    assert items[0]["text"] == "account_paused by ada (admin token)"
    kinds = {item["kind"] for item in items}
    assert {"by_hand", "page_stored", "first_copy_complete"} <= kinds
    oldest = items[-1]["id"]
    followed = (await visitor.get(f"{at}?after={oldest}&limit=2"))["items"]
    assert [item["id"] for item in followed] == [oldest + 1, oldest + 2]
    page = await visitor.get(f"{at}?limit=1")
    rest = await visitor.get(f"{at}?limit=1&cursor={page['next']}")
    assert rest["items"][0] == items[1]
    await visitor.get("/integrations/nobody/events", expect=404)


async def test_audit_tells_who_did_what_with_no_secret(web: WebHouse, visitor: Visitor) -> None:
    realm_id = web.company()
    code = web.sandbox.issue_code(realm_id)
    grant = {"authorization_code": code, "realm_id": realm_id}
    account = await visitor.post("/auth/quickbooks/connect", grant, expect=201)
    await visitor.post("/auth/quickbooks/connect", grant, expect=422)
    await visitor.post(f"/integrations/{account['id']}/pause", headers={USER_HEADER: "ada"})
    await visitor.post(f"/integrations/{account['id']}/sync", expect=409)
    await visitor.post(f"/integrations/{account['id']}/sync", {"dry_run": True})
    await web.watching.audit.write()
    entries = (await visitor.get("/audit"))["items"]
    assert [(each["what"], each["outcome"], each["account_id"]) for each in entries] == [
        ("sync_requested", "Account not running", account["id"]),
        ("account_paused", "done", account["id"]),
        ("account_connected", "CodeRefusedError", None),
        ("account_connected", "done", account["id"]),
    ]
    assert entries[1]["who"] == "ada (admin token)"
    assert entries[1]["peer"] == "127.0.0.1"
    assert code not in str(entries)
    only = await visitor.get(f"/audit?account={account['id']}&limit=1")
    assert only["items"][0]["what"] == "sync_requested"
    assert only["next"] is not None


async def test_owner_who_comes_back_from_the_vendor_is_told_from_the_operator(
    web: WebHouse, visitor: Visitor
) -> None:
    web.company()
    location = (await visitor.call("GET", "/auth/quickbooks/start", expect=302)).headers["Location"]
    state = location.partition("state=")[2]
    realm_id = web.company()
    code = web.sandbox.issue_code(realm_id)
    async with web.stranger() as browser:
        path = f"/auth/quickbooks/callback?state={state}&code={code}&realmId={realm_id}"
        await browser.get(path, headers={"Accept": "text/html"})
    await web.watching.audit.write()
    (entry,) = (await visitor.get("/audit"))["items"]
    (account,) = await web.store.accounts()
    assert (entry["who"], entry["account_id"]) == ("a company's owner", account.id)


async def test_odd_addresses_are_written_down_shortly(web: WebHouse, visitor: Visitor) -> None:
    await visitor.post("/integrations/%00%ED%A0%80/pause", expect=404, check=False)
    await visitor.post(f"/integrations/{'x' * 500}/pause", expect=404, check=False)
    await web.watching.audit.write()
    await web.watching.events.write()
    entries = (await visitor.get("/audit"))["items"]
    assert [each["outcome"] for each in entries] == ["UnknownAccountError"] * 2
    assert all(len(each["account_id"]) <= 64 for each in entries)


async def test_stranger_writes_nothing_into_the_audit(web: WebHouse, visitor: Visitor) -> None:
    account = await web.connected()
    async with web.stranger() as stranger:
        await stranger.get("/auth/quickbooks/callback?state=made-up&code=c&realmId=1")
        await stranger.post(f"/dashboard/accounts/{account.id}/pause")
        await stranger.post(f"/integrations/{account.id}/pause")
    await web.watching.audit.write()
    assert (await visitor.get("/audit"))["items"] == []


def test_every_deed_has_a_name() -> None:
    for operation in OPERATIONS:
        if operation.method not in {"GET", "HEAD"} and not operation.path.startswith(NOT_DEEDS):
            assert operation.deed in DEEDS, f"name {operation.name} in daemon/audit/deeds.py"


async def test_store_that_takes_no_writes_is_an_alert_at_once(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = web.store.health()
    broken = replace(health, writable=False, reason="the disk is full")
    monkeypatch.setattr(type(web.store), "health", lambda _: broken)
    web.watching._process.look()  # noqa: SLF001
    assert web.watching.desk.book.find(STORE_UNAVAILABLE.name, "") is not None
    monkeypatch.undo()
    web.watching._process.look()  # noqa: SLF001
    assert web.watching.desk.book.open_alerts() == ()
