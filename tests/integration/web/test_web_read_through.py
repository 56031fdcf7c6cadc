"""Reads that say how old their answer may be: looked at first, shared, and honest when that can't be."""

from typing import Any

import anyio
import pytest

from actors.errors import AllowanceUsedUpError
from actors.events import PageStored, ReadThroughEnded
from actors.vendors.base import Priority
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.models import Account
from support.web_house import Visitor, WebHouse

READS = frozenset({Route.CDC, Route.QUERY})


def customers(account: Account, max_age: float | None = None) -> str:
    asked = "" if max_age is None else f"&max_age={max_age}"
    return f"/integrations/{account.id}/objects/Customer?limit=500{asked}"


def rename(web: WebHouse, account: Account, name: str) -> str:
    """Change a customer at the vendor; return its id."""
    realm = account.external_account_id
    customer = min(web.sandbox.truth(realm)["Customer"], key=int)
    web.sandbox.update(realm, "Customer", customer, {"Notes": name})
    return customer


def looks(web: WebHouse, account: Account) -> int:
    return sum(
        isinstance(event, PageStored) and event.account_id == account.id and event.look == "feed"
        for event in web.heard
    )


def notes(page: Any) -> dict[str, str]:  # noqa: ANN401 - decoded JSON
    return {each["object_id"]: each["payload"].get("Notes", "") for each in page["items"]}


async def test_what_was_changed_a_moment_ago_is_read_when_the_reader_asks_for_it(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    customer = rename(web, account, "new")
    assert notes(await visitor.get(customers(account)))[customer] != "new"
    page = await visitor.get(customers(account, 0))
    assert notes(page)[customer] == "new"
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (False, None)


async def test_one_object_is_read_through_too_also_one_that_was_not_there(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    made = web.sandbox.create(account.external_account_id, "Customer", {"DisplayName": "Ada"})
    path = f"/integrations/{account.id}/objects/Customer/{made['Id']}"
    await visitor.get(path, expect=404)
    found = await visitor.get(f"{path}?max_age=0")
    assert found["payload"]["DisplayName"] == "Ada"


async def test_who_is_content_with_the_last_look_costs_no_call(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    before = looks(web, account)
    for _ in range(5):
        page = await visitor.get(customers(account, 60))
        assert not page["freshness"]["stale"]
    assert looks(web, account) == before


async def test_accounts_are_looked_at_beside_each_other(web: WebHouse, visitor: Visitor) -> None:
    accounts = [await web.live() for _ in range(3)]
    names = [rename(web, account, "new") for account in accounts]
    found = dict[str, Any]()

    async def one(account: Account) -> None:
        found[account.id] = await visitor.get(customers(account, 0))

    async with anyio.create_task_group() as readers:
        for account in accounts:
            readers.start_soon(one, account)
    for account, customer in zip(accounts, names, strict=True):
        assert notes(found[account.id])[customer] == "new"


@pytest.mark.parametrize("view", ["cash", "digest", "company", "bills-due", "payment-history"])
async def test_views_are_read_through(web: WebHouse, visitor: Visitor, view: str) -> None:
    account = await web.live()
    before = looks(web, account)
    shown = await visitor.get(f"/integrations/{account.id}/views/{view}?max_age=0")
    assert looks(web, account) == before + 1
    assert not shown["freshness"]["stale"]


async def test_a_vendor_that_is_down_is_not_waited_for_twice(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    web.sandbox.inject(Fault(FaultKind.HTML_503, READS))
    page = await visitor.get(customers(account, 0))
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (True, "vendor_failing")
    assert len(page["items"]) == 3
    with anyio.fail_after(1):
        page = await visitor.get(customers(account, 0))
    assert page["freshness"]["stale"]


async def test_a_paused_account_is_shown_as_it_is(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.post(f"/integrations/{account.id}/pause")
    page = await visitor.get(customers(account, 0))
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (True, "paused")


async def test_an_account_whose_first_reading_is_under_way_is_shown_as_it_is(
    web: WebHouse, visitor: Visitor
) -> None:
    web.sandbox.inject(Fault(FaultKind.HANG, READS, delay_s=2.0))
    account = await web.connected()
    page = await visitor.get(customers(account, 0))
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (True, "backfilling")


async def test_an_account_that_needs_its_owner_is_shown_as_it_is(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    await visitor.delete(f"/integrations/{account.id}")
    page = await visitor.get(customers(account, 0))
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (True, "disconnected")


async def test_reads_that_are_used_up_are_said_at_once(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    ticket = await web.reads.admit(account.id, "query", Priority.POLL)
    assert ticket is not None
    web.reads.ended(ticket, AllowanceUsedUpError("used up", retry_after_s=60.0, status=429))
    page = await visitor.get(customers(account, 0))
    assert (page["freshness"]["stale"], page["freshness"]["reason"]) == (True, "allowance_used_up")


async def test_metrics_count_what_became_of_such_reads(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.get(customers(account, 60))
    await visitor.get(customers(account, 0))
    await visitor.post(f"/integrations/{account.id}/pause")
    await visitor.get(customers(account, 0))
    ended = [event for event in web.heard if isinstance(event, ReadThroughEnded)]
    assert [str(event.outcome) for event in ended] == ["fresh", "looked", "stale"]
    text = (await visitor.call("GET", "/metrics", check=False)).text
    for line in (
        'syncline_read_throughs_total{outcome="fresh",reason="",vendor="quickbooks"} 1.0',
        'syncline_read_throughs_total{outcome="looked",reason="",vendor="quickbooks"} 1.0',
        'syncline_read_throughs_total{outcome="stale",reason="paused",vendor="quickbooks"} 1.0',
        'syncline_read_throughs_total{outcome="stale",reason="busy",vendor="quickbooks"} 0.0',
    ):
        assert line in text


@pytest.mark.parametrize("wrong", ["-1", "soon", "nan"])
async def test_an_age_that_is_none_is_refused(web: WebHouse, visitor: Visitor, wrong: str) -> None:
    account = await web.live()
    problem = await visitor.get(f"{customers(account)}&max_age={wrong}", expect=422)
    assert problem["errors"][0]["path"] == "max_age"
