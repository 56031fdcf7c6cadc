import json
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.quickbooks.finance import FINANCE, company, document
from store.finance import FinanceDocument, FinanceSource, Flow, Section, UnusableObject

Made = FinanceDocument | UnusableObject | None

INVOICE = """"CustomerRef":{"value":"4","name":"Cool Cars"},"TxnDate":"2026-05-01",
"DueDate":"2026-06-01","TotalAmt":362.07,"Balance":262.07,"CurrencyRef":{"value":"USD"},
"DocNumber":"1038" """
BILL_PAYMENT = """"VendorRef":{"value":"9"},"TxnDate":"2026-05-01","CurrencyRef":{"value":"USD"},
"TotalAmt":%s,"Line":[%s]"""


def made(object_type: str, body: str) -> Made:
    return document(FinanceSource(object_type, "17", deleted=False, payload=f"{{{body}}}".encode()))


def usable(object_type: str, body: str) -> FinanceDocument:
    found = made(object_type, body)
    assert isinstance(found, FinanceDocument), found
    return found


def problem(object_type: str, body: str) -> str:
    found = made(object_type, body)
    assert isinstance(found, UnusableObject), found
    return found.problem


def line(amount: str, kind: str) -> str:
    return f'{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"1","TxnType":"{kind}"}}]}}'


def test_an_open_invoice_is_a_debt_by_its_due_date() -> None:
    assert usable("Invoice", INVOICE) == FinanceDocument(
        object_type="Invoice",
        object_id="17",
        currency="USD",
        section=Section.RECEIVABLE,
        number="1038",
        party_id="4",
        party_name="Cool Cars",
        dated_on=date(2026, 5, 1),
        due_on=date(2026, 6, 1),
        open_amount=Decimal("262.07"),
        total=Decimal("362.07"),
    )


@pytest.mark.parametrize("balance", ["0", "0.00", "-0"])
def test_a_paid_or_voided_invoice_counts_for_nothing(balance: str) -> None:
    assert made("Invoice", INVOICE.replace("262.07", balance)) is None
    voided = '"PrivateNote":"Voided","TotalAmt":0,"Balance":0'
    assert made("Invoice", voided) is None


def test_without_a_due_date_the_day_of_the_transaction_counts() -> None:
    assert usable("Invoice", INVOICE.replace('"DueDate":"2026-06-01",', "")).due_on == date(
        2026, 5, 1
    )


@pytest.mark.parametrize("object_type", ["CreditMemo", "VendorCredit"])
def test_a_credit_counts_below_zero_from_its_own_day(object_type: str) -> None:
    found = usable(object_type, INVOICE + ',"VendorRef":{"value":"4"}')
    assert found.open_amount == Decimal("-262.07")
    assert found.due_on == date(2026, 5, 1)


def test_what_is_left_of_a_payment_is_a_credit() -> None:
    found = usable("Payment", INVOICE + ',"UnappliedAmt":12.50,"PaymentRefNum":"c-1"')
    assert (found.section, found.open_amount) == (Section.RECEIVABLE, Decimal("-12.50"))
    assert (found.flow, found.total, found.number) == (Flow.IN, Decimal("362.07"), "c-1")
    used = usable("Payment", INVOICE + ',"UnappliedAmt":0')
    assert (used.section, used.flow) == (None, Flow.IN)


@pytest.mark.parametrize(
    ("total", "lines", "left"),
    [
        ("100", line("100", "Bill"), 0),
        ("100", line("60", "Bill"), 40),
        ("70", f"{line('100', 'Bill')},{line('30', 'VendorCredit')}", 0),
        ("0.30", f"{line('0.1', 'Bill')},{line('0.1', 'Bill')}", Decimal("0.1")),
        ("5", "", 5),
    ],
)
def test_what_is_left_of_a_bill_payment_is_worked_out(
    total: str, lines: str, left: Decimal
) -> None:
    found = usable("BillPayment", BILL_PAYMENT % (total, lines))
    assert (found.flow, -found.open_amount) == (Flow.OUT, left)


def test_bank_accounts_are_kept_unless_closed_and_empty() -> None:
    body = '"Name":"Checking","AccountType":"%s","CurrentBalance":%s,"Active":%s'
    body += ',"CurrencyRef":{"value":"USD"}'
    found = usable("Account", body % ("Bank", "-1201.00", "true"))
    assert (found.section, found.party_name) == (Section.BANK, "Checking")
    assert found.open_amount == Decimal("-1201.00")
    assert made("Account", body % ("Expense", "5", "true")) is None
    assert made("Account", body % ("Bank", "0", "false")) is None
    assert usable("Account", body % ("Bank", "5", "false")).open_amount == 5


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"Balance":262.07', '"Balance":"x"', "Balance is no number"),
        ('"Balance":262.07', '"Balance":null', "Balance is missing"),
        ('"Balance":262.07', '"Balance":{}', "Balance is no number"),
        ('"Balance":262.07', '"Balance":"NaN"', "Balance is no number"),
        ('"Balance":262.07', '"Balance":1e400', "Balance has more than 18 digits"),
        ('"Balance":262.07', '"Balance":1e-40', "Balance has more than 18 digits"),
        ('"2026-06-01"', '"soon"', "DueDate is no date"),
        ('"2026-06-01"', "7", "DueDate is not a date"),
        ('"CurrencyRef":{"value":"USD"}', '"X":1', "CurrencyRef is missing"),
        ('"CurrencyRef":{"value":"USD"}', '"CurrencyRef":"USD"', "CurrencyRef is not a reference"),
        ('"CustomerRef"', '"Customer"', "CustomerRef is missing"),
    ],
)
def test_what_cannot_be_read_is_named(old: str, new: str, why: str) -> None:
    assert old in INVOICE
    assert problem("Invoice", INVOICE.replace(old, new)) == why


def test_amounts_are_never_floats() -> None:
    found = usable("Invoice", INVOICE.replace("262.07", "0.100000000000000005"))
    assert found.open_amount == Decimal("0.100000000000000005")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        *("TotalAmt", "Balance", "CurrencyRef", "CustomerRef", "VendorRef", "TxnDate", "DueDate"),
        *("Line", "UnappliedAmt", "AccountType", "CurrentBalance", "Active", "DocNumber", "Name"),
    ]
)
bodies = st.dictionaries(names, anything).map(lambda found: json.dumps(found).encode())


@given(st.sampled_from(FINANCE.object_types), bodies | st.binary())
def test_no_payload_breaks_a_view(object_type: str, body: bytes) -> None:
    found = document(FinanceSource(object_type, "17", deleted=False, payload=body))
    assert found is None or found.object_id == "17"
    company(body)


def test_the_company_is_described_as_far_as_it_is_known() -> None:
    found = company(
        msgspec.json.encode(
            {
                "CompanyName": "Amy's",
                "Country": "USA",
                "Email": {"Address": "amy@example.com"},
                "PrimaryPhone": {"FreeFormNumber": "555"},
                "WebAddr": 7,
                "CompanyAddr": {"Line1": "1 Main St", "City": "Springfield"},
            }
        )
    )
    assert (found.name, found.country, found.email) == ("Amy's", "USA", "amy@example.com")
    assert (found.phone, found.website) == ("555", None)
    assert found.address == ["1 Main St", "Springfield"]
