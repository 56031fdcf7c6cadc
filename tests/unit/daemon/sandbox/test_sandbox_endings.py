"""Simulator point 19: objects deleted, deactivated and voided."""

import pytest

from unit.daemon.sandbox.caller import Caller, change, error_of, new_invoice, ok


@pytest.mark.parametrize(("missing", "named"), [("Id", "Id"), ("SyncToken", "SyncToken")])
def test_a_delete_needs_id_and_token(caller: Caller, missing: str, named: str) -> None:
    body = {"Id": "1", "SyncToken": "0"}
    payment = caller.rows("select * from Payment maxresults 1")[0]
    body = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
    del body[missing]
    reply = caller.api("POST", "payment", {"operation": "delete"}, body=body)
    assert error_of(reply)["element"] == named


def test_a_delete_answers_a_stub_and_then_reads_fail_as_recorded(caller: Caller) -> None:
    invoice = new_invoice(caller)
    body = {"Id": invoice["Id"], "SyncToken": "0"}
    reply = caller.api("POST", "invoice", {"operation": "delete"}, body=body)
    stub = {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert ok(reply)["Invoice"] == stub
    error = error_of(caller.api("GET", f"invoice/{invoice['Id']}"))
    assert error["code"] == "610"
    assert "Another user has deleted this transaction" in error["Detail"]
    assert caller.find("Invoice", f"where Id = '{invoice['Id']}'") == []
    again = caller.api("POST", "invoice", {"operation": "delete"}, body=body)
    assert error_of(again)["code"] == "610"


def test_list_objects_cannot_be_deleted(caller: Caller) -> None:
    body = {"Id": "1", "SyncToken": "0"}
    reply = caller.api("POST", "customer", {"operation": "delete"}, body=body)
    assert error_of(reply)["code"] == "500"


def test_an_inactive_object_is_renamed_in_all_its_names_and_still_read(caller: Caller) -> None:
    name = caller.sandbox.read(caller.realm, "Item", "3")["Name"]
    body = {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False}
    ok(caller.api("POST", "item", body=body))
    item = ok(caller.api("GET", "item/3"))["Item"]
    assert (item["Name"], item["FullyQualifiedName"]) == (f"{name} (deleted)",) * 2
    assert item["Active"] is False


def test_reactivation_keeps_the_suffix_until_it_is_renamed(caller: Caller) -> None:
    name = caller.sandbox.read(caller.realm, "Vendor", "42")["DisplayName"]
    gone = caller.sandbox.deactivate(caller.realm, "Vendor", "42")
    back = change(caller, "Vendor", gone, {"sparse": True, "Active": True})
    assert back["DisplayName"] == f"{name} (deleted)"
    caller.sandbox.deactivate(caller.realm, "Vendor", "42")
    renamed = caller.sandbox.reactivate(caller.realm, "Vendor", "42")
    assert (renamed["DisplayName"], renamed["Active"]) == (name, True)


def test_two_inactive_objects_of_one_name_get_different_suffixes(caller: Caller) -> None:
    names = []
    for _ in range(2):
        created = caller.create("Customer", {"DisplayName": "Same"})
        gone = caller.sandbox.deactivate(caller.realm, "Customer", created["Id"])
        names.append(gone["DisplayName"])
    assert names == ["Same (deleted)", "Same (deleted 2)"]


def test_a_voided_invoice_keeps_its_shape_with_zeros(caller: Caller) -> None:
    invoice = new_invoice(caller, PrivateNote="as agreed")
    body = {"Id": invoice["Id"], "SyncToken": "0"}
    void = ok(caller.api("POST", "invoice", {"operation": "void"}, body=body))["Invoice"]
    assert list(void) == list(invoice)
    assert (void["SyncToken"], void["DocNumber"]) == ("1", invoice["DocNumber"])
    assert void["CustomerRef"] == invoice["CustomerRef"]
    assert void["PrivateNote"] == "Voided as agreed"
    assert [line["Amount"] for line in void["Line"]] == [0, 0]
    assert (void["TotalAmt"], void["Balance"]) == (0, 0)


@pytest.mark.parametrize("entity", ["Payment", "BillPayment"])
def test_a_voided_payment_loses_its_lines_and_gives_back_what_it_paid(
    caller: Caller, entity: str
) -> None:
    payment = caller.find(entity, "maxresults 1")[0]
    link = payment["Line"][0]["LinkedTxn"][0]
    before = caller.sandbox.read(caller.realm, link["TxnType"], link["TxnId"])
    body = {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True}
    params = {"operation": "update", "include": "void"}
    void = ok(caller.api("POST", entity.lower(), params, body=body))[entity]
    assert (void["TotalAmt"], void["Line"], void["PrivateNote"]) == (0, [], "Voided")
    after = caller.sandbox.read(caller.realm, link["TxnType"], link["TxnId"])
    assert after["Balance"] == before["Balance"] + payment["TotalAmt"]


@pytest.mark.parametrize(
    ("entity", "params"),
    [
        ("payment", {"operation": "void"}),
        ("invoice", {"operation": "update", "include": "void"}),
        ("bill", {"operation": "void"}),
        ("invoice", {"operation": "shred"}),
    ],
)
def test_other_ways_to_void_are_unsupported(
    caller: Caller, entity: str, params: dict[str, str]
) -> None:
    body = {"Id": "1", "SyncToken": "0"}
    assert error_of(caller.api("POST", entity, params, body=body))["code"] == "500"
