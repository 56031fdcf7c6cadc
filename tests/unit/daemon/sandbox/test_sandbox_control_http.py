"""The sandbox's own small HTTP surface."""

import hashlib

import pytest

from daemon.sandbox.quickbooks import Fault, FaultKind, Route, SandboxReply
from daemon.sandbox.quickbooks.json_text import decode, encode
from unit.daemon.sandbox.caller import Caller, Json


def control(caller: Caller, method: str, path: str, body: object = b"", status: int = 200) -> Json:
    raw = body if isinstance(body, bytes) else encode(body)
    reply: SandboxReply = caller.send(method, f"/sandbox/{path}", body=raw)
    assert reply.status == status, reply.body
    document: Json = decode(reply.body)
    return document


def test_the_home_page_says_what_this_is_and_how_to_use_it(caller: Caller) -> None:
    page = caller.send("GET", "/")
    assert page.status == 200
    assert page.header("content-type") == "text/html;charset=utf-8"
    for text in (caller.realm, "client:secret", "curl -X POST http://localhost/sandbox/companies/"):
        assert text.encode() in page.body


def test_companies_are_listed_and_added(caller: Caller) -> None:
    wanted = {"name": "Zoë's", "realm_id": "77", "sizes": {"Invoice": 3}}
    assert control(caller, "POST", "companies", wanted, 201) == {"realm_id": "77"}
    first, second = control(caller, "GET", "companies")["items"]
    assert first["realm_id"] == caller.realm
    assert (second["name"], second["objects"]["Invoice"]) == ("Zoë's", 3)


def test_a_code_is_issued_and_works(caller: Caller) -> None:
    issued = control(caller, "POST", f"companies/{caller.realm}/code", status=201)
    assert caller.exchange(issued["code"]).status == 200


def test_digests_move_with_the_types_that_changed_and_with_no_others(caller: Caller) -> None:
    path = f"companies/{caller.realm}/digests"
    before = control(caller, "GET", path)
    bodies = sorted(caller.sandbox.truth(caller.realm)["Item"].items(), key=lambda i: int(i[0]))
    every = b"".join(body + b"\n" for _, body in bodies)
    assert before["Item"] == {"count": 16, "sha256": hashlib.sha256(every).hexdigest()}
    caller.sandbox.update(caller.realm, "Item", "2", {"Description": "x"})
    after = control(caller, "GET", path)
    assert {name for name in before if before[name] != after[name]} == {"Item"}


def test_churn_changes_the_company(caller: Caller) -> None:
    before = caller.sandbox.statistics().mutations
    acts = control(caller, "POST", f"companies/{caller.realm}/churn", {"acts": 5})["acts"]
    assert len(acts) == 5
    assert caller.sandbox.statistics().mutations > before


def test_an_outage_is_started_and_ended(caller: Caller) -> None:
    control(caller, "POST", "outage", {"seconds": 60})
    assert caller.api("GET", "item/1").status == 503
    assert caller.send("GET", "/").status == 200
    control(caller, "DELETE", "outage")
    assert caller.api("GET", "item/1").status == 200


def test_a_fault_is_set_listed_and_cleared(caller: Caller) -> None:
    wanted = {"kind": "html_503", "routes": ["cdc"], "count": 3}
    number = control(caller, "POST", "faults", wanted, 201)["number"]
    assert caller.sandbox.world.faults.active() == {
        number: Fault(FaultKind.HTML_503, routes=frozenset({Route.CDC}), count=3)
    }
    [item] = control(caller, "GET", "faults")["items"]
    assert (item["kind"], item["routes"], item["number"]) == ("html_503", ["cdc"], number)
    control(caller, "DELETE", "faults")
    assert control(caller, "GET", "faults")["items"] == []


def test_the_kinds_of_fault_and_their_routes_are_told(caller: Caller) -> None:
    told = control(caller, "GET", "faults")
    for kind in told["kinds"]:
        control(caller, "POST", "faults", {"kind": kind, "routes": told["routes"]}, 201)
    assert len(control(caller, "GET", "faults")["items"]) == len(told["kinds"]) > 20


def test_many_transactions_are_deleted_at_once(caller: Caller) -> None:
    before = caller.sandbox.truth(caller.realm)["Invoice"]
    path = f"companies/{caller.realm}/delete"
    gone = control(caller, "POST", path, {"object_type": "Invoice", "number": 7})["deleted"]
    assert set(before) - set(caller.sandbox.truth(caller.realm)["Invoice"]) == set(gone)
    assert len(gone) == 7


def test_only_transactions_are_deleted(caller: Caller) -> None:
    path = f"companies/{caller.realm}/delete"
    for name in ("Customer", "Nonsense"):
        refused = control(caller, "POST", path, {"object_type": name}, 400)
        assert refused == {"error": f"the vendor deletes no {name}"}


def test_statistics_count_the_vendors_calls_and_not_these(caller: Caller) -> None:
    caller.api("GET", "item/1")
    calls = control(caller, "GET", "statistics")["calls"]
    assert {"realm_id": caller.realm, "route": "read", "calls": 1} in calls
    assert {call["route"] for call in calls} == {"read", "token"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "faults", {"kind": "html_503", "colour": 1}, 400),
        ("POST", "companies", b"{", 400),
        ("POST", "companies", {"sizes": {"Budget": 1}}, 400),
        ("POST", "companies/none/code", b"", 404),
        ("GET", "nothing", b"", 404),
        ("GET", "", b"", 404),
    ],
)
def test_what_is_wrong_is_said(
    caller: Caller, method: str, path: str, body: object, status: int
) -> None:
    assert control(caller, method, path, body, status)["error"]
