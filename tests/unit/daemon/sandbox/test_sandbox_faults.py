"""Simulator points 26 and 27: faults on demand, in every recorded shape."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from daemon.sandbox.quickbooks import Disconnect, Fault, FaultKind, Route, SandboxReply
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import Caller, ok

PAYMENT = {"CustomerRef": {"value": "1"}, "TotalAmt": 25}


def read(caller: Caller) -> SandboxReply:
    return caller.api("GET", "item/1")


def only_error(reply: SandboxReply) -> tuple[str, str]:
    document = decode(reply.body)
    fault = document.get("Fault") or document["fault"]
    [error] = fault.get("Error") or fault["error"]
    return error["code"], fault["type"]


@pytest.mark.parametrize(
    ("kind", "status", "holds"),
    [
        (FaultKind.HTML_503, 503, lambda r: b"<h1>503 Service Temporarily Unavailable" in r.body),
        (FaultKind.EMPTY_502, 502, lambda r: r.body == b""),
        (FaultKind.GATEWAY_TIMEOUT, 504, lambda r: b'<Error code="6002">' in r.body),
        (FaultKind.INTERNAL_3100, 500, lambda r: only_error(r) == ("3100", "SERVICE")),
        (FaultKind.SYSTEM_10000, 500, lambda r: only_error(r) == ("10000", "SystemFault")),
        (FaultKind.SPURIOUS_500, 400, lambda r: only_error(r) == ("500", "ValidationFault")),
        (FaultKind.UNAUTHORIZED, 401, lambda r: only_error(r) == ("3200", "AUTHENTICATION")),
        (FaultKind.GENERAL_AUTHENTICATION, 401, lambda r: b'code="100"' in r.body),
        (FaultKind.FORBIDDEN, 403, lambda r: only_error(r) == ("3100", "SERVICE")),
        (FaultKind.BACK_SOON, 200, lambda r: b"We'll be back soon" in r.body),
        (FaultKind.FAULT_IN_200, 200, lambda r: only_error(r) == ("10000", "SystemFault")),
        (FaultKind.THROTTLE_HISTORIC, 403, lambda r: b"ThrottleExceeded" in r.body),
    ],
)
def test_each_fault_hits_once_in_its_shape(
    caller: Caller, kind: FaultKind, status: int, holds: Callable[[SandboxReply], bool]
) -> None:
    caller.sandbox.inject(Fault(kind, count=1))
    reply = read(caller)
    assert reply.status == status
    assert holds(reply)
    assert read(caller).status == 200
    assert caller.sandbox.statistics().faults == {kind: 1}


def test_the_lower_case_fault_has_epoch_milliseconds_and_a_null_element(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.LOWERCASE_FAULT))
    document = decode(read(caller).body)
    assert document["fault"]["error"][0]["element"] is None
    assert document["time"] == int(caller.clock.now.timestamp() * 1000)
    assert document["queryResponse"] is None
    assert document["cdcresponse"] == []


def test_a_bare_fault_has_neither_time_nor_element(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.BARE_FAULT))
    document = decode(read(caller).body)
    assert set(document) == {"Fault"}
    assert set(document["Fault"]["Error"][0]) == {"Message", "Detail", "code"}


def test_a_fault_can_hide_inside_a_query_response(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.FAULT_IN_QUERY_RESPONSE))
    fault = caller.query("select * from Item")["Fault"]
    assert (fault["Error"][0]["code"], fault["type"]) == ("4002", "Service")


def test_a_reset_before_the_commit_has_no_effect_and_one_after_it_has(caller: Caller) -> None:
    writes = frozenset({Route.WRITE})
    for executed in (False, True):
        caller.sandbox.inject(Fault(FaultKind.RESET, routes=writes, executed=executed, count=1))
        reply = caller.api("POST", "payment", body=PAYMENT)
        assert reply.disconnect is Disconnect.BEFORE_REPLY
        assert len(caller.sandbox.applied_writes()) == int(executed)


def test_any_refusal_may_hide_a_write_that_was_made(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.GATEWAY_TIMEOUT, executed=True, count=1))
    reply = caller.api("POST", "payment", {"requestid": "r1"}, body=PAYMENT)
    assert reply.status == 504
    [write] = caller.sandbox.applied_writes()
    assert write.request_id == "r1"
    repeated = ok(caller.api("POST", "payment", {"requestid": "r1"}, body=PAYMENT))
    assert repeated["Payment"]["Id"] == write.object_id
    assert len(caller.sandbox.applied_writes()) == 1


def test_a_truncated_answer_is_no_json(caller: Caller) -> None:
    whole = caller.api("GET", "query", {"query": "select * from Item"}).body
    caller.sandbox.inject(Fault(FaultKind.TRUNCATED, count=1))
    cut = caller.api("GET", "query", {"query": "select * from Item"})
    assert (cut.status, cut.disconnect) == (200, Disconnect.NONE)
    assert whole.startswith(cut.body)
    assert 0 < len(cut.body) < len(whole)


def test_deliveries_are_told_to_the_carrier(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.SLOW_BODY, delay_s=8, count=1))
    assert read(caller).body_delay_s == 8
    caller.sandbox.inject(Fault(FaultKind.HANG, count=1))
    assert read(caller).delay_s == 120
    caller.sandbox.inject(Fault(FaultKind.RESET_IN_BODY, count=1))
    assert read(caller).disconnect is Disconnect.DURING_BODY


def test_faults_keep_to_their_routes_realm_and_place(caller: Caller) -> None:
    other = caller.sandbox.add_company()
    cdc = frozenset({Route.CDC})
    caller.sandbox.inject(Fault(FaultKind.HTML_503, routes=cdc))
    caller.sandbox.inject(Fault(FaultKind.EMPTY_502, realm_id=other))
    caller.sandbox.inject(Fault(FaultKind.SYSTEM_10000, skip=2, count=1))
    assert [read(caller).status for _ in range(4)] == [200, 200, 500, 200]
    assert caller.refresh().status == 200
    params = {"entities": "Item", "changedSince": "2026-11-21"}
    assert caller.api("GET", "cdc", params).status == 503
    assert caller.api("GET", "item/1", realm=other).status == 502


def test_a_share_of_the_calls_is_hit_the_same_way_every_time() -> None:
    runs = []
    for _ in range(2):
        caller = Caller(seed=9)
        caller.connect()
        caller.sandbox.inject(Fault(FaultKind.HTML_503, probability=0.3))
        runs.append([read(caller).status for _ in range(200)])
    assert runs[0] == runs[1]
    assert 35 < runs[0].count(503) < 85


def test_faults_are_cleared_one_by_one_or_all(caller: Caller) -> None:
    first = caller.sandbox.inject(Fault(FaultKind.HTML_503))
    caller.sandbox.inject(Fault(FaultKind.EMPTY_502))
    caller.sandbox.clear_faults(first)
    assert read(caller).status == 502
    caller.sandbox.clear_faults()
    assert read(caller).status == 200


def test_an_outage_of_everything_ends_at_its_instant(caller: Caller) -> None:
    caller.sandbox.outage(until=caller.clock.now + timedelta(minutes=10))
    assert (read(caller).status, caller.refresh().status) == (503, 503)
    caller.clock.advance(minutes=10)
    assert (read(caller).status, caller.refresh().status) == (200, 200)


def test_an_outage_of_one_company_leaves_the_others_and_ends_by_hand(caller: Caller) -> None:
    realm = caller.realm
    caller.sandbox.outage(realm)
    assert read(caller).status == 503
    caller.connect(caller.sandbox.add_company())
    assert read(caller).status == 200
    caller.sandbox.end_outage(realm)
    caller.connect(realm)
    assert read(caller).status == 200


def test_the_token_host_can_say_invalid_grant_of_a_living_token(caller: Caller) -> None:
    token = frozenset({Route.TOKEN})
    caller.sandbox.inject(Fault(FaultKind.INVALID_GRANT, routes=token, count=1))
    assert caller.refresh().body == b'{"error":"invalid_grant"}'
    assert caller.refresh().status == 200
