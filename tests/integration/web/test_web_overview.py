"""The overview: the daemon on one screen."""

from actors.events import OwnerNeeded
from support.web_house import Visitor, WebHouse, instant


async def test_the_worst_come_first_and_those_that_are_well_last(
    web: WebHouse, visitor: Visitor
) -> None:
    live, paused, owner = [await web.live() for _ in range(3)]
    await visitor.post(f"/integrations/{paused.id}/pause")
    claimed = await web.store.claim(owner.id)
    await web.store.require_reauthorization(
        owner.id, claimed.account.epoch, "the token is dead", web.clock.now().utc
    )
    web.metrics.listen(OwnerNeeded(owner.id, "quickbooks", "the token is dead"))
    shown = await visitor.get("/health/overview")
    assert [each["id"] for each in shown["accounts"]] == [owner.id, paused.id, live.id]
    assert shown["accounts"][0]["reasons"] == ["the token is dead"]
    assert shown["states"]["live"] == 1
    assert instant(shown["accounts"][2]["exact_as_of"]) <= instant(shown["at"])
    assert (await visitor.get("/health/overview?limit=1"))["accounts"] == shown["accounts"][:1]
    await visitor.get("/health/overview?limit=501", expect=422)


async def test_it_shows_the_months_reads_and_who_is_furthest_behind(
    web: WebHouse, visitor: Visitor
) -> None:
    accounts = [await web.live() for _ in range(2)]
    shown = await visitor.get("/health/overview")
    reads = shown["reads"]["quickbooks"]
    assert reads["allowance"] == 500_000
    assert reads["used"] == web.reads.state().used > 0
    stored = [(await web.store.account(each.id)).exact_as_of for each in accounts]
    assert instant(shown["oldest_exact_as_of"]) == min(each for each in stored if each is not None)
    assert shown["trouble"] == []


async def test_without_accounts_there_is_nothing_to_be_behind(visitor: Visitor) -> None:
    shown = await visitor.get("/health/overview")
    assert (shown["accounts"], shown["oldest_exact_as_of"]) == ([], None)
    assert shown["version"]
