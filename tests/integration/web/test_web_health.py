import anyio
import pytest

from actors.events import OwnerNeeded
from daemon.hosted import Condition
from store.errors import StoreFullError
from store.models import StoreHealth
from support.web_house import Visitor, WebHouse


async def test_process_is_alive_whatever_else_is_not(web: WebHouse, visitor: Visitor) -> None:
    web.supervisor.stop()
    await web.store.close()
    assert await visitor.get("/health") == {"status": "ok", "version": "1.2.3"}


async def test_ready_when_store_and_supervisor_are(visitor: Visitor) -> None:
    assert await visitor.get("/health/ready") == {"ready": True}


async def test_not_ready_says_why_for_each_part(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.store, "health", lambda: StoreHealth(writable=False, reason="full"))
    web.supervisor.stop()
    problem = await visitor.get("/health/ready", expect=503)
    assert problem["type"] == "urn:syncline:problem:not-ready"
    assert problem["reasons"] == [
        "the database takes no writes: full",
        "the supervisor does not run",
    ]


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_load_balancer_may_ask_for_the_status_alone(
    web: WebHouse, visitor: Visitor, path: str
) -> None:
    async with web.stranger() as balancer:
        reply = await balancer.head(path)
    visitor.description.check(reply)
    assert (reply.status_code, reply.content) == (200, b"")
    web.supervisor.stop()
    await visitor.call("HEAD", path, expect=503 if path.endswith("ready") else 200)


async def test_database_is_tried(web: WebHouse, visitor: Visitor) -> None:
    await web.live()
    assert await visitor.get("/health/db") == {
        "writable": True,
        "last_seq": await web.store.last_seq(),
    }


async def test_database_in_trouble_says_which(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        raise StoreFullError("no space left")

    monkeypatch.setattr(web.store, "check", check)
    assert (await visitor.get("/health/db", expect=503))["reasons"] == ["no space left"]


async def test_database_that_does_not_answer_is_not_waited_for(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.store, "check", anyio.sleep_forever)
    monkeypatch.setattr("daemon.web.health._DATABASE_ANSWERS_WITHIN_S", 0.001)
    assert "did not answer" in (await visitor.get("/health/db", expect=503))["detail"]


async def test_supervisor_counts_its_actors(web: WebHouse, visitor: Visitor) -> None:
    await web.live()
    shown = await visitor.get("/health/supervisor")
    assert shown["running"] is True
    assert shown["accounts"] == 1
    assert shown["conditions"]["running"] == 1
    assert shown["conditions"].keys() == {str(condition) for condition in Condition}
    assert shown["stalled"] == []
    web.supervisor.stop()
    await visitor.get("/health/supervisor", expect=503)


async def test_summary_names_the_worst_first(web: WebHouse, visitor: Visitor) -> None:
    live, degraded, owner, paused = [await web.live() for _ in range(4)]
    await visitor.post(f"/integrations/{paused.id}/pause")
    await web.supervisor.stop_account(degraded.id)
    claimed = await web.store.claim(owner.id)
    await web.store.require_reauthorization(
        owner.id, claimed.account.epoch, "the token is dead", web.clock.now().utc
    )
    web.metrics.listen(OwnerNeeded(owner.id, "quickbooks", "the token is dead"))
    shown = await visitor.get("/health/summary")
    assert shown["accounts"] == {
        "quarantined": 0,
        "reauth_required": 1,
        "degraded": 1,
        "connecting": 0,
        "backfilling": 0,
        "paused": 1,
        "disconnected": 0,
        "live": 1,
    }
    assert [brief["id"] for brief in shown["worst"]] == [owner.id, degraded.id]
    assert shown["worst"][0]["reasons"] == ["the token is dead"]
    assert live.id not in str(shown)
    assert len((await visitor.get("/health/summary?limit=1"))["worst"]) == 1
    await visitor.get("/health/summary?limit=-1", expect=422)


async def test_summary_follows_accounts_that_go(web: WebHouse, visitor: Visitor) -> None:
    first, second = await web.live(), await web.live()
    await visitor.get("/health/summary")
    await visitor.delete(f"/integrations/{first.id}")
    await visitor.delete(f"/integrations/{second.id}?purge=true")
    counts = (await visitor.get("/health/summary"))["accounts"]
    assert (counts["live"], counts["disconnected"], sum(counts.values())) == (0, 1, 1)


async def test_account_health_shows_what_is_known_now(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    shown = await visitor.get(f"/health/accounts/{account.id}")
    assert shown["state"] == "live"
    assert shown["condition"] == "running"
    assert shown["breaker"] == {"state": "closed", "failures": 0}
    assert shown["looks"] == []
    assert shown["failures"] == []
    assert 0 < shown["next_look_in_s"] <= 300
    assert not shown["freshness"]["stale"]
    await web.supervisor.stop_account(account.id)
    shown = await visitor.get(f"/health/accounts/{account.id}")
    assert (shown["condition"], shown["breaker"]) == (None, None)
    await visitor.get("/health/accounts/none", expect=404)
