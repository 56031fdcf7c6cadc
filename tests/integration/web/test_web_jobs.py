"""Jobs over HTTP: entered once, offered to every other company, tried again and called off by hand."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from daemon.sandbox.servicetitan import FaultKind
from support.dispatch_house import PROVIDER, DispatchHouse, Json, dispatching, statuses
from support.titan_house import with_servicetitan
from support.web_house import Visitor, WebHouse


@pytest.fixture
async def house(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    async with dispatching(web) as opened:
        yield opened


def writes(house: DispatchHouse, account: Json) -> list[Any]:
    """Return what a tenant's sandbox took from others."""
    return house.titan.sandbox.tenants[account["external_account_id"]].writes


def paths(reply: Json) -> set[str]:
    return {error["path"] for error in reply["errors"]}


async def test_a_job_is_offered_to_every_other_active_company(
    house: DispatchHouse, visitor: Visitor
) -> None:
    booked = await house.tenant(booking_provider=PROVIDER)
    led = await house.tenant(campaign_id=7)
    other = await house.business()
    resting = await house.tenant(campaign_id=7)
    await visitor.call(
        "PATCH", f"/integrations/{resting['id']}", json={"routing": {"active": False}}
    )
    gone = await house.tenant(campaign_id=7)
    await visitor.delete(f"/integrations/{gone['id']}")
    entered = await house.entered()
    assert entered["status"] == "routing"
    offered = {routing["account_id"] for routing in entered["routings"]}
    assert offered == {booked["id"], led["id"], other["id"]}
    job = await house.delivered(entered["id"])
    assert statuses(job) == {"synced"}
    made = {routing["account_id"]: routing["external_type"] for routing in job["routings"]}
    assert made == {booked["id"]: "bookings", led["id"]: "leads", other["id"]: "leads"}
    assert len(writes(house, booked)) == len(writes(house, led)) == 1
    assert len(house.housecall.businesses[other["external_account_id"]].writes) == 1
    (way, *_) = job["routings"]
    assert [step["status"] for step in way["history"]] == ["pending", "sending", "synced"]
    assert await visitor.get(f"/routings/{way['id']}") == way


async def test_what_was_entered_is_shown_in_one_form(
    house: DispatchHouse, visitor: Visitor
) -> None:
    address = {"street": " 1  Main St", "city": "Springfield", "state": "illinois", "zip": "62701"}
    entered = await house.entered(address=address, idempotency_key="k")
    assert entered["address"] == {
        "street": "1 Main St",
        "unit": "",
        "city": "Springfield",
        "state": "IL",
        "zip": "62701",
        "country": "US",
    }
    assert entered["revenue"] == "850.00"
    assert entered["created_by"] == house.job()["created_by"]
    assert (entered["idempotency_key"], entered["archived_at"]) == ("k", None)
    assert await visitor.get(f"/jobs/{entered['id']}") == entered


async def test_the_same_key_is_the_same_job(house: DispatchHouse, visitor: Visitor) -> None:
    company = await house.tenant(campaign_id=7)
    first = await house.entered(idempotency_key="visit-1")
    again = await visitor.post("/jobs", house.job(idempotency_key="visit-1"))
    assert again["id"] == first["id"]
    assert [each["id"] for each in again["routings"]] == [each["id"] for each in first["routings"]]
    other = house.job(idempotency_key="visit-1", summary="Something else")
    refused = await visitor.post("/jobs", other, expect=409)
    assert first["id"] in refused["detail"]
    await house.delivered(first["id"])
    assert len(writes(house, company)) == 1


async def test_a_known_key_answers_whatever_became_of_the_technician(
    house: DispatchHouse, visitor: Visitor
) -> None:
    first = await house.entered(idempotency_key="visit-1")
    tenant = house.titan.sandbox.tenants[house.origin["external_account_id"]]
    tenant.change("technicians", int(house.technician_id), house.titan.sandbox.now(), active=False)
    house.titan.sandbox.settle()
    at = f"/integrations/{house.origin['id']}"
    await visitor.post(f"{at}/sync", {}, expect=202)
    technician = f"{at}/objects/technicians/{house.technician_id}"
    with anyio.fail_after(10):
        while (await visitor.get(technician))["payload"]["active"]:  # noqa: ASYNC110
            await anyio.sleep(0.02)
    refused = await visitor.post("/jobs", house.job(summary="Another"), expect=422)
    assert paths(refused) == {"created_by.technician_id"}
    again = await visitor.post("/jobs", house.job(idempotency_key="visit-1"))
    assert again["id"] == first["id"]


async def test_without_a_key_the_same_job_within_a_day_is_refused(
    house: DispatchHouse, visitor: Visitor
) -> None:
    first = await house.entered()
    # Nobody was there to offer it to: it is over, and may be entered again.
    assert (first["status"], first["routings"]) == ("canceled", [])
    await house.tenant(campaign_id=7)
    second = await house.entered()
    same = house.job(summary="  replace the WATER heater ")
    refused = await visitor.post("/jobs", same, expect=409)
    assert refused["type"].endswith("duplicate-job")
    assert second["id"] in refused["detail"]
    third = await house.entered(allow_duplicate=True)
    assert third["id"] != second["id"]


async def test_technicians_that_are_not_replicated_are_told_with_what_to_configure(
    web: WebHouse, visitor: Visitor
) -> None:
    async with with_servicetitan(web) as titan:
        keys = titan.keys(titan.sandbox.add_tenant(sizes={"technicians": 1}))
        account = await visitor.post("/auth/servicetitan/connect", keys, expect=201)
        created_by = {"account_id": account["id"], "technician_id": "1"}
        body = {"created_by": created_by, "summary": "Leak", "homeowner": {}, "address": {}}
        refused = await visitor.post("/jobs", body, expect=422)
    found = {error["path"]: error["found"] for error in refused["errors"]}
    assert "vendors.servicetitan.object_types" in found["created_by.technician_id"]


async def test_a_job_outlives_the_company_that_entered_it(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant()
    entered = await house.entered()
    await visitor.delete(f"/integrations/{house.origin['id']}?purge=true")
    at = f"/integrations/{company['id']}"
    await visitor.call("PATCH", at, json={"routing": {"campaign_id": 7}})
    (way,) = entered["routings"]
    await visitor.post(f"/routings/{way['id']}/retry", expect=202)
    assert statuses(await house.delivered(entered["id"])) == {"synced"}
    (write,) = writes(house, company)
    assert b"a company that is not connected any more" in write.body


async def test_a_company_that_cannot_be_offered_says_why_and_can_be_tried_again(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant()
    entered = await house.entered()
    (way,) = entered["routings"]
    assert (entered["status"], way["status"], way["action_id"]) == ("failed", "failed", None)
    assert "booking_provider" in way["last_error"]
    retry = f"/routings/{way['id']}/retry"
    refused = await visitor.post(retry, expect=409)
    assert refused["type"].endswith("cannot-offer")
    at = f"/integrations/{company['id']}"
    await visitor.call("PATCH", at, json={"routing": {"booking_provider": PROVIDER}})
    tried = await visitor.post(retry, expect=202)
    assert tried["status"] in {"pending", "sending", "synced"}
    job = await house.delivered(entered["id"])
    assert statuses(job) == {"synced"}
    assert len(writes(house, company)) == 1
    again = await visitor.post(retry, expect=409)
    assert again["type"].endswith("nothing-to-retry")


async def test_an_address_that_the_vendor_would_not_take_is_no_dead_end(
    house: DispatchHouse, visitor: Visitor
) -> None:
    await house.tenant(booking_provider=PROVIDER)
    address = {"street": "Torstr. 1", "city": "Berlin", "zip": "10119", "country": "de"}
    (way,) = (await house.entered(address=address))["routings"]
    assert way["status"] == "failed"
    assert "address.state" in way["last_error"]


async def test_what_failed_for_good_is_offered_again_as_the_company_is_set_up_now(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant(booking_provider="99")
    entered = await house.entered()
    job = await house.delivered(entered["id"])
    (way,) = job["routings"]
    assert (job["status"], way["status"], way["attempts"]) == ("failed", "failed", 1)
    at = f"/integrations/{company['id']}"
    await visitor.call("PATCH", at, json={"routing": {"booking_provider": PROVIDER}})
    await visitor.post(f"/routings/{way['id']}/retry", expect=202)
    (after,) = (await house.delivered(entered["id"]))["routings"]
    assert after["status"] == "synced"
    assert after["action_id"] != way["action_id"]
    assert len(writes(house, company)) == 1


async def test_who_takes_no_jobs_is_offered_none_by_hand(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant()
    (way,) = (await house.entered())["routings"]
    at = f"/integrations/{company['id']}"
    await visitor.call("PATCH", at, json={"routing": {"active": False, "campaign_id": 7}})
    retry = f"/routings/{way['id']}/retry"
    assert "routing.active" in (await visitor.post(retry, expect=409))["detail"]
    await visitor.post(f"{at}/pause")
    assert "paused" in (await visitor.post(retry, expect=409))["detail"]
    await visitor.delete(f"{at}?purge=true")
    assert "not connected" in (await visitor.post(retry, expect=409))["detail"]


async def test_a_paused_company_gets_its_job_when_it_goes_on(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant(campaign_id=7)
    at = f"/integrations/{company['id']}"
    await visitor.post(f"{at}/pause")
    entered = await house.entered()
    assert statuses(entered) == {"pending"}
    assert writes(house, company) == []
    await visitor.post(f"{at}/resume")
    assert statuses(await house.delivered(entered["id"])) == {"synced"}
    assert len(writes(house, company)) == 1


async def test_only_what_was_not_sent_is_called_off(house: DispatchHouse, visitor: Visitor) -> None:
    quick, resting = await house.tenant(campaign_id=7), await house.tenant(campaign_id=7)
    await visitor.post(f"/integrations/{resting['id']}/pause")
    entered = await house.entered()
    ways = {routing["account_id"]: routing["id"] for routing in entered["routings"]}

    def is_there(job: Json) -> bool:
        return "synced" in statuses(job)

    await house.until(entered["id"], is_there)
    done = await visitor.post(f"/jobs/{entered['id']}/cancel")
    assert done["called_off"] == [ways[resting["id"]]]
    (left,) = done["left"]
    assert (left["routing_id"], left["status"]) == (ways[quick["id"]], "synced")
    assert "only there" in left["reason"]
    assert done["job"]["status"] == "canceled"
    again = await visitor.post(f"/jobs/{entered['id']}/cancel")
    assert (again["called_off"], len(again["left"])) == ([], 1)
    await visitor.post(f"/integrations/{resting['id']}/resume")
    await visitor.post(f"/routings/{ways[resting['id']]}/retry", expect=409)
    assert writes(house, resting) == []


async def test_a_job_that_all_companies_have_cannot_be_called_off_here(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant(campaign_id=7)
    entered = await house.entered()
    assert statuses(await house.delivered(entered["id"])) == {"synced"}
    refused = await visitor.post(f"/jobs/{entered['id']}/cancel", expect=409)
    assert refused["type"].endswith("nothing-to-cancel")
    (reason,) = refused["reasons"]
    assert company["name"] in reason
    assert "synced" in reason
    assert (await visitor.get(f"/jobs/{entered['id']}"))["status"] == "routing"


async def test_what_may_have_arrived_is_looked_for_before_it_is_sent_again(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant(campaign_id=7)
    faults, leads = house.titan.sandbox.faults, f"/{company['external_account_id']}/leads"
    faults.add(FaultKind.RESET, leads, 1, method="POST", takes_effect=True)
    faults.add(FaultKind.EMPTY_503, leads, 1, method="GET")
    entered = await house.entered()

    def is_unsure(job: Json) -> bool:
        return not faults.waiting and bool(job["routings"][0]["last_error"])

    (way,) = (await house.until(entered["id"], is_unsure))["routings"]
    assert way["status"] == "sending"
    await visitor.post(f"/routings/{way['id']}/retry", expect=202)
    assert statuses(await house.delivered(entered["id"])) == {"synced"}
    assert len(writes(house, company)) == 1


async def test_jobs_are_listed_newest_first_and_chosen(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant(campaign_id=7)
    jobs = [await house.entered(summary=f"Job {number}") for number in range(3)]
    for job in jobs:
        await house.delivered(job["id"])
    first = await visitor.get("/jobs?limit=2")
    rest = await visitor.get(f"/jobs?limit=2&cursor={first['next']}")
    found = [*first["items"], *rest["items"]]
    assert [job["id"] for job in found] == [job["id"] for job in reversed(jobs)]
    assert rest["next"] is None
    assert "history" not in found[0]["routings"][0]
    for query, count in [
        (f"company={company['id']}", 3),
        (f"account={house.origin['id']}", 3),
        ("account=nobody", 0),
        ("status=routing", 3),
        ("status=failed", 0),
        (f"since={jobs[1]['created_at']}", 2),
        ("archived=true", 0),
    ]:
        assert len((await visitor.get(f"/jobs?{query}"))["items"]) == count, query
    await visitor.call("GET", "/jobs?account=a&company=b", expect=422)
    await visitor.call("GET", "/jobs?status=lost", expect=422)


@pytest.mark.parametrize("nothing", ["nothing", "%00", "%F0%9F%94%A7", "a%20b"])
async def test_what_there_is_not_is_not_found(visitor: Visitor, nothing: str) -> None:
    await visitor.call("GET", f"/jobs/{nothing}", expect=404)
    await visitor.post(f"/jobs/{nothing}/cancel", expect=404)
    await visitor.call("GET", f"/routings/{nothing}", expect=404)
    await visitor.post(f"/routings/{nothing}/retry", expect=404)
    assert (await visitor.get(f"/jobs?account={nothing}"))["items"] == []


async def test_text_that_is_no_text_is_stored_as_one(
    house: DispatchHouse, visitor: Visitor
) -> None:
    await house.business()
    homeowner = {"name": "Ada\0 \u202ePark", "phone": "+1 555 0100\n", "email": ""}
    entered = await house.entered(
        homeowner=homeowner, summary="\0Leak\r\n\t in the cellar\0", idempotency_key="k\0"
    )
    assert entered["homeowner"]["name"] == "Ada \u202ePark"
    assert entered["summary"] == "Leak\nin the cellar"
    assert statuses(await house.delivered(entered["id"])) == {"synced"}
    created_by = {"account_id": "\0", "technician_id": "\0"}
    refused = await visitor.post("/jobs", house.job(created_by=created_by), expect=422)
    assert paths(refused) == {"created_by.account_id", "created_by.technician_id"}


async def test_who_did_what_with_a_job_is_written_down(
    house: DispatchHouse, visitor: Visitor
) -> None:
    entered = await house.entered()
    await visitor.post(f"/jobs/{entered['id']}/cancel")
    await house.web.watching.audit.write()
    audit = (await visitor.get("/audit"))["items"]
    told = {(each["what"], each["account_id"], each["subject"]) for each in audit}
    origin = house.origin["id"]
    assert {
        ("job_created", origin, entered["id"]),
        ("job_cancelled", origin, entered["id"]),
    } <= told


async def test_all_that_failed_at_a_company_is_tried_again(
    house: DispatchHouse, visitor: Visitor
) -> None:
    company = await house.tenant()
    entered = [await house.entered(summary=f"Leak {number}") for number in range(3)]
    retry = f"/integrations/{company['id']}/routings/retry"
    refused = await visitor.post(retry, expect=202)
    assert (refused["retried"], len(refused["left"]), refused["next"]) == ([], 3, None)
    assert "campaign" in refused["left"][0]["reason"]
    await visitor.call(
        "PATCH", f"/integrations/{company['id']}", json={"routing": {"campaign_id": 7}}
    )
    failed = (await visitor.get("/jobs?routing_status=failed"))["items"]
    assert {each["id"] for each in failed} == {each["id"] for each in entered}
    done = await visitor.post(retry, expect=202)
    assert len(done["retried"]) == 3
    for job in entered:
        assert statuses(await house.delivered(job["id"])) == {"synced"}
    assert (await visitor.post(retry, expect=202))["retried"] == []
    assert len(writes(house, company)) == 3
    found = await visitor.get(f"/ids?of=job&prefix={entered[0]['id'][:20]}")
    assert found == {"items": [entered[0]["id"]], "more": False}
