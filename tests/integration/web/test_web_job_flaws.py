"""What is wrong with a job that is entered over HTTP: all of it, at once, and in words."""

from collections.abc import AsyncIterator

import pytest

from support.dispatch_house import DispatchHouse, Json, dispatching
from support.web_house import Visitor, WebHouse


@pytest.fixture
async def house(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    async with dispatching(web) as opened:
        yield opened


def paths(reply: Json) -> set[str]:
    return {error["path"] for error in reply["errors"]}


async def test_everything_that_is_wrong_is_said_at_once(
    house: DispatchHouse, visitor: Visitor
) -> None:
    body = {
        "created_by": {"account_id": house.origin["id"], "technician_id": "999"},
        "summary": " ",
        "homeowner": {"name": "", "phone": "12"},
        "address": {"state": "Ilinois"},
        "revenue": "1,5",
    }
    refused = await visitor.post("/jobs", body, expect=422)
    assert paths(refused) == {
        "created_by.technician_id",
        "summary",
        "homeowner.name",
        "homeowner.phone",
        "address.street",
        "address.city",
        "address.state",
        "address.zip",
        "revenue",
    }
    assert (await visitor.get("/jobs"))["items"] == []


async def test_of_an_empty_body_all_is_told_that_is_missing(
    house: DispatchHouse, visitor: Visitor
) -> None:
    refused = await visitor.post("/jobs", {}, expect=422)
    assert paths(refused) == {
        "created_by.account_id",
        "created_by.technician_id",
        "summary",
        "homeowner.name",
        "homeowner.phone",
        "address.street",
        "address.city",
        "address.state",
        "address.zip",
    }


async def test_a_wrong_amount_is_told_in_words(house: DispatchHouse, visitor: Visitor) -> None:
    refused = await visitor.post("/jobs", house.job(revenue="$1,000"), expect=422)
    assert refused["errors"] == [
        {
            "path": "revenue",
            "expected": "an exact amount as text, such as 850.00",
            "found": "'$1,000'",
        }
    ]


async def test_the_description_says_what_a_job_needs(visitor: Visitor) -> None:
    described = await visitor.get("/openapi.json")
    job = described["components"]["schemas"]["JobRequest"]
    assert job["required"] == ["created_by", "summary", "homeowner", "address"]


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("revenue", "8,50", "revenue"),
        ("revenue", 8.5, "revenue"),
        ("revenue", "-1", "revenue"),
        ("summary", "x" * 4001, "summary"),
        ("homeowner", {"name": "A", "phon": "1"}, "homeowner.phon"),
        ("address", [], "address"),
        ("created_by", {"account_id": "x" * 201}, "created_by.account_id"),
        ("price", "1", "price"),
    ],
)
async def test_a_body_of_another_form_is_refused(
    house: DispatchHouse, visitor: Visitor, member: str, value: object, path: str
) -> None:
    refused = await visitor.post("/jobs", house.job(**{member: value}), expect=422)
    assert paths(refused) == {path}


async def test_who_enters_a_job_must_be_an_active_company_with_technicians(
    house: DispatchHouse, visitor: Visitor
) -> None:
    books = await house.web.connected()
    business = await house.business()
    at = f"/integrations/{business['id']}"
    await visitor.call("PATCH", at, json={"routing": {"active": False}})
    gone = await house.tenant()
    await visitor.delete(f"/integrations/{gone['id']}")
    for account_id, found in [
        ("nobody", "'nobody'"),
        (books.id, "one of quickbooks, which has no technicians"),
        (gone["id"], "one that is disconnected"),
        (business["id"], "one that takes no part in routing (routing.active is false)"),
    ]:
        created_by = {"account_id": account_id, "technician_id": house.technician_id}
        refused = await visitor.post("/jobs", house.job(created_by=created_by), expect=422)
        by_path = {error["path"]: error["found"] for error in refused["errors"]}
        assert by_path["created_by.account_id"] == found
