"""Simulator points 32 and the sandbox's own promises: data, truth and repeatability."""

from datetime import timedelta
from decimal import Decimal
from statistics import median

import pytest

from daemon.sandbox.quickbooks import MutationKind, SandboxRequest
from daemon.sandbox.quickbooks.json_text import decode, decode_document, encode
from unit.daemon.sandbox.caller import NOON, Caller, Json, ok

# Recorded medians of compact JSON bytes, real sandbox objects of 2026.
MEDIAN_BYTES = {
    "Customer": 1048,
    "Vendor": 655,
    "Invoice": 1788,
    "Bill": 978,
    "Payment": 1327,
    "BillPayment": 501,
    "Account": 473,
    "Item": 423,
}


def documents(caller: Caller, entity: str) -> list[Json]:
    objects = caller.sandbox.truth(caller.realm)[entity]
    return [decode_document(body) for body in objects.values()]


@pytest.mark.parametrize("entity", MEDIAN_BYTES)
def test_objects_are_about_as_large_as_recorded(entity: str) -> None:
    caller = Caller()
    caller.realm = caller.sandbox.add_company(scale=5)
    sizes = [len(body) for body in caller.sandbox.truth(caller.realm)[entity].values()]
    assert median(sizes) == pytest.approx(MEDIAN_BYTES[entity], rel=0.2)


def test_the_company_is_as_large_as_asked_for() -> None:
    caller = Caller()
    caller.realm = caller.sandbox.add_company(sizes={"Invoice": 300, "Vendor": 3}, scale=2)
    counts = {name: len(rows) for name, rows in caller.sandbox.truth(caller.realm).items()}
    assert counts == {
        "Account": 32,
        "Item": 16,
        "Customer": 80,
        "Vendor": 3,
        "Invoice": 300,
        "Bill": 60,
        "Payment": 72,
        "BillPayment": 36,
        "CompanyInfo": 1,
    }


@pytest.mark.parametrize("sizes", [{"Budget": 3}, {"Invoice": -1}])
def test_what_cannot_be_generated_is_said(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot generate"):
        Caller().sandbox.add_company(sizes=sizes)


def test_names_have_apostrophes_and_accents_and_are_unique(caller: Caller) -> None:
    names = [row["DisplayName"] for row in documents(caller, "Customer")]
    assert len({name.lower() for name in names}) == len(names)
    assert any("'" in name for name in names)
    assert any(not name.isascii() for name in names)


def test_some_customers_have_parents_and_some_addresses_no_coordinates(caller: Caller) -> None:
    customers = {row["Id"]: row for row in documents(caller, "Customer")}
    children = [row for row in customers.values() if "ParentRef" in row]
    assert children
    for child in children:
        parent = customers[child["ParentRef"]["value"]]
        assert child["FullyQualifiedName"] == f"{parent['DisplayName']}:{child['DisplayName']}"
    assert {row["BillAddr"]["Lat"] == "INVALID" for row in customers.values()} == {True, False}


def test_all_accounts_share_the_second_of_the_companys_creation(caller: Caller) -> None:
    created = {row["MetaData"]["CreateTime"] for row in documents(caller, "Account")}
    assert len(created) == 1


def test_balances_moved_times_without_moving_tokens(caller: Caller) -> None:
    for entity in ("Customer", "Vendor", "Account"):
        rows = documents(caller, entity)
        moved = [
            row
            for row in rows
            if row["MetaData"]["LastUpdatedTime"] > row["MetaData"]["CreateTime"]
        ]
        assert moved
        assert {row["SyncToken"] for row in moved} == {"0"}


def test_transaction_ids_and_invoice_numbers_follow_time(caller: Caller) -> None:
    invoices = sorted(documents(caller, "Invoice"), key=lambda row: int(row["Id"]))
    assert [row["DocNumber"] for row in invoices] == [str(1001 + n) for n in range(60)]
    assert invoices[0]["CustomField"][0]["Name"] == "Crew #"


def test_the_truth_is_byte_for_byte_what_every_way_of_reading_shows(caller: Caller) -> None:
    caller.sandbox.churn(caller.realm, 150)
    truth = caller.sandbox.truth(caller.realm)
    for entity, objects in truth.items():
        active = (
            "where Active in (true, false)" if b'"Active"' in next(iter(objects.values())) else ""
        )
        statement = f"select * from {entity} {active} maxresults 1000"  # noqa: S608
        page = caller.api("GET", "query", {"query": statement}).body
        for object_id, body in objects.items():
            assert body in page
            read = caller.api("GET", f"{entity.lower()}/{object_id}").body
            assert read.startswith(b'{"%s":%s,"time":' % (entity.encode(), body))
        shown = decode(page)["QueryResponse"]
        assert shown["maxResults"] == len(objects)


def test_the_truth_of_the_past_is_what_was_true_then(caller: Caller) -> None:
    moments = []
    for _ in range(12):
        caller.clock.advance(seconds=1)
        caller.sandbox.churn(caller.realm, 6)
        moments.append((caller.clock.now, caller.sandbox.truth(caller.realm)))
    for instant, truth in moments:
        past = caller.sandbox.truth(caller.realm, instant)
        assert {name: rows for name, rows in past.items() if rows} == truth


def test_mutations_are_numbered_without_gaps_and_timed_by_the_sandboxs_clock(
    caller: Caller,
) -> None:
    generated = caller.sandbox.statistics().mutations
    caller.sandbox.churn(caller.realm, 50)
    mutations = list(caller.sandbox.mutations(generated))
    assert [item.sequence for item in mutations] == list(
        range(generated + 1, generated + 1 + len(mutations))
    )
    assert {item.at for item in mutations} == {NOON + timedelta(seconds=1)}
    assert MutationKind.GENERATE not in {item.kind for item in mutations}
    everything = list(caller.sandbox.mutations())
    assert {item.kind for item in everything[:generated]} == {MutationKind.GENERATE}


def play(seed: int) -> list[bytes]:
    caller = Caller(seed=seed)
    caller.connect()
    replies = [encode(caller.tokens)]
    for _ in range(20):
        caller.clock.advance(seconds=7)
        caller.sandbox.churn(caller.realm, 3)
        params = {"entities": "Invoice,Customer,Payment", "changedSince": "2026-11-01"}
        reply = caller.api("GET", "cdc", params)
        replies += [reply.body, (reply.header("intuit_tid") or "").encode()]
    return replies


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    assert play(5) == play(5)
    assert play(5) != play(6)


def test_two_companies_of_one_sandbox_differ_and_share_ids() -> None:
    caller = Caller()
    first, second = (caller.sandbox.truth(caller.sandbox.add_company()) for _ in range(2))
    assert set(first["Invoice"]) & set(second["Invoice"])
    assert first["Invoice"] != second["Invoice"]


def test_a_realm_id_can_be_chosen_once() -> None:
    caller = Caller()
    assert caller.sandbox.add_company("123") == "123"
    with pytest.raises(ValueError, match="realm 123 exists"):
        caller.sandbox.add_company("123")


def test_a_property_that_the_vendor_adds_shows_on_later_versions_only(caller: Caller) -> None:
    before = caller.sandbox.truth(caller.realm)["Item"]
    caller.sandbox.introduce_field(caller.realm, "Item", "CarbonClass", {"grade": "A"})
    assert caller.sandbox.truth(caller.realm)["Item"] == before
    item = caller.sandbox.update(caller.realm, "Item", "2", {"Description": "x"})
    assert item["CarbonClass"] == {"grade": "A"}
    assert ok(caller.api("POST", "item", body=item))["Item"] == item


def test_an_invoice_may_have_ten_thousand_lines(caller: Caller) -> None:
    line = {
        "Amount": Decimal("1.50"),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    body = {"CustomerRef": {"value": "1"}, "Line": [line] * 10_000}
    invoice = caller.create("Invoice", body)
    assert len(invoice["Line"]) == 10_001
    assert invoice["TotalAmt"] == 15_000
    assert len(caller.api("GET", f"invoice/{invoice['Id']}").body) > 1_000_000


def test_a_company_without_any_data_still_answers() -> None:
    caller = Caller()
    nothing = dict.fromkeys(("Customer", "Vendor", "Invoice", "Bill", "Item"), 0)
    caller.connect(caller.sandbox.add_company(sizes=nothing | {"Payment": 0, "BillPayment": 0}))
    assert caller.query("select * from Invoice") == {}
    assert caller.query("select count(*) from Customer") == {"totalCount": 0}
    assert caller.cdc("Invoice,Customer", "2026-11-20") == [{}, {}]


def test_a_request_for_nothing_known_is_refused_without_raising() -> None:
    caller = Caller()
    for method, path in (("GET", "/nothing"), ("PUT", "/v3/company/1/item"), ("POST", "/v3")):
        assert caller.sandbox.handle(SandboxRequest(method, path)).status in (400, 401)
