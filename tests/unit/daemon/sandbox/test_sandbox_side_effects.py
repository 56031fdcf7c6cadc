"""Simulator points 15, 16 and 20: what one act moves elsewhere."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sandbox.quickbooks import Behaviour, MutationKind
from daemon.sandbox.quickbooks.json_text import decode_document
from unit.daemon.sandbox.caller import Caller, Json, error_of

RECENT = "2026-11-21T12:00:00Z"
LATER = "2026-11-21T04:10:00-08:00"


def account(caller: Caller, sub_type: str) -> Json:
    rows = caller.find("Account", f"where AccountSubType = '{sub_type}'")
    return rows[0]


def line(amount: float) -> Json:
    detail = {"ItemRef": {"value": "1"}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def later(caller: Caller) -> None:
    caller.clock.advance(minutes=9, seconds=59)


def family(caller: Caller) -> tuple[Json, Json]:
    """Return a parent customer and its sub-customer."""
    parent = caller.create("Customer", {"DisplayName": "Parent"})
    child = caller.create(
        "Customer", {"DisplayName": "Child", "ParentRef": {"value": parent["Id"]}}
    )
    return parent, child


def moved(caller: Caller, entity: str) -> list[Json]:
    [member] = caller.cdc(entity, LATER)
    rows: list[Json] = member.get(entity, [])
    return rows


def test_an_invoice_moves_its_customer_the_parent_and_receivables_in_its_own_second(
    caller: Caller,
) -> None:
    parent, child = family(caller)
    receivable = account(caller, "AccountsReceivable")
    later(caller)
    body = {"CustomerRef": {"value": child["Id"]}, "Line": [line(100)]}
    invoice = caller.create("Invoice", body)
    customers = {row["Id"]: row for row in moved(caller, "Customer")}
    assert set(customers) == {parent["Id"], child["Id"]}
    assert customers[child["Id"]]["Balance"] == 100
    assert customers[parent["Id"]]["Balance"] == 0
    assert customers[parent["Id"]]["BalanceWithJobs"] == 100
    [moved_account] = moved(caller, "Account")
    assert moved_account["Id"] == receivable["Id"]
    assert moved_account["CurrentBalance"] == receivable["CurrentBalance"] + 100
    for row in (*customers.values(), moved_account):
        assert row["SyncToken"] == "0"
        assert row["MetaData"]["LastUpdatedTime"] == invoice["MetaData"]["LastUpdatedTime"]


def test_a_payment_moves_its_invoices_token_balance_and_links(caller: Caller) -> None:
    body = {"CustomerRef": {"value": "1"}, "Line": [line(100)]}
    invoice = caller.create("Invoice", body)
    undeposited = account(caller, "UndepositedFunds")
    later(caller)
    payment = caller.sandbox.pay_invoice(caller.realm, invoice["Id"], Decimal(40))
    [paid] = moved(caller, "Invoice")
    assert paid["Balance"] == 60
    assert paid["SyncToken"] == "1"
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert paid["MetaData"]["LastUpdatedTime"] == payment["MetaData"]["LastUpdatedTime"] == LATER
    accounts = {row["AccountSubType"]: row for row in moved(caller, "Account")}
    assert set(accounts) == {"AccountsReceivable", "UndepositedFunds"}
    assert accounts["UndepositedFunds"]["CurrentBalance"] == undeposited["CurrentBalance"] + 40
    assert [row["Id"] for row in moved(caller, "Customer")] == ["1"]


def test_a_payments_lines_carry_the_jaxb_noise(caller: Caller) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(71)]})
    payment = caller.sandbox.pay_invoice(caller.realm, invoice["Id"], Decimal(55))
    noise = payment["Line"][0]["LineEx"]["any"]
    values = {item["value"]["Name"]: item["value"]["Value"] for item in noise}
    assert values == {
        "txnId": invoice["Id"],
        "txnOpenBalance": "71.00",
        "txnReferenceNumber": invoice["DocNumber"],
    }
    assert noise[0]["declaredType"] == "com.intuit.schema.finance.v3.NameValue"


@pytest.mark.parametrize("pay_type", ["Check", "CreditCard"])
def test_a_bill_links_back_as_a_check_whatever_paid_it(caller: Caller, pay_type: str) -> None:
    bill = caller.rows("select * from Bill where Balance > '0' maxresults 1")[0]
    bank, card = account(caller, "Checking"), account(caller, "CreditCard")
    member: Json = {
        "Check": {"CheckPayment": {"BankAccountRef": {"value": bank["Id"]}}},
        "CreditCard": {"CreditCardPayment": {"CCAccountRef": {"value": card["Id"]}}},
    }[pay_type]
    body = {
        "VendorRef": bill["VendorRef"],
        "TotalAmt": bill["Balance"],
        "PayType": pay_type,
        "Line": [
            {"Amount": bill["Balance"], "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}
        ],
    }
    payment = caller.create("BillPayment", body | member)
    paid = caller.sandbox.read(caller.realm, "Bill", bill["Id"])
    assert paid["Balance"] == 0
    assert paid["LinkedTxn"][-1] == {"TxnId": payment["Id"], "TxnType": "BillPaymentCheck"}
    assert int(paid["SyncToken"]) == int(bill["SyncToken"]) + 1


def test_a_credit_card_payment_raises_what_is_owed_on_the_card(caller: Caller) -> None:
    card, vendor = account(caller, "CreditCard"), caller.create("Vendor", {"DisplayName": "V"})
    caller.create(
        "BillPayment",
        {
            "VendorRef": {"value": vendor["Id"]},
            "TotalAmt": 30,
            "PayType": "CreditCard",
            "CreditCardPayment": {"CCAccountRef": {"value": card["Id"]}},
        },
    )
    after = caller.sandbox.read(caller.realm, "Account", card["Id"])
    assert after["CurrentBalance"] == card["CurrentBalance"] + 30
    assert caller.sandbox.read(caller.realm, "Vendor", vendor["Id"])["Balance"] == -30


def test_deleting_a_payment_opens_its_invoice_again(caller: Caller) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(80)]})
    customer = caller.sandbox.read(caller.realm, "Customer", "1")
    payment = caller.sandbox.pay_invoice(caller.realm, invoice["Id"])
    caller.sandbox.delete(caller.realm, "Payment", payment["Id"])
    reopened = caller.sandbox.read(caller.realm, "Invoice", invoice["Id"])
    assert (reopened["Balance"], reopened["LinkedTxn"], reopened["SyncToken"]) == (80, [], "2")
    assert caller.sandbox.read(caller.realm, "Customer", "1")["Balance"] == customer["Balance"]


@pytest.mark.parametrize("end", ["void", "delete"])
def test_ending_a_paid_invoice_leaves_its_payment_unapplied(caller: Caller, end: str) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(80)]})
    payment = caller.sandbox.pay_invoice(caller.realm, invoice["Id"])
    getattr(caller.sandbox, end)(caller.realm, "Invoice", invoice["Id"])
    loose = caller.sandbox.read(caller.realm, "Payment", payment["Id"])
    assert (loose["Line"], loose["UnappliedAmt"], loose["SyncToken"]) == ([], 80, "1")


def test_a_credit_memo_settles_an_invoice_through_a_payment_of_nothing(caller: Caller) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(80)]})
    credit = caller.create("CreditMemo", {"CustomerRef": {"value": "1"}, "Line": [line(50)]})
    lines = [
        {"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]},
        {"Amount": 50, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "CreditMemo"}]},
    ]
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 0, "Line": lines}
    assert caller.create("Payment", body)["UnappliedAmt"] == 0
    assert caller.sandbox.read(caller.realm, "Invoice", invoice["Id"])["Balance"] == 30
    assert caller.sandbox.read(caller.realm, "CreditMemo", credit["Id"])["RemainingCredit"] == 0


def test_a_deposit_links_its_payment_which_can_then_not_be_changed(caller: Caller) -> None:
    payment = caller.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 25})
    deposit = caller.sandbox.deposit(caller.realm, [payment["Id"]])
    linked = caller.sandbox.read(caller.realm, "Payment", payment["Id"])
    assert linked["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    body = {"Id": payment["Id"], "SyncToken": linked["SyncToken"]}
    for params in ({"operation": "delete"}, {"operation": "update", "include": "void"}, {}):
        refused = caller.api("POST", "payment", params, body=body | {"sparse": True})
        assert error_of(refused)["code"] == "6540"
    caller.sandbox.delete(caller.realm, "Deposit", deposit["Id"])
    caller.sandbox.delete(caller.realm, "Payment", payment["Id"])


def test_sending_an_invoice_moves_its_time_and_not_its_token(caller: Caller) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(80)]})
    later(caller)
    path = f"invoice/{invoice['Id']}/send"
    reply = caller.api(
        "POST", path, {"sendTo": "a@b.example"}, content_type="application/octet-stream"
    )
    assert reply.status == 200
    sent = caller.sandbox.read(caller.realm, "Invoice", invoice["Id"])
    assert (sent["EmailStatus"], sent["SyncToken"]) == ("EmailSent", "0")
    assert sent["BillEmail"] == {"Address": "a@b.example"}
    assert sent["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": LATER}
    assert sent["MetaData"]["LastUpdatedTime"] == LATER


def test_an_edit_that_moves_no_money_moves_no_balance(caller: Caller) -> None:
    invoice = caller.rows("select * from Invoice maxresults 1")[0]
    later(caller)
    caller.sandbox.update(caller.realm, "Invoice", invoice["Id"], {"PrivateNote": "x"})
    assert moved(caller, "Customer") == moved(caller, "Account") == []


def test_moving_an_invoice_to_another_customer_moves_both_balances(caller: Caller) -> None:
    first, second = (caller.create("Customer", {"DisplayName": name}) for name in "AB")
    body = {"CustomerRef": {"value": first["Id"]}, "Line": [line(100)]}
    invoice = caller.create("Invoice", body)
    change = {"CustomerRef": {"value": second["Id"]}}
    caller.sandbox.update(caller.realm, "Invoice", invoice["Id"], change)
    balances = [
        caller.sandbox.read(caller.realm, "Customer", item["Id"])["Balance"]
        for item in (first, second)
    ]
    assert balances == [0, 100]


def test_more_than_1000_objects_can_share_one_second(caller: Caller) -> None:
    later(caller)
    ids = caller.sandbox.bulk(caller.realm, "Invoice", 1500)
    where = "where MetaData.LastUpdatedTime = '2026-11-21T04:10:00-08:00'"
    counted = (
        "select count(*) from Invoice where MetaData.LastUpdatedTime = '2026-11-21T04:10:00-08:00'"
    )
    assert caller.query(counted) == {"totalCount": 1500}
    pages = [
        caller.find("Invoice", where, f"startposition {start} maxresults 1000")
        for start in (1, 1001)
    ]
    assert sorted(row["Id"] for page in pages for row in page) == sorted(ids)


def test_bulk_can_spread_over_the_seconds_before_now(caller: Caller) -> None:
    caller.sandbox.bulk(caller.realm, "Vendor", 250, same_second=False)
    rows = caller.rows("select * from Vendor where AcctNum = ' ' maxresults 1000")
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["MetaData"]["LastUpdatedTime"]] += 1
    newest = sorted(counts)[-3:]
    assert [counts[stamp] for stamp in newest] == [100, 100, 50]


@pytest.mark.parametrize("touches", [True, False])
@pytest.mark.parametrize("inactive", [True, False])
def test_a_merge_hands_everything_to_the_survivor(touches: bool, inactive: bool) -> None:
    caller = Caller(
        behaviour=Behaviour(merge_touches_transactions=touches, merge_leaves_inactive=inactive)
    )
    caller.connect()
    loser, survivor = (caller.create("Customer", {"DisplayName": name}) for name in "AB")
    body = {"CustomerRef": {"value": loser["Id"]}, "Line": [line(100)]}
    invoice = caller.create("Invoice", body)
    later(caller)
    caller.sandbox.merge(caller.realm, "Customer", loser["Id"], survivor["Id"])
    repointed = caller.sandbox.read(caller.realm, "Invoice", invoice["Id"])
    assert repointed["CustomerRef"] == {"value": survivor["Id"], "name": "B"}
    assert (repointed["MetaData"]["LastUpdatedTime"] == LATER) is touches
    assert caller.sandbox.read(caller.realm, "Customer", survivor["Id"])["Balance"] == 100
    [gone] = [row for row in moved(caller, "Customer") if row["Id"] == loser["Id"]]
    if inactive:
        assert (gone["Active"], gone["DisplayName"]) == (False, "A (deleted)")
    else:
        assert gone["status"] == "Deleted"
        [merge] = [m for m in caller.sandbox.mutations() if m.merged_into == survivor["Id"]]
        assert (merge.object_id, merge.kind) == (loser["Id"], MutationKind.MERGE)


@pytest.mark.parametrize("entity", ["Vendor", "Account"])
def test_vendors_and_accounts_merge_too(caller: Caller, entity: str) -> None:
    reference = f"{entity}Ref"
    bill = caller.rows("select * from Bill maxresults 1")[0]
    detail = bill["Line"][0]["AccountBasedExpenseLineDetail"]
    loser_id = (bill if entity == "Vendor" else detail)[reference]["value"]
    survivor = caller.create(
        entity,
        {"DisplayName": "S"} if entity == "Vendor" else {"Name": "S", "AccountType": "Expense"},
    )
    caller.sandbox.merge(caller.realm, entity, loser_id, survivor["Id"])
    everywhere = caller.sandbox.truth(caller.realm)
    assert loser_id not in everywhere[entity]
    after = decode_document(everywhere["Bill"][bill["Id"]])
    now = after if entity == "Vendor" else after["Line"][0]["AccountBasedExpenseLineDetail"]
    assert now[reference]["value"] == survivor["Id"]


def test_what_cannot_be_merged_is_refused(caller: Caller) -> None:
    with pytest.raises(ValueError, match="cannot merge"):
        caller.sandbox.merge(caller.realm, "Item", "1", "2")
    with pytest.raises(ValueError, match="cannot merge"):
        caller.sandbox.merge(caller.realm, "Customer", "1", "1")


def documents(caller: Caller) -> dict[str, dict[str, Json]]:
    return {
        name: {object_id: decode_document(body) for object_id, body in objects.items()}
        for name, objects in caller.sandbox.truth(caller.realm).items()
    }


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_the_ledger_adds_up_after_any_churn(seed: int) -> None:
    caller = Caller(seed=seed)
    caller.realm = caller.sandbox.add_company(scale=0.5)
    for _ in range(25):
        caller.clock.advance(seconds=3.7)
        caller.sandbox.churn(caller.realm, 5)
    objects = documents(caller)
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for name, sign, party in (
        ("Invoice", 1, "Customer"),
        ("Payment", -1, "Customer"),
        ("Bill", 1, "Vendor"),
        ("BillPayment", -1, "Vendor"),
    ):
        for row in objects[name].values():
            owed[party + row[f"{party}Ref"]["value"]] += sign * Decimal(row["TotalAmt"])
            owed[party] += sign * Decimal(row["TotalAmt"])
    for party in ("Customer", "Vendor"):
        for row in objects[party].values():
            assert row["Balance"] == owed[party + row["Id"]]
    accounts = {row["AccountSubType"]: row for row in objects["Account"].values()}
    assert accounts["AccountsReceivable"]["CurrentBalance"] == owed["Customer"]
    assert accounts["AccountsPayable"]["CurrentBalance"] == owed["Vendor"]
    applied: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in objects["Payment"].values():
        lines = sum((Decimal(item["Amount"]) for item in payment["Line"]), Decimal(0))
        assert payment["UnappliedAmt"] == payment["TotalAmt"] - lines
        for item in payment["Line"]:
            applied[item["LinkedTxn"][0]["TxnId"]] += Decimal(item["Amount"])
    for invoice in objects["Invoice"].values():
        assert invoice["Balance"] == invoice["TotalAmt"] - applied[invoice["Id"]]


def test_a_form_without_an_address_cannot_be_sent_and_a_bill_never(caller: Caller) -> None:
    invoice = caller.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(80)]})
    assert error_of(caller.api("POST", f"invoice/{invoice['Id']}/send"))["element"] == "BillEmail"
    assert error_of(caller.api("POST", "invoice/99999/send"))["code"] == "610"
    assert error_of(caller.api("POST", "bill/1/send"))["code"] == "500"


def test_bills_of_a_vendor_are_paid_from_the_bank(caller: Caller) -> None:
    bill = caller.find("Bill", "where Balance > '0' maxresults 1")[0]
    bank = account(caller, "Checking")
    caller.sandbox.pay_bill(caller.realm, bill["Id"])
    after = caller.sandbox.read(caller.realm, "Account", bank["Id"])
    assert after["CurrentBalance"] == bank["CurrentBalance"] - bill["Balance"]


def test_without_posting_accounts_only_names_move() -> None:
    caller = Caller()
    caller.connect()
    for sub_type in ("AccountsReceivable", "UndepositedFunds"):
        found = account(caller, sub_type)
        caller.sandbox.merge(caller.realm, "Account", found["Id"], account(caller, "Savings")["Id"])
    later(caller)
    caller.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5})
    assert [row["Id"] for row in moved(caller, "Customer")] == ["1"]
    assert moved(caller, "Account") == []
