from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.mailbox import MailboxFullError
from daemon.hosted import Condition
from daemon.restart import RestartPolicy
from daemon.sandbox.quickbooks.routes import Route
from support.web_house import Visitor, WebHouse, house, serving


def calls(web: WebHouse, route: Route) -> int:
    return web.sandbox.statistics().calls_to(route)


async def test_sync_looks_at_once(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    before = calls(web, Route.CDC)
    accepted = await visitor.post(f"/integrations/{account.id}/sync", expect=202)
    assert accepted == {
        "id": account.id,
        "object_types": ["Customer", "Invoice", "Item"],
        "full": False,
    }
    await web.until(lambda: calls(web, Route.CDC) > before)


async def test_sync_of_named_types(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    body = {"object_types": ["Invoice"]}
    accepted = await visitor.post(f"/integrations/{account.id}/sync", body, expect=202)
    assert accepted["object_types"] == ["Invoice"]


async def test_full_sync_is_durable_and_reads_everything_again(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    before = calls(web, Route.QUERY)
    body = {"full": True, "object_types": ["Invoice"]}
    await visitor.post(f"/integrations/{account.id}/sync", body, expect=202)
    await web.until(lambda: calls(web, Route.QUERY) > before)
    body = {"full": True}
    await web.supervisor.stop_account(account.id)
    await visitor.post(f"/integrations/{account.id}/sync", body, expect=409)


async def test_full_sync_survives_a_crash_of_the_actor(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    web.supervisor.hosted()[account.id].condition = Condition.RESTARTING
    await visitor.post(f"/integrations/{account.id}/sync", {"full": True}, expect=202)
    assert all(cursor.rescan_requested for cursor in await web.store.cursors(account.id))
    problem = await visitor.post(f"/integrations/{account.id}/sync", expect=409)
    assert "crashed" in problem["reasons"][0]


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ({"object_types": ["Invoice", "Unicorn"]}, "object_types[1]", "one of Customer, "),
        ({"object_types": [7]}, "object_types[0]", "text"),
        ({"object_types": "Invoice"}, "object_types", "a list; each item text"),
        ({"full": "yes"}, "full", "true or false"),
        ({"fool": True}, "fool", "a known field (object_types, full, dry_run)"),
        ([], "", "an object"),
    ],
)
async def test_sync_with_bad_input_is_refused(
    web: WebHouse, visitor: Visitor, body: object, path: str, expected: str
) -> None:
    account = await web.live()
    problem = await visitor.post(f"/integrations/{account.id}/sync", body, expect=422)
    assert problem["errors"][0]["path"] == path
    assert problem["errors"][0]["expected"].startswith(expected)
    assert await web.store.cursors(account.id)
    assert not any(c.rescan_requested for c in await web.store.cursors(account.id))


async def test_pause_holds_over_a_restart_and_resume_ends_it(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    paused = await visitor.post(f"/integrations/{account.id}/pause")
    assert (paused["state"], paused["paused"]) == ("paused", True)
    await web.supervisor.start_account(account.id)
    assert (await visitor.get(f"/integrations/{account.id}"))["state"] == "paused"
    problem = await visitor.post(f"/integrations/{account.id}/sync", expect=409)
    assert "resume it first" in problem["detail"]
    before = calls(web, Route.CDC)
    resumed = await visitor.post(f"/integrations/{account.id}/resume")
    assert (resumed["state"], resumed["paused"]) == ("live", False)
    await web.until(lambda: calls(web, Route.CDC) > before)


async def test_pause_reaches_an_actor_that_has_not_begun(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    hosted = web.supervisor.hosted()[account.id]
    await web.supervisor.stop_account(account.id)
    hosted.actor, hosted.condition = None, Condition.RUNNING
    web.supervisor.hosted()[account.id] = hosted  # type: ignore[index]
    await visitor.post(f"/integrations/{account.id}/pause")
    fresh = web.supervisor.hosted()[account.id]
    assert fresh is not hosted


async def test_resume_starts_an_account_that_nothing_looks_after(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    await web.supervisor.stop_account(account.id)
    shown = await visitor.get(f"/integrations/{account.id}")
    assert shown["state"] == "degraded"
    await visitor.post(f"/integrations/{account.id}/pause")
    assert account.id not in web.supervisor.hosted()
    assert (await visitor.post(f"/integrations/{account.id}/resume"))["state"] == "live"


async def test_resume_gives_a_quarantined_account_another_chance(tmp_path: Path) -> None:
    policy = RestartPolicy(max_restarts=0)
    async with house(tmp_path, policy=policy) as within, serving(within) as web:
        account = await web.live()
        around = web.supervisor._surroundings["quickbooks"]  # noqa: SLF001 - to break an actor
        broken = replace(around, sealer=None)  # type: ignore[arg-type]
        await web.supervisor.reconfigure({"quickbooks": broken})
        hosted = web.supervisor.hosted()
        await web.until(lambda: hosted[account.id].condition is Condition.QUARANTINED)
        shown = await web.visitor.get(f"/integrations/{account.id}")
        assert shown["state"] == "quarantined"
        assert "crashed too often" in shown["reasons"][0]
        problem = await web.visitor.post(f"/integrations/{account.id}/sync", expect=409)
        assert "resume it to try again" in problem["detail"]
        web.supervisor._surroundings["quickbooks"] = around  # noqa: SLF001
        assert (await web.visitor.post(f"/integrations/{account.id}/resume"))["state"] == "live"


async def test_account_that_needs_its_owner_says_so(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    claimed = await web.store.claim(account.id)
    await web.store.require_reauthorization(
        account.id, claimed.account.epoch, "the token is dead", web.clock.now().utc
    )
    problem = await visitor.post(f"/integrations/{account.id}/sync", expect=409)
    assert problem["reasons"] == ["the token is dead"]
    shown = await visitor.get(f"/integrations/{account.id}")
    assert (shown["state"], shown["reauth_cause"]) == ("reauth_required", "the token is dead")


async def test_disconnected_account_cannot_be_steered(web: WebHouse, visitor: Visitor) -> None:
    account = await web.connected()
    await visitor.delete(f"/integrations/{account.id}")
    for what in ("sync", "pause", "resume"):
        problem = await visitor.post(f"/integrations/{account.id}/{what}", expect=409)
        assert "connect it again" in problem["detail"]


async def test_actor_with_a_full_mailbox_is_to_be_asked_later(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await web.live()

    def full(*_: object) -> None:
        raise MailboxFullError

    monkeypatch.setattr(web.supervisor, "post", full)
    reply = await visitor.call("POST", f"/integrations/{account.id}/sync", expect=503)
    assert reply.headers["Retry-After"] == "1"


async def test_log_tells_what_an_account_was_told(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    at = f"/integrations/{account.id}"
    with capture_logs() as lines:
        await visitor.post(f"{at}/sync", {"object_types": ["Item"], "full": True}, expect=202)
        await visitor.post(f"{at}/pause")
        await visitor.post(f"{at}/sync", expect=409)
        await visitor.post(f"{at}/resume")
    whose = {"account": account.id, "vendor": "quickbooks", "log_level": "info"}
    assert lines == [
        {"event": "sync_requested", **whose, "object_types": ["Item"], "full": True},
        {"event": "account_paused", **whose},
        {"event": "account_resumed", **whose},
    ]
