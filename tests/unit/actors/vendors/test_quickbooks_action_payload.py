"""What must be in a payload before anything is stored."""

import msgspec
import pytest

from actors.vendors.quickbooks.action_payload import problems
from actors.vendors.quickbooks.write_request import request_id, request_of
from actors.vendors.writing import Intent

PAYMENT = {"CustomerRef": {"value": "20"}, "TotalAmt": 25.0}
LINE = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
APPLIED = {"Amount": 5, "LinkedTxn": [{"TxnId": "7", "TxnType": "Bill"}]}
CHECK = {
    "VendorRef": {"value": "3"},
    "TotalAmt": 5,
    "PayType": "Check",
    "CheckPayment": {"BankAccountRef": {"value": "35"}},
    "Line": [APPLIED],
}

SOUND = [
    ("payment.create", PAYMENT),
    ("payment.create", {**PAYMENT, "Line": [APPLIED]}),
    ("billpayment.create", CHECK),
    ("invoice.create", {"CustomerRef": {"value": "1"}, "Line": [LINE]}),
    ("invoice.send", {"object_id": "12"}),
    ("invoice.send", {"object_id": "12", "send_to": "ada@example.com"}),
    ("bill.create", {"VendorRef": {"value": "1"}, "Line": [LINE]}),
    ("customer.create", {"DisplayName": "Ada"}),
    ("vendor.create", {"GivenName": "Ada", "FamilyName": "Park"}),
    ("object.update", {"object_type": "Customer", "object_id": "1", "Notes": "x"}),
    ("object.void", {"object_type": "Payment", "object_id": "1"}),
    ("object.delete", {"object_type": "Bill", "object_id": "1"}),
]

WRONG = [
    ("payment.create", {**PAYMENT, "TotalAmt": "25"}, "payload.TotalAmt"),
    ("payment.create", {**PAYMENT, "TotalAmt": True}, "payload.TotalAmt"),
    ("payment.create", {**PAYMENT, "TotalAmt": -1}, "payload.TotalAmt"),
    ("payment.create", {"TotalAmt": 1}, "payload.CustomerRef"),
    ("payment.create", {**PAYMENT, "CustomerRef": "20"}, "payload.CustomerRef"),
    ("payment.create", {**PAYMENT, "Id": "9"}, "payload.Id"),
    ("payment.create", {**PAYMENT, "Line": [{"Amount": 5}]}, "payload.Line[0].LinkedTxn"),
    ("payment.create", {**PAYMENT, "PrivateNote": "x" * 3901}, "payload.PrivateNote"),
    ("billpayment.create", {**CHECK, "PayType": "Cash"}, "payload.PayType"),
    ("billpayment.create", {**CHECK, "PayType": "CreditCard"}, "payload.CreditCardPayment"),
    ("billpayment.create", {**CHECK, "Line": []}, "payload.Line"),
    ("invoice.create", {"CustomerRef": {"value": "1"}}, "payload.Line"),
    ("invoice.send", {"object_id": 12}, "payload.object_id"),
    ("invoice.send", {"object_id": "1", "send_to": "ada"}, "payload.send_to"),
    ("invoice.send", {"object_id": "../1"}, "payload.object_id"),
    ("customer.create", {"Notes": "x"}, "payload.DisplayName"),
    ("object.update", {"object_type": "Customer", "object_id": "1"}, "payload"),
    ("object.update", {"object_type": "Nope", "object_id": "1", "x": 1}, "payload.object_type"),
    ("object.void", {"object_type": "Customer", "object_id": "1"}, "payload.object_type"),
    ("object.void", {"object_type": "Invoice", "object_id": "1", "x": 1}, "payload.x"),
    ("object.delete", {"object_type": "Customer", "object_id": "1"}, "payload.object_type"),
]


@pytest.mark.parametrize(("action_type", "payload"), SOUND)
def test_a_sound_payload_has_no_problems(action_type: str, payload: dict[str, object]) -> None:
    assert problems(action_type, msgspec.json.encode(payload)) == []


@pytest.mark.parametrize(("action_type", "payload", "path"), WRONG)
def test_what_is_wrong_is_named_by_its_path(
    action_type: str, payload: dict[str, object], path: str
) -> None:
    assert [each.path for each in problems(action_type, msgspec.json.encode(payload))] == [path]


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"{", b"\xff", b'"x"'])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    assert [each.path for each in problems("payment.create", payload)] == ["payload"]


def test_the_users_own_bytes_stay_but_for_the_note_that_takes_the_mark() -> None:
    payload = b'{"CustomerRef":{"value":"20"},"TotalAmt":25.10,"PrivateNote":"rent"}'
    intent = Intent("0a1b-2c", "payment.create", payload, 0, None)
    assert request_of(intent).content == (
        b'{"CustomerRef":{"value":"20"},"TotalAmt":25.10,"PrivateNote":"rent [syncline:0a1b2c]"}'
    )


def test_a_try_after_a_refusal_is_another_request_and_a_repeat_the_same() -> None:
    action_id = "3e0c2b0e-95b7-4f0e-9b50-61b8f3a1d7c2"
    first, again, later = (
        Intent(action_id, "payment.create", b"{}", generation, None) for generation in (0, 0, 1)
    )
    assert request_id(first) == request_id(again) != request_id(later)
    assert len(request_id(later)) <= 36
