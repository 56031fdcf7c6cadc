"""What counts as a difference between what was asked of QuickBooks and what it has."""

from typing import Any

import msgspec
import pytest

from actors.vendors.quickbooks.drift import differences, related, related_differences
from actors.vendors.writing import Difference, Target

LINK = {"TxnId": "130", "TxnType": "Invoice"}
PAYMENT: dict[str, Any] = {
    "CustomerRef": {"value": "20", "name": "Ada"},
    "TotalAmt": 25.0,
    "TxnDate": "2026-11-21",
    "PrivateNote": "thanks",
    "Line": [{"Amount": 25.0, "LinkedTxn": [LINK]}],
}
ANSWER: dict[str, Any] = {
    "Id": "163",
    "SyncToken": "0",
    "domain": "QBO",
    "sparse": False,
    "MetaData": {"CreateTime": "2026-11-21T10:00:00-08:00"},
    "CustomerRef": {"value": "20", "name": "Ada Park"},
    "DepositToAccountRef": {"value": "4"},
    "TotalAmt": "25.00",
    "UnappliedAmt": 0,
    "TxnDate": "2026-11-21-08:00",
    "PrivateNote": "thanks [syncline:00ff]",
    "Line": [{"Amount": 25.00, "LinkedTxn": [LINK], "LineEx": {"any": []}}],
}


def compare(asked: object, found: object, action_type: str = "payment.create") -> list[Difference]:
    record = None if found is None else msgspec.json.encode(found)
    return list(differences(action_type, msgspec.json.encode(asked), record))


def changed(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
    return ANSWER | fields


def test_what_the_vendor_spells_otherwise_or_adds_is_no_difference() -> None:
    assert compare(PAYMENT, ANSWER) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"TotalAmt": 24.99}, Difference("TotalAmt", "25.0", "24.99")),
        ({"CustomerRef": {"value": "21"}}, Difference("CustomerRef", "20", "21")),
        ({"TxnDate": "2026-11-22"}, Difference("TxnDate", "2026-11-21", "2026-11-22")),
        (
            {"PrivateNote": "[syncline:00ff]"},
            Difference("PrivateNote", "thanks", "[syncline:00ff]"),
        ),
        ({"Line": []}, Difference("Line[0].LinkedTxn", "Invoice 130", "nothing")),
        (
            {"Line": [{"Amount": 20, "LinkedTxn": [LINK]}]},
            Difference("Line[0].Amount", "25.0", "20"),
        ),
    ],
)
def test_each_field_that_was_set_and_is_otherwise_is_named_with_both_values(
    fields: dict[str, Any], expected: Difference
) -> None:
    assert compare(PAYMENT, changed(**fields)) == [expected]


def test_lines_that_settle_something_may_come_back_in_another_order() -> None:
    other = {"TxnId": "131", "TxnType": "Invoice"}
    lines = [{"Amount": 10, "LinkedTxn": [LINK]}, {"Amount": 15, "LinkedTxn": [other]}]
    assert compare(PAYMENT | {"Line": lines}, changed(Line=lines[::-1])) == []


def test_subtotals_and_numbers_of_lines_are_the_vendors() -> None:
    line = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {"Qty": 1}}
    asked = {"CustomerRef": {"value": "20"}, "Line": [line]}
    subtotal = {"DetailType": "SubTotalLineDetail", "Amount": 10}
    found = {"CustomerRef": {"value": "20"}, "Line": [line | {"Id": "1", "LineNum": 1}, subtotal]}
    assert compare(asked, found, "invoice.create") == []
    (found_difference,) = compare(asked, found | {"Line": [subtotal]}, "invoice.create")
    assert found_difference == Difference("Line[0]", "10", "nothing")


def test_nothing_and_an_empty_value_are_the_same() -> None:
    asked = {"object_type": "Customer", "object_id": "20", "Notes": "", "Job": False}
    assert compare(asked, {"Id": "20"}, "object.update") == []


@pytest.mark.parametrize(
    ("action_type", "asked", "found"),
    [
        ("invoice.create", {"EmailStatus": "NeedToSend"}, {"EmailStatus": "EmailSent"}),
        ("invoice.create", {"PrintStatus": "NeedToPrint"}, {"PrintStatus": "PrintComplete"}),
        ("invoice.create", {"AutoDocNumber": True}, {"DocNumber": "1001"}),
        (
            "billpayment.create",
            {"CheckPayment": {"PrintStatus": "NeedToPrint"}},
            {"CheckPayment": {"PrintStatus": "PrintComplete"}},
        ),
        ("customer.create", {"Balance": 100, "OpenBalanceDate": "2026-11-21"}, {"Balance": 40}),
        ("vendor.create", {"TaxIdentifier": "99-5688293"}, {"TaxIdentifier": "XXXXXX8293"}),
    ],
)
def test_what_the_vendor_moves_on_or_masks_is_no_difference(
    action_type: str, asked: dict[str, object], found: dict[str, object]
) -> None:
    name = {"DisplayName": "Ada"}
    assert compare(name | asked, name | found, action_type) == []


def test_texts_of_digits_are_texts() -> None:
    asked = {"object_type": "Invoice", "object_id": "20", "DocNumber": "007"}
    (difference,) = compare(asked, {"DocNumber": "7"}, "object.update")
    assert difference == Difference("DocNumber", "007", "7")


def test_parts_of_an_address_are_compared_one_by_one() -> None:
    asked = {"DisplayName": "Ada", "BillAddr": {"City": "Springfield", "Line1": "1 Main St"}}
    found = {
        "DisplayName": "Ada",
        "BillAddr": {"Id": "9", "City": "Shelbyville", "Line1": "1 Main St"},
    }
    (difference,) = compare(asked, found, "customer.create")
    assert difference == Difference("BillAddr.City", "Springfield", "Shelbyville")


def test_who_was_made_inactive_was_not_renamed() -> None:
    assert (
        compare({"DisplayName": "Ada"}, {"DisplayName": "Ada (deleted)"}, "customer.create") == []
    )
    assert compare({"DisplayName": "Ada"}, {"DisplayName": "Bea"}, "customer.create")


def test_an_object_that_is_gone_or_should_be_is_told_as_a_whole() -> None:
    assert compare(PAYMENT, None) == [Difference("(object)", "there", "deleted")]
    target = {"object_type": "Payment", "object_id": "163"}
    assert compare(target, None, "object.delete") == []
    assert compare(target, ANSWER, "object.delete") == [Difference("(object)", "deleted", "there")]
    assert compare(target, ANSWER, "object.void") == [Difference("(object)", "void", "not void")]
    voided = changed(TotalAmt=0, PrivateNote="Voided")
    assert compare(target, voided, "object.void") == []


def test_a_mail_was_sent_when_the_vendor_says_so() -> None:
    assert compare({"object_id": "1"}, {"EmailStatus": "EmailSent"}, "invoice.send") == []
    (difference,) = compare({"object_id": "1"}, {"EmailStatus": "NotSet"}, "invoice.send")
    assert difference == Difference("EmailStatus", "EmailSent", "NotSet")


def test_the_invoice_behind_a_payment_names_it() -> None:
    payload = msgspec.json.encode(PAYMENT)
    assert related("payment.create", payload) == (Target("Invoice", "130"),)

    def compared(*links: dict[str, str]) -> list[Difference]:
        record = msgspec.json.encode({"Id": "130", "LinkedTxn": links})
        return list(related_differences("payment.create", payload, "163", record))

    assert compared({"TxnId": "163", "TxnType": "Payment"}) == []
    assert compared() == [Difference("LinkedTxn", "Payment 163", "nothing")]
    assert compared({"TxnId": "163", "TxnType": "Estimate"})


def test_a_long_value_is_cut() -> None:
    (difference,) = compare(PAYMENT | {"PrivateNote": "x" * 3000}, ANSWER)
    assert len(difference.asked) <= 201


ODD: list[object] = [None, 5, "odd", {"TxnId": "163"}, [None], [1], ["odd"], [[]]]
"""What may stand where a list of objects is expected: users' payloads are not checked that far."""


@pytest.mark.parametrize("odd", ODD)
def test_whatever_stands_in_place_of_lines_and_links_is_compared(odd: object) -> None:
    line = {"Amount": 1, "DetailType": "DescriptionOnly"}
    invoice = {"CustomerRef": {"value": "20"}}
    for asked in (odd, [line | {"LinkedTxn": odd}], [line]):
        for found in (odd, [line | {"LinkedTxn": odd}], [line]):
            compare(invoice | {"Line": asked}, invoice | {"Line": found}, "invoice.create")
    record = msgspec.json.encode({"Id": "130", "LinkedTxn": odd})
    payload = msgspec.json.encode(PAYMENT)
    (difference,) = related_differences("payment.create", payload, "163", record)
    assert difference == Difference("LinkedTxn", "Payment 163", "nothing")


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "none"])
def test_a_text_that_is_no_number_differs_from_one(text: str) -> None:
    assert compare(PAYMENT, changed(TotalAmt=text)) == [Difference("TotalAmt", "25.0", text)]
