"""What a person sets of an account: its name, and how jobs are routed to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.dispatch_house import DispatchHouse, dispatching
from support.web_house import Visitor, WebHouse


@pytest.fixture
async def house(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    async with dispatching(web) as opened:
        yield opened


async def patch(
    visitor: Visitor, account: dict[str, Any], body: object, expect: int = 200
) -> dict[str, Any]:
    reply = await visitor.call("PATCH", f"/integrations/{account['id']}", json=body, expect=expect)
    found: dict[str, Any] = reply.json()
    return found


NOTHING_SET = {
    "active": True,
    "booking_provider": None,
    "campaign_id": None,
    "business_unit_id": None,
}


async def test_a_company_of_which_nothing_was_set_is_active(
    house: DispatchHouse, visitor: Visitor
) -> None:
    at = f"/integrations/{house.origin['id']}"
    assert (await visitor.get(at))["routing"] == NOTHING_SET
    assert (await visitor.get(f"{at}/status"))["routing"] == NOTHING_SET
    (listed,) = (await visitor.get("/integrations"))["items"]
    assert listed["routing"] == NOTHING_SET


async def test_only_what_is_named_is_changed(house: DispatchHouse, visitor: Visitor) -> None:
    company = await house.tenant(booking_provider="11", business_unit_id=5)
    changed = await patch(visitor, company, {"name": " Park  Plumbing ", "routing": {}})
    assert changed["name"] == "Park Plumbing"
    options = {"booking_provider": None, "campaign_id": 12}
    changed = await patch(visitor, company, {"routing": {"active": False, **options}})
    expected = NOTHING_SET | {"active": False, "campaign_id": 12, "business_unit_id": 5}
    assert changed["routing"] == expected
    shown = await visitor.get(f"/integrations/{company['id']}")
    assert (shown["name"], shown["routing"]) == ("Park Plumbing", expected)
    assert (await patch(visitor, company, {}))["routing"] == expected


async def test_each_vendor_has_options_of_its_own(house: DispatchHouse, visitor: Visitor) -> None:
    business = await house.business()
    changed = await patch(visitor, business, {"routing": {"lead_source": "Partners"}})
    assert changed["routing"] == {"active": True, "lead_source": "Partners"}
    refused = await patch(visitor, business, {"routing": {"campaign_id": 1}}, 422)
    assert [error["path"] for error in refused["errors"]] == ["routing.campaign_id"]


async def test_everything_that_is_wrong_is_said_at_once(
    house: DispatchHouse, visitor: Visitor
) -> None:
    routing = {"active": "yes", "campaign_id": "12", "business_unit_id": 0, "color": "red"}
    refused = await patch(visitor, house.origin, {"routing": routing}, 422)
    found = {error["path"]: error["found"] for error in refused["errors"]}
    assert found == {
        "routing.active": "'yes'",
        "routing.campaign_id": "'12'",
        "routing.business_unit_id": "the number 0",
        "routing.color": "an unknown setting",
    }
    shown = await visitor.get(f"/integrations/{house.origin['id']}")
    assert shown["routing"] == NOTHING_SET


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, 7])
async def test_a_name_that_is_none_is_refused(
    web: WebHouse, visitor: Visitor, name: object
) -> None:
    account = await web.connected()
    refused = await patch(visitor, {"id": account.id}, {"name": name}, 422)
    assert [error["path"] for error in refused["errors"]] == ["name"]


async def test_no_jobs_are_routed_to_books(web: WebHouse, visitor: Visitor) -> None:
    account = await web.connected()
    books = {"id": account.id}
    assert (await visitor.get(f"/integrations/{account.id}"))["routing"] is None
    refused = await patch(visitor, books, {"routing": {"active": True}}, 422)
    assert "no jobs are offered to companies of quickbooks" in refused["detail"]
    assert (await patch(visitor, books, {"name": "The books"}))["name"] == "The books"


async def test_what_there_is_not_is_not_found(visitor: Visitor) -> None:
    await patch(visitor, {"id": "nobody"}, {"name": "A"}, 404)


async def test_options_come_with_the_keys_and_stay_when_they_are_not_named(
    house: DispatchHouse, visitor: Visitor
) -> None:
    tenant_id = house.titan.sandbox.add_tenant(sizes={"technicians": 1})
    keys = house.titan.keys(tenant_id)
    connect = "/auth/servicetitan/connect"
    first = {**keys, "booking_provider": "11", "campaign_id": 12, "business_unit_id": 3}
    account = await visitor.post(connect, first, expect=201)
    at = f"/integrations/{account['id']}"
    assert (await visitor.get(at))["routing"] == {
        "active": True,
        "booking_provider": "11",
        "campaign_id": 12,
        "business_unit_id": 3,
    }
    await patch(visitor, account, {"routing": {"active": False}})
    await visitor.post(connect, {**keys, "campaign_id": 13}, expect=200)
    assert (await visitor.get(at))["routing"] == {
        "active": False,
        "booking_provider": "11",
        "campaign_id": 13,
        "business_unit_id": 3,
    }
    refused = await visitor.post(connect, {**keys, "campaign_id": "13"}, expect=422)
    assert [error["path"] for error in refused["errors"]] == ["campaign_id"]


async def test_a_change_of_settings_is_written_down(web: WebHouse, visitor: Visitor) -> None:
    account = await web.connected()
    await patch(visitor, {"id": account.id}, {"name": "The books"})
    await patch(visitor, {"id": account.id}, {})
    await web.watching.audit.write()
    audit = (await visitor.get("/audit"))["items"]
    told = [(each["what"], each["account_id"]) for each in audit]
    assert told.count(("account_configured", account.id)) == 1


@pytest.mark.parametrize("option", ["campaign_id", "business_unit_id"])
async def test_a_number_that_no_vendor_has_is_refused(
    house: DispatchHouse, visitor: Visitor, option: str
) -> None:
    refused = await patch(visitor, house.origin, {"routing": {option: 2**63}}, 422)
    assert [error["path"] for error in refused["errors"]] == [f"routing.{option}"]
    assert (await patch(visitor, house.origin, {"routing": {option: 2**63 - 1}}))["routing"]


async def test_types_that_are_missing_for_routed_work_are_named_when_it_is_set(
    house: DispatchHouse, visitor: Visitor
) -> None:
    business = await house.business()
    told = await patch(visitor, house.origin, {"routing": {"active": True}})
    assert "without invoices it is not seen" in told["routing_advice"]
    assert "vendors.servicetitan.object_types" in told["routing_advice"]
    assert (await patch(visitor, business, {"routing": {}}))["routing_advice"] is None
    assert "routing_advice" not in await patch(visitor, business, {"name": "Park"})
