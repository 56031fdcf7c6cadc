"""Simulator point 23: batches of queries and writes, each item with an end of its own."""

import pytest

from daemon.sandbox.quickbooks import Fault, FaultKind, Limits, Route
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import Caller, Json, error_of, ok


def batch(caller: Caller, *items: Json, request_id: str | None = None) -> dict[str, Json]:
    """Send a batch that is taken; return the answers by bId."""
    params = {} if request_id is None else {"requestid": request_id}
    reply = ok(caller.api("POST", "batch", params, body={"BatchItemRequest": list(items)}))
    return {answer["bId"]: answer for answer in reply["BatchItemResponse"]}


def query(item_id: str, statement: str) -> Json:
    return {"bId": item_id, "Query": statement}


def customer(item_id: str, name: str) -> Json:
    return {"bId": item_id, "operation": "create", "Customer": {"DisplayName": name}}


def code(answer: Json) -> str:
    found: str = answer["Fault"]["Error"][0]["code"]
    return found


def test_queries_and_writes_are_answered_each_by_its_id(caller: Caller) -> None:
    invoice = caller.find("Invoice")[0]
    answers = batch(
        caller,
        query("q", "select count(*) from Item"),
        customer("c", "Ada"),
        {
            "bId": "u",
            "operation": "update",
            "Customer": {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "tall"},
        },
        {
            "bId": "d",
            "operation": "delete",
            "Invoice": {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]},
        },
    )
    assert answers["q"]["QueryResponse"]["totalCount"] == len(caller.find("Item"))
    assert answers["c"]["Customer"]["DisplayName"] == "Ada"
    assert answers["u"]["Customer"]["Notes"] == "tall"
    assert answers["d"]["Invoice"]["status"] == "Deleted"
    applied = [(each.operation, each.object_type) for each in caller.sandbox.world.ledger]
    assert applied == [("create", "Customer"), ("update", "Customer"), ("delete", "Invoice")]


def test_a_void_is_an_update_with_an_option(caller: Caller) -> None:
    invoice = caller.find("Invoice")[0]
    named = {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}
    item = {"bId": "v", "operation": "update", "optionsData": "void", "Invoice": named}
    assert batch(caller, item)["v"]["Invoice"]["TotalAmt"] == 0
    assert caller.sandbox.world.ledger[-1].operation == "void"


def test_a_fault_is_its_items_own_and_takes_nothing_back(caller: Caller) -> None:
    answers = batch(
        caller,
        customer("1", "Ada"),
        customer("2", "Ada"),
        query("3", "select * from Custmoer"),
        {"bId": "4", "operation": "send", "Invoice": {"Id": "1"}},
        {"bId": "5", "operation": "create"},
    )
    assert "Customer" in answers["1"]
    assert [code(answers[each]) for each in "2345"] == ["6240", "4001", "500", "500"]
    assert len(caller.sandbox.world.ledger) == 1


def test_thirty_items_are_taken_and_one_more_is_not(caller: Caller) -> None:
    items = [query(str(n), "select count(*) from Item") for n in range(31)]
    assert len(batch(caller, *items[:30])) == 30
    reply = caller.api("POST", "batch", body={"BatchItemRequest": items})
    assert error_of(reply)["code"] == "6000"


@pytest.mark.parametrize(
    "body", [b"[]", b"{", {"BatchItemRequest": [{}]}, {"BatchItemRequest": [{"bId": 1}]}]
)
def test_what_is_no_batch_is_refused(caller: Caller, body: object) -> None:
    assert error_of(caller.api("POST", "batch", body=body))["code"] == "2010"


def test_a_request_id_counts_for_each_item_with_its_own_id(caller: Caller) -> None:
    first = batch(caller, customer("a", "Ada"), request_id="r" * 36)
    again = batch(caller, customer("a", "Ada"), customer("b", "Bob"), request_id="r" * 36)
    assert again["a"] == first["a"]
    assert again["b"]["Customer"]["DisplayName"] == "Bob"
    ids = [each.request_id for each in caller.sandbox.world.ledger]
    assert ids == ["r" * 36 + "a", "r" * 36 + "b"]


def test_ids_that_are_too_long_together_are_refused_item_by_item(caller: Caller) -> None:
    answers = batch(caller, customer("b" * 11, "Ada"), request_id="r")
    assert code(answers["b" * 11]) == "6000"
    reply = caller.api("POST", "batch", {"requestid": "r" * 37}, body={"BatchItemRequest": []})
    assert error_of(reply)["code"] == "2050"


def test_request_ids_can_be_ignored(caller: Caller) -> None:
    caller.sandbox.behaviour.request_id_ignored = True
    payment = {"CustomerRef": {"value": "1"}, "TotalAmt": 25}
    item = {"bId": "p", "operation": "create", "Payment": payment}
    for _ in range(2):
        batch(caller, item, request_id="r")
    assert len(caller.sandbox.world.ledger) == 2


def test_the_order_may_be_any(caller: Caller) -> None:
    caller.sandbox.behaviour.batch_unordered = True
    items = [customer(str(n), f"Number {n}") for n in range(12)]
    answers = batch(caller, *items)
    assert answers.keys() == {str(n) for n in range(12)}
    assert list(answers) != [str(n) for n in range(12)]
    created = [int(answers[str(n)]["Customer"]["Id"]) for n in range(12)]
    assert created != sorted(created)


@pytest.mark.parametrize(("by_item", "reads"), [(True, 2), (False, 1)])
def test_queries_are_metered_by_item_or_by_batch(caller: Caller, by_item: bool, reads: int) -> None:
    caller.sandbox.behaviour.batch_metered_by_item = by_item
    before = caller.sandbox.statistics().reads
    statement = "select count(*) from Item"
    batch(caller, query("1", statement), query("2", statement), customer("3", "Ada"))
    assert caller.sandbox.statistics().reads - before == reads


def test_batches_of_writes_alone_pass_at_the_cap(caller: Caller) -> None:
    caller.sandbox.set_read_cap(0)
    assert "Customer" in batch(caller, customer("1", "Ada"))["1"]
    item = query("1", "select count(*) from Item")
    assert caller.api("POST", "batch", body={"BatchItemRequest": [item]}).status == 429


def test_batches_have_a_limit_of_their_own() -> None:
    caller = Caller(limits=Limits())
    caller.connect()
    item = query("1", "select count(*) from Item")
    statuses = []
    for _ in range(41):
        caller.clock.advance(seconds=1)
        statuses.append(caller.api("POST", "batch", body={"BatchItemRequest": [item]}).status)
    assert statuses == [200] * 40 + [429]
    assert caller.sandbox.statistics().violations == {(caller.realm, "batches_per_minute"): 1}
    assert caller.api("GET", "companyinfo/1").status == 200


@pytest.mark.parametrize(
    ("fault", "answered", "applied"),
    [
        (Fault(FaultKind.ITEM_FAULT, count=1), "10000", 0),
        (Fault(FaultKind.ITEM_FAULT, count=1, executed=True), "10000", 1),
        (Fault(FaultKind.ITEM_THROTTLED, count=1), "3001", 0),
        (Fault(FaultKind.ITEM_MISSING, count=1), None, 1),
    ],
)
def test_one_item_can_fail(
    caller: Caller, fault: Fault, answered: str | None, applied: int
) -> None:
    caller.sandbox.inject(fault)
    answers = batch(caller, customer("1", "Ada"))
    assert (code(answers["1"]) if answers else None) == answered
    assert len(caller.sandbox.world.ledger) == applied


def test_what_hits_writes_hits_batches_of_writes_and_no_others(caller: Caller) -> None:
    fault = Fault(FaultKind.SYSTEM_10000, frozenset({Route.WRITE}), executed=True)
    caller.sandbox.inject(fault)
    assert batch(caller, query("1", "select count(*) from Item"))
    reply = caller.api("POST", "batch", body={"BatchItemRequest": [customer("1", "Ada")]})
    assert error_of(reply, 500)["code"] == "10000"
    assert len(caller.sandbox.world.ledger) == 1


def test_the_time_of_the_answer_is_the_calls_begin(caller: Caller) -> None:
    reply = caller.api("POST", "batch", body={"BatchItemRequest": []})
    assert decode(reply.body) == {"BatchItemResponse": [], "time": "2026-11-21T04:00:01.000-08:00"}
