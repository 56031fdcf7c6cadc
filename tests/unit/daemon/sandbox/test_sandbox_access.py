"""Simulator points 8, 9 and 33: who may call what, and what every answer carries."""

import re

import pytest

from daemon.sandbox.quickbooks import (
    ACCOUNTING_SCOPE,
    App,
    Behaviour,
    Environment,
    Fault,
    FaultKind,
    Subscription,
)
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import APP, CALLBACK, Caller, error_of, ok


def assert_not_authorized(caller: Caller, realm: str, status: int = 403) -> None:
    reply = caller.api("GET", "item/1", realm=realm)
    assert reply.status == status
    error = decode(reply.body)["fault"]["error"][0]
    assert error["code"] == "3100"
    assert error["detail"] is None
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    assert error["message"] == message


def test_another_companys_realm_is_forbidden(caller: Caller) -> None:
    assert_not_authorized(caller, caller.sandbox.add_company())


def test_an_unknown_realm_is_forbidden(caller: Caller) -> None:
    assert_not_authorized(caller, "4711")


def test_keys_of_the_other_environment_are_forbidden() -> None:
    production = App("client", "secret", (CALLBACK,), Environment.PRODUCTION)
    caller = Caller(apps=(production,))
    caller.connect(caller.sandbox.add_company(environment=Environment.SANDBOX))
    assert_not_authorized(caller, caller.realm)


def test_a_grant_without_the_accounting_scope_is_forbidden(caller: Caller) -> None:
    assert caller.api("GET", "item/1").status == 200
    caller.sandbox.lose_scope(caller.realm, ACCOUNTING_SCOPE)
    assert_not_authorized(caller, caller.realm)


@pytest.mark.parametrize("status", [404, 403])
def test_a_deleted_company_answers_404_or_403(caller: Caller, status: int) -> None:
    caller.sandbox.behaviour.deleted_company_status = status
    caller.sandbox.delete_company(caller.realm)
    assert_not_authorized(caller, caller.realm, status)


def test_a_lost_admin_role_is_code_120_until_it_is_given_back(caller: Caller) -> None:
    caller.sandbox.lose_admin(caller.realm)
    assert error_of(caller.api("GET", "item/1"), 401)["code"] == "120"
    caller.sandbox.lose_admin(caller.realm, lost=False)
    assert caller.api("GET", "item/1").status == 200


def test_a_lapsed_subscription_refuses_writes_and_still_reads(caller: Caller) -> None:
    caller.sandbox.set_subscription(caller.realm, Subscription.EXPIRED)
    refused = caller.api("POST", "customer", body={"DisplayName": "New"})
    assert error_of(refused)["code"] == "6190"
    assert caller.rows("select * from Customer")
    caller.sandbox.set_subscription(caller.realm, Subscription.SUBSCRIBED)
    assert caller.create("Customer", {"DisplayName": "New"})["DisplayName"] == "New"


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer nonsense"])
def test_a_call_without_a_known_bearer_token_is_unauthorized(caller: Caller, header: str) -> None:
    path = f"/v3/company/{caller.realm}/item/1"
    reply = caller.send("GET", path, headers={"authorization": header})
    assert reply.status == 401


def test_the_wrong_cluster_is_xml_with_code_130(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.WRONG_CLUSTER, count=1))
    reply = caller.api("GET", "item/1")
    assert (reply.status, reply.header("content-type")) == (401, "application/xml")
    assert b'<Fault type="AuthorizationFault"><Error code="130">' in reply.body


@pytest.mark.parametrize("minor_version", ["", "4", "75"])
def test_the_minor_version_changes_nothing_below_75(caller: Caller, minor_version: str) -> None:
    plain = caller.api("GET", "item/1")
    assert caller.api("GET", "item/1", {"minorversion": minor_version}).body == plain.body


def test_every_answer_carries_a_transaction_id_of_its_own_and_no_limit_headers(
    caller: Caller,
) -> None:
    replies = [caller.api("GET", "item/1"), caller.api("GET", "nothing/1/2"), caller.refresh()]
    tids = [reply.header("intuit_tid") or "" for reply in replies]
    assert all(re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", tid) for tid in tids)
    assert len(set(tids)) == 3
    assert replies[0].header("qbo-version") == "1988.128"
    names = {name.lower() for reply in replies for name, _ in reply.headers}
    assert not {name for name in names if "limit" in name or name == "retry-after"}


def test_a_repeated_request_id_returns_the_first_answer_without_a_second_effect(
    caller: Caller,
) -> None:
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 25}
    first = caller.api("POST", "payment", {"requestid": "abc"}, body=body)
    caller.clock.advance(minutes=10)
    again = caller.api("POST", "payment", {"requestid": "abc"}, body=body)
    assert again.body == first.body
    assert len(caller.sandbox.applied_writes()) == 1
    other = caller.api("POST", "payment", {"requestid": "abd"}, body=body)
    assert ok(other)["Payment"]["Id"] != ok(first)["Payment"]["Id"]


def test_request_ids_of_two_companies_do_not_meet(caller: Caller) -> None:
    body = {"DisplayName": "Same"}
    first = caller.create("Customer", body, requestid="abc")
    caller.connect(caller.sandbox.add_company())
    second = caller.create("Customer", body, requestid="abc")
    assert first["MetaData"] != second["MetaData"]


@pytest.mark.parametrize(
    "switches", [{"request_id_life_s": 60.0}, {"request_id_ignored": True}], ids=str
)
def test_a_request_id_that_is_forgotten_or_ignored_executes_again(
    switches: dict[str, object],
) -> None:
    caller = Caller(behaviour=Behaviour(**switches))  # type: ignore[arg-type]
    caller.connect()
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 25}
    first = caller.create("Payment", body, requestid="abc")
    caller.clock.advance(seconds=60)
    second = caller.create("Payment", body, requestid="abc")
    assert first["Id"] != second["Id"]


@pytest.mark.parametrize("replayed", [True, False])
def test_a_refusal_is_replayed_only_when_it_is_set_so(replayed: bool) -> None:
    caller = Caller(behaviour=Behaviour(request_id_replays_faults=replayed))
    caller.connect()
    body = {"DisplayName": "Later mine"}
    taken = caller.create("Customer", body)
    refused = caller.api("POST", "customer", {"requestid": "abc"}, body=body)
    assert error_of(refused)["code"] == "6240"
    caller.sandbox.update(caller.realm, "Customer", taken["Id"], {"DisplayName": "Other"})
    again = caller.api("POST", "customer", {"requestid": "abc"}, body=body)
    assert again.status == (400 if replayed else 200)


def test_an_empty_request_id_is_no_request_id_and_a_long_one_is_refused(caller: Caller) -> None:
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 25}
    ids = {caller.create("Payment", body, requestid="")["Id"] for _ in range(2)}
    assert len(ids) == 2
    too_long = caller.api("POST", "payment", {"requestid": "a" * 51}, body=body)
    assert error_of(too_long)["code"] == "2050"


def test_the_ledger_of_writes_names_the_request_and_leaves_out_what_did_nothing(
    caller: Caller,
) -> None:
    created = caller.create("Customer", {"DisplayName": "New"}, requestid="abc")
    same = {"Id": created["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "New"}
    ok(caller.api("POST", "customer", body=same))
    [write] = caller.sandbox.applied_writes(caller.realm)
    assert (write.operation, write.object_type, write.object_id) == (
        "create",
        "Customer",
        created["Id"],
    )
    assert (write.request_id, write.client_id) == ("abc", APP.client_id)
    [mutation] = caller.sandbox.mutations(write.sequence - 1)
    assert mutation.object_id == created["Id"]


@pytest.mark.parametrize("path", ["customer/1/5", "Customer/1", "nonsense/1", ""])
def test_an_unknown_path_is_unsupported(caller: Caller, path: str) -> None:
    error = error_of(caller.api("GET", path))
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    full = f"/v3/company/{caller.realm}/{path}"
    assert error["Detail"].startswith(f"Operation Could not find resource for relative : {full}")
