"""Simulator points 18, 19 and 21 in part: creates, updates, voids and deletes."""

import pytest

from daemon.sandbox.quickbooks.json_text import encode
from unit.daemon.sandbox.caller import ITEM_LINE, Caller, Json, change, error_of, new_invoice, ok


def test_an_invoice_is_created_with_everything_that_the_vendor_fills_in(caller: Caller) -> None:
    customer = caller.sandbox.read(caller.realm, "Customer", "1")
    item = caller.sandbox.read(caller.realm, "Item", "1")
    invoice = new_invoice(caller)
    assert list(invoice)[4:9] == ["domain", "sparse", "Id", "SyncToken", "MetaData"]
    assert invoice["SyncToken"] == "0"
    assert invoice["DocNumber"] == "1061"
    assert (invoice["TxnDate"], invoice["DueDate"]) == ("2026-11-21", "2026-12-21")
    assert invoice["LinkedTxn"] == []
    assert invoice["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": 100,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "1", "name": item["Name"]},
                "TaxCodeRef": {"value": "NON"},
            },
        },
        {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    assert invoice["CustomerRef"] == {"value": "1", "name": customer["DisplayName"]}
    assert invoice["BillAddr"] == customer["BillAddr"]
    assert (invoice["PrintStatus"], invoice["EmailStatus"]) == ("NeedToPrint", "NotSet")
    assert invoice["MetaData"]["CreateTime"] == invoice["MetaData"]["LastUpdatedTime"]


def test_a_percentage_discount_and_tax_enter_the_total(caller: Caller) -> None:
    discount = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    invoice = new_invoice(caller, Line=[ITEM_LINE, discount], TxnTaxDetail={"TotalTax": 7.2})
    assert [line["Amount"] for line in invoice["Line"]] == [100, 100, 10]
    assert encode(invoice["TotalAmt"]) == b"97.20"
    assert invoice["Balance"] == invoice["TotalAmt"]


def test_a_customer_is_created_from_its_display_name_alone(caller: Caller) -> None:
    customer = caller.create("Customer", {"DisplayName": "Ørsted's Café"})
    assert customer["FullyQualifiedName"] == "Ørsted's Café"
    assert customer["PrintOnCheckName"] == "Ørsted's Café"
    assert (customer["Job"], customer["Active"], customer["Balance"]) == (False, True, 0)


def test_a_sub_customer_is_qualified_by_its_parent(caller: Caller) -> None:
    parent = caller.create("Customer", {"DisplayName": "Parent"})
    body = {"DisplayName": "55 Twin Lane", "ParentRef": {"value": parent["Id"]}}
    child = caller.create("Customer", body)
    assert child["FullyQualifiedName"] == "Parent:55 Twin Lane"
    assert (child["Job"], child["Level"]) == (True, 1)
    assert child["ParentRef"] == {"value": parent["Id"]}


def test_a_name_is_made_of_its_parts_when_none_is_given(caller: Caller) -> None:
    vendor = caller.create("Vendor", {"GivenName": "Zoë", "FamilyName": "O'Brien"})
    assert vendor["DisplayName"] == "Zoë O'Brien"


def test_an_unapplied_payment_is_a_credit_in_undeposited_funds(caller: Caller) -> None:
    payment = caller.create("Payment", {"CustomerRef": {"value": "2"}, "TotalAmt": 25.0})
    assert (payment["UnappliedAmt"], payment["Line"]) == (25, [])
    assert payment["ProcessPayment"] is False
    funds = caller.rows("select * from Account where AccountSubType = 'UndepositedFunds'")
    assert payment["DepositToAccountRef"] == {"value": funds[0]["Id"]}


def test_two_identical_payments_are_two_payments(caller: Caller) -> None:
    body = {"CustomerRef": {"value": "2"}, "TotalAmt": 25, "PaymentRefNum": "77"}
    assert caller.create("Payment", body)["Id"] != caller.create("Payment", body)["Id"]
    assert len(caller.rows("select * from Payment where PaymentRefNum = '77'")) == 2


def test_a_payment_above_what_is_open_is_refused_and_changes_nothing(caller: Caller) -> None:
    invoice = new_invoice(caller)
    before = caller.sandbox.truth(caller.realm)
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    body = {
        "CustomerRef": {"value": "1"},
        "TotalAmt": 101,
        "Line": [{"Amount": 101, "LinkedTxn": [link]}],
    }
    assert error_of(caller.api("POST", "payment", body=body))["code"] == "6000"
    body["TotalAmt"] = 50
    assert error_of(caller.api("POST", "payment", body=body))["code"] == "6000"
    assert caller.sandbox.truth(caller.realm) == before
    assert caller.sandbox.applied_writes()[-1].object_id == invoice["Id"]


def test_a_sparse_update_changes_what_is_sent_and_keeps_the_rest(caller: Caller) -> None:
    before = caller.sandbox.read(caller.realm, "Customer", "1")
    caller.clock.advance(minutes=1)
    after = change(caller, "Customer", before, {"sparse": True, "Notes": "héllo"})
    assert (after["Notes"], after["SyncToken"]) == ("héllo", "1")
    assert after["MetaData"]["LastUpdatedTime"] == "2026-11-21T04:01:01-08:00"
    unchanged = {key: value for key, value in after.items() if key in before}
    assert unchanged | {"SyncToken": "0", "MetaData": before["MetaData"]} == before


def test_a_full_update_clears_what_is_left_out(caller: Caller) -> None:
    before = caller.sandbox.read(caller.realm, "Customer", "1")
    after = change(caller, "Customer", before, {"DisplayName": before["DisplayName"]})
    assert "PrimaryPhone" in before
    assert "PrimaryPhone" not in after
    assert after["Balance"] == before["Balance"]
    assert after["Active"] is True


def test_a_blank_value_in_a_sparse_update_clears_the_property(caller: Caller) -> None:
    before = change(
        caller,
        "Customer",
        caller.sandbox.read(caller.realm, "Customer", "1"),
        {"sparse": True, "Notes": "x"},
    )
    assert "Notes" not in change(caller, "Customer", before, {"sparse": True, "Notes": ""})


def test_an_update_that_changes_nothing_moves_neither_token_nor_time(caller: Caller) -> None:
    before = caller.sandbox.deactivate(caller.realm, "Account", "20")
    caller.clock.advance(minutes=1)
    body = {"sparse": True, "Active": False, "Name": before["Name"]}
    assert change(caller, "Account", before, body) == before


@pytest.mark.parametrize("entity", ["Invoice", "Bill", "Payment", "BillPayment", "Item"])
def test_sending_an_object_back_as_it_was_changes_nothing(caller: Caller, entity: str) -> None:
    before = caller.find(entity, "maxresults 1")[0]
    caller.clock.advance(minutes=1)
    assert ok(caller.api("POST", entity.lower(), body=before))[entity] == before
    assert caller.sandbox.applied_writes() == []


def test_lines_are_all_or_none_and_known_ones_keep_their_id(caller: Caller) -> None:
    invoice = new_invoice(caller, Line=[ITEM_LINE, ITEM_LINE])
    first = invoice["Line"][0]
    lines = [ITEM_LINE | {"Id": "-1", "Amount": 5}, first, ITEM_LINE | {"Amount": 7}]
    after = change(caller, "Invoice", invoice, {"sparse": True, "Line": lines})
    assert [line.get("Id") for line in after["Line"]] == ["2", "1", "3", None]
    assert after["TotalAmt"] == 112
    untouched = change(caller, "Invoice", after, {"sparse": True, "PrivateNote": "x"})
    assert untouched["Line"] == after["Line"]


def test_raising_a_part_paid_invoice_keeps_what_was_paid(caller: Caller) -> None:
    invoice = new_invoice(caller)
    caller.sandbox.pay_invoice(caller.realm, invoice["Id"])
    paid = caller.sandbox.read(caller.realm, "Invoice", invoice["Id"])
    lines = [ITEM_LINE | {"Amount": 130}]
    after = change(caller, "Invoice", paid, {"sparse": True, "Line": lines})
    assert (after["TotalAmt"], after["Balance"]) == (130, 30)


def test_read_only_properties_are_ignored(caller: Caller) -> None:
    invoice = new_invoice(caller, TotalAmt=9999, Balance=1, LinkedTxn=[{"TxnId": "1"}])
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["LinkedTxn"]) == (100, 100, [])


def test_an_old_sync_token_is_stale_and_names_the_other_user(caller: Caller) -> None:
    before = caller.sandbox.read(caller.realm, "Customer", "1")
    change(caller, "Customer", before, {"sparse": True, "Notes": "mine"})
    body = {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "yours"}
    error = error_of(caller.api("POST", "customer", body=body))
    assert (error["code"], error["Message"]) == ("5010", "Stale Object Error")
    assert error["Detail"].startswith("Stale Object Error : You and ")
    assert "finished before you did, so your work was not saved." in error["Detail"]


@pytest.mark.parametrize(
    ("entity", "body", "code", "element"),
    [
        ("Customer", {"DisplayName": "A", "BadJson": True}, "2010", None),
        ("Invoice", {"CustomerRef": {"value": "1"}, "Line": [{"Bad": 1}]}, "2010", None),
        ("Customer", {"Notes": "nameless"}, "2020", "DisplayName"),
        ("Invoice", {"Line": [ITEM_LINE]}, "2020", "CustomerRef"),
        ("Invoice", {"CustomerRef": {"value": "1"}}, "2020", "Line"),
        ("Invoice", {"CustomerRef": {"name": "x"}, "Line": []}, "2020", "CustomerRef"),
        ("Payment", {"CustomerRef": {"value": "1"}}, "2020", "TotalAmt"),
        ("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": "much"}, "2080", "TotalAmt"),
        ("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": True}, "2080", "TotalAmt"),
        ("Payment", {"CustomerRef": {"value": "99999"}, "TotalAmt": 1}, "2500", ""),
        (
            "Invoice",
            {
                "CustomerRef": {"value": "1"},
                "Line": [ITEM_LINE | {"SalesItemLineDetail": {"ItemRef": {"value": "99999"}}}],
            },
            "2500",
            "",
        ),
        (
            "BillPayment",
            {"VendorRef": {"value": "41"}, "TotalAmt": 1, "PayType": "Cash"},
            "2170",
            "PayType",
        ),
        (
            "BillPayment",
            {"VendorRef": {"value": "41"}, "TotalAmt": 1, "PayType": "Check"},
            "2020",
            "BankAccountRef",
        ),
    ],
)
def test_bad_bodies_are_refused_by_code(
    caller: Caller, entity: str, body: Json, code: str, element: str | None
) -> None:
    before = caller.sandbox.truth(caller.realm)
    error = error_of(caller.api("POST", entity.lower(), body=body))
    assert (error["code"], error.get("element")) == (code, element)
    assert error["type"] == "ValidationFault"
    assert caller.sandbox.truth(caller.realm) == before


def test_an_unknown_property_is_answered_with_the_known_ones(caller: Caller) -> None:
    error = error_of(caller.api("POST", "invoice", body={"BadJson": True}))
    assert error["Message"] == "Request has invalid or unsupported property"
    opening = (
        'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice), '
        "not marked as ignorable ("
    )
    assert error["Detail"].startswith(opening)
    assert '"DocNumber"' in error["Detail"]


@pytest.mark.parametrize(
    ("body", "code"), [(b'{"DisplayName":', "2010"), (b"[1]", "2010"), (b'"\xff"', "500")]
)
def test_bodies_that_are_no_json_or_no_utf8_are_refused(
    caller: Caller, body: bytes, code: str
) -> None:
    assert error_of(caller.api("POST", "customer", body=body))["code"] == code


def test_a_reference_to_an_inactive_object_is_610(caller: Caller) -> None:
    caller.sandbox.deactivate(caller.realm, "Customer", "1")
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 1}
    error = error_of(caller.api("POST", "payment", body=body))
    assert error["code"] == "610"
    assert "has been made inactive" in error["Detail"]


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_a_name_is_unique_over_customers_vendors_and_employees(caller: Caller, entity: str) -> None:
    taken = caller.sandbox.read(caller.realm, "Vendor", "41")["DisplayName"]
    reply = caller.api("POST", entity.lower(), body={"DisplayName": taken.upper()})
    error = error_of(reply)
    assert error == {
        "Message": "Duplicate Name Exists Error",
        "Detail": "The name supplied already exists. : null",
        "code": "6240",
        "type": "ValidationFault",
    }


def test_a_bill_update_needs_its_vendor_even_when_sparse(caller: Caller) -> None:
    bill = caller.rows("select * from Bill maxresults 1")[0]
    body = {"Id": bill["Id"], "SyncToken": bill["SyncToken"], "sparse": True, "PrivateNote": "x"}
    assert error_of(caller.api("POST", "bill", body=body))["element"] == "VendorRef"
    assert change(caller, "Bill", bill, body | {"VendorRef": bill["VendorRef"]})


def test_the_company_is_read_by_its_realm_and_updated_but_never_created(caller: Caller) -> None:
    company = ok(caller.api("GET", f"companyinfo/{caller.realm}"))["CompanyInfo"]
    assert company["Id"] == "1"
    assert ok(caller.api("GET", "companyinfo/1"))["CompanyInfo"] == company
    after = change(caller, "CompanyInfo", company, {"sparse": True, "LegalName": "New, LLC"})
    assert after["LegalName"] == "New, LLC"
    refused = caller.api("POST", "companyinfo", body={"CompanyName": "Another"})
    assert error_of(refused)["code"] == "500"


@pytest.mark.parametrize(
    ("path", "code", "timed"),
    [
        ("customer/1.5", "2030", False),
        ("customer/x", "2030", False),
        ("invoice/99999", "610", True),
    ],
)
def test_ids_that_are_no_numbers_or_lead_nowhere(
    caller: Caller, path: str, code: str, timed: bool
) -> None:
    reply = caller.api("GET", path)
    assert error_of(reply)["code"] == code
    assert (b'"time":' in reply.body) is timed


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("Employee", {"GivenName": "Renée", "FamilyName": "Shea"}),
        ("Class", {"Name": "North"}),
        ("Estimate", {"CustomerRef": {"value": "1"}, "Line": [ITEM_LINE]}),
        ("SalesReceipt", {"CustomerRef": {"value": "1"}, "Line": [ITEM_LINE]}),
        ("JournalEntry", {"Line": [{"Amount": 5, "DetailType": "JournalEntryLineDetail"}]}),
        (
            "Purchase",
            {
                "AccountRef": {"value": "1"},
                "PaymentType": "Cash",
                "Line": [
                    {
                        "Amount": 5,
                        "DetailType": "AccountBasedExpenseLineDetail",
                        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "20"}},
                    }
                ],
            },
        ),
        (
            "Transfer",
            {"FromAccountRef": {"value": "1"}, "ToAccountRef": {"value": "2"}, "Amount": 5},
        ),
    ],
)
def test_further_types_are_created_queried_and_captured(
    caller: Caller, entity: str, body: Json
) -> None:
    created = caller.create(entity, body)
    assert caller.find(entity) == [created]
    assert caller.cdc(entity, "2026-11-21T12:00:00Z")[0][entity] == [created]
