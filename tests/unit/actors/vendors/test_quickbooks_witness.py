from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from actors.errors import RejectedError, TransientError
from store.models import Tombstone
from support.scripted_quickbooks import (
    TIME,
    Answer,
    ScriptedQuickBooks,
    fault_answer,
    json_answer,
    query_answer,
    row,
)

ENDED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GONE = fault_answer(400, "610", kind="ValidationFault")


def claim(object_id: str, object_type: str = "Invoice") -> Tombstone:
    return Tombstone(object_type, object_id, ENDED)


def unseen(object_id: str) -> Tombstone:
    return Tombstone("Invoice", object_id, None)


def there(object_id: str) -> httpx.Response:
    return json_answer(f'{{"Invoice":{row(object_id)}}}')


def read_ids(vendor: ScriptedQuickBooks) -> list[str]:
    paths = [request.url.path for request in vendor.requests]
    return [path.rsplit("/", 1)[1] for path in paths if not path.endswith(("/query", "/batch"))]


async def test_of_many_claims_those_that_are_found_are_alive() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", [row("2", name="as it is now")]), GONE)
    witness = await vendor.vendor.confirm_gone(vendor.session, [claim("1"), claim("2"), claim("3")])
    assert list(witness.gone) == [claim("1"), claim("3")]
    assert [record.object_id for record in witness.alive] == ["2"]
    assert b"as it is now" in witness.alive[0].payload
    assert vendor.permits == ["query", "read"]


async def test_inactive_rows_are_alive() -> None:
    vendor = ScriptedQuickBooks(query_answer("Customer", [row("1"), row("2")]))
    claims = [claim("1", "Customer"), claim("2", "Customer")]
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert "Active IN (true,false)" in vendor.statements[0]
    assert witness.gone == []


async def test_a_single_claim_is_read_by_its_id() -> None:
    vendor = ScriptedQuickBooks(GONE)
    witness = await vendor.vendor.confirm_gone(vendor.session, [claim("979")])
    assert (list(witness.gone), list(witness.alive)) == ([claim("979")], [])
    assert vendor.requests[0].url.path.endswith("/invoice/979")


async def test_a_single_claim_that_is_still_there_is_alive() -> None:
    vendor = ScriptedQuickBooks(json_answer(f'{{"Invoice":{row("979")}}}'))
    witness = await vendor.vendor.confirm_gone(vendor.session, [claim("979")])
    assert [record.object_id for record in witness.alive] == ["979"]
    assert witness.gone == []


async def test_an_empty_answer_is_believed_only_when_a_read_says_gone_too() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", []), GONE)
    witness = await vendor.vendor.confirm_gone(vendor.session, [claim("1"), claim("2")])
    assert list(witness.gone) == [claim("1"), claim("2")]


@pytest.mark.parametrize("listed", [[], [row("9")]])
async def test_a_query_that_a_read_denies_is_not_believed_about_any_of_its_batch(
    listed: list[str],
) -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", listed), there("1"), GONE, there("3"), GONE)
    claims = [claim(each) for each in ("1", "2", "3", "4", "9")][: 4 + len(listed)]
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert list(witness.gone) == [claim("2"), claim("4")]
    assert sorted(each.object_id for each in witness.alive) == ["1", "3", "9"][: 2 + len(listed)]
    assert vendor.permits == ["query", "read", "read", "read", "read"]


@pytest.mark.parametrize("listed", [[], [row("9")]])
async def test_a_read_that_fails_means_nothing_is_gone(listed: list[str]) -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", listed), httpx.ReadError("reset"))
    with pytest.raises(TransientError):
        await vendor.vendor.confirm_gone(vendor.session, [claim("1"), claim("9")])


async def test_each_claim_of_a_comparison_is_read_by_its_id() -> None:
    claims = [unseen(str(n)) for n in range(20)]
    vendor = ScriptedQuickBooks(query_answer("Invoice", []), *[GONE] * 20)
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert list(witness.gone) == claims
    assert read_ids(vendor) == [str(n) for n in range(20)]


async def test_of_many_claims_of_a_comparison_a_spread_sample_is_read() -> None:
    claims = [unseen(f"{n:03}") for n in range(200)]
    vendor = ScriptedQuickBooks(batched(rows("Invoice"), rows("Invoice")), *[GONE] * 20)
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert list(witness.gone) == claims
    assert read_ids(vendor) == [f"{n:03}" for n in range(0, 200, 10)]


async def test_rows_that_an_index_hides_from_scan_and_query_stay() -> None:
    claims = [unseen(f"{n:03}") for n in range(100)]
    answers = [there(f"{n:03}") for n in range(0, 100, 5)]
    rest = [GONE if n % 2 else there(f"{n:03}") for n in range(100) if n % 5]
    vendor = ScriptedQuickBooks(query_answer("Invoice", []), *answers, *rest)
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert {each.object_id for each in witness.gone} == {
        f"{n:03}" for n in range(100) if n % 5 and n % 2
    }
    assert len(witness.alive) + len(witness.gone) == 100


async def test_many_claims_are_asked_for_in_parts() -> None:
    claims = [claim(str(n)) for n in range(250)]
    listed = batched(*(rows("Invoice", str(n)) for n in (0, 100, 200)))
    vendor = ScriptedQuickBooks(listed, *[GONE] * 3)
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert len(witness.gone) == 247
    items = msgspec.json.decode(vendor.requests[0].content)["BatchItemRequest"]
    assert [each["Query"].count("'") for each in items] == [200, 200, 100]
    assert vendor.items[0] == 3


async def test_claims_of_several_types_are_asked_for_apart() -> None:
    vendor = ScriptedQuickBooks(GONE, GONE)
    claims = [claim("1", "Invoice"), claim("1", "Bill")]
    witness = await vendor.vendor.confirm_gone(vendor.session, claims)
    assert sorted(each.object_type for each in witness.gone) == ["Bill", "Invoice"]
    assert sorted(request.url.path.split("/")[-2] for request in vendor.requests) == [
        "bill",
        "invoice",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        json_answer("<html>We'll be back soon</html>"),
        query_answer("Invoice", [row("77")]),
        query_answer("Invoice", [row("1", sparse=True)]),
        fault_answer(200, "10000", kind="SystemFault"),
        fault_answer(400, "500", "Unsupported Operation"),
        httpx.ReadError("reset"),
    ],
)
async def test_an_answer_that_cannot_be_trusted_means_nothing_is_gone(answer: Answer) -> None:
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(TransientError):
        await vendor.vendor.confirm_gone(vendor.session, [claim("1"), claim("2")])


@pytest.mark.parametrize("answer", [fault_answer(404, "", kind="ValidationFault")])
async def test_only_the_vendors_own_code_says_that_an_object_is_gone(answer: Answer) -> None:
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(RejectedError):
        await vendor.vendor.confirm_gone(vendor.session, [claim("1")])


async def test_the_company_itself_is_read_under_its_own_id() -> None:
    vendor = ScriptedQuickBooks(json_answer(f'{{"CompanyInfo":{row("1")}}}'))
    record = await vendor.vendor.read(vendor.session, "CompanyInfo", "1")
    assert record is not None
    assert record.object_id == "1"
    assert vendor.requests[0].url.path.endswith(
        f"/companyinfo/{vendor.session.external_account_id}"
    )


def batched(*answers: str) -> httpx.Response:
    items = [answer.replace("{", f'{{"bId":"{n}",', 1) for n, answer in enumerate(answers)]
    return json_answer(f'{{"BatchItemResponse":[{",".join(items)}],{TIME}}}')


def rows(object_type: str, *ids: str) -> str:
    return f'{{"QueryResponse":{{"{object_type}":[{",".join(map(row, ids))}]}}}}'


CLAIMS = [claim("1"), claim("2"), claim("3", "Bill"), claim("4", "Bill")]
FAULT = '{"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}'


async def test_claims_of_several_types_are_asked_for_by_one_call() -> None:
    # The types come in the order of their names.
    vendor = ScriptedQuickBooks(batched(rows("Bill", "4"), rows("Invoice")), GONE, GONE)
    witness = await vendor.vendor.confirm_gone(vendor.session, CLAIMS)
    assert {each.object_id for each in witness.gone} == {"1", "2", "3"}
    assert [each.object_id for each in witness.alive] == ["4"]
    assert vendor.permits == ["batch_read", "read", "read"]


@pytest.mark.parametrize("bad", [FAULT, rows("Invoice", "9"), '{"Invoice":[]}'])
async def test_claims_whose_query_went_wrong_in_a_batch_are_asked_for_again(bad: str) -> None:
    vendor = ScriptedQuickBooks(
        batched(rows("Bill", "3", "4"), bad), query_answer("Invoice", [row("1")]), GONE
    )
    witness = await vendor.vendor.confirm_gone(vendor.session, CLAIMS)
    assert [each.object_id for each in witness.gone] == ["2"]
    assert vendor.permits == ["batch_read", "query", "read"]


async def test_a_batch_that_fails_leaves_single_queries() -> None:
    vendor = ScriptedQuickBooks(
        fault_answer(400, "2010", kind="ValidationFault"),
        query_answer("Bill", [row("3"), row("4")]),
        query_answer("Invoice", [row("1"), row("2")]),
    )
    witness = await vendor.vendor.confirm_gone(vendor.session, CLAIMS)
    assert witness.gone == []
    assert vendor.permits == ["batch_read", "query", "query"]


async def test_a_batch_that_is_throttled_means_nothing_is_gone() -> None:
    vendor = ScriptedQuickBooks(fault_answer(429, "3001"))
    with pytest.raises(TransientError):
        await vendor.vendor.confirm_gone(vendor.session, CLAIMS)
    assert vendor.permits == ["batch_read"]
