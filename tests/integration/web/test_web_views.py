import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from store.models import Account, ObjectRecord, PageWrite, Tombstone, Via
from support.store_fixtures import credential
from support.web_house import Anything, Visitor, WebHouse, house, serving

TYPES = (
    "Account",
    "Bill",
    "BillPayment",
    "CompanyInfo",
    "CreditMemo",
    "Customer",
    "Invoice",
    "Payment",
    "Vendor",
    "VendorCredit",
)
DAY = date(2026, 6, 30)


@asynccontextmanager
async def books(path: Path, types: tuple[str, ...] = TYPES) -> AsyncIterator[WebHouse]:
    async with house(path, object_types=types) as within, serving(within) as web:
        yield web


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with books(tmp_path) as web_house:
        yield web_house


@pytest.fixture
async def company(web: WebHouse) -> Account:
    realm = web.sandbox.add_company(name="Amy's Bird Sanctuary", scale=1.0)
    return await web.live(realm)


def truth(web: WebHouse, account: Account, object_type: str) -> list[dict[str, Anything]]:
    bodies = web.sandbox.truth(account.external_account_id)[object_type].values()
    return [json.loads(body, parse_float=Decimal) for body in bodies]


def amount(found: Mapping[str, Anything], name: str) -> Decimal:
    return Decimal(found.get(name, 0))


async def every_page(
    visitor: Visitor, account: Account, name: str, **asked: Anything
) -> tuple[list[Anything], Anything]:
    """Return the items of all pages, and the last page."""
    items: list[Anything] = []
    cursor = ""
    while True:
        page = await view(visitor, account, name, cursor=cursor, **asked)
        assert len(page["items"]) <= asked["limit"]
        items += page["items"]
        if page["next"] is None:
            return items, page
        cursor = page["next"]


async def view(visitor: Visitor, account: Account | str, name: str, **asked: Anything) -> Anything:
    account_id = account if isinstance(account, str) else account.id
    return await visitor.get(f"/integrations/{account_id}/views/{name}", params=asked)


async def test_receivables_are_what_the_sandbox_says_its_customers_owe(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    shown = await view(visitor, company, "receivables-aging")
    (line,) = shown["currencies"]
    assert line["currency"] == "USD"
    customers = sum(amount(each, "Balance") for each in truth(web, company, "Customer"))
    (ledger,) = (
        amount(each, "CurrentBalance")
        for each in truth(web, company, "Account")
        if each["AccountSubType"] == "AccountsReceivable"
    )
    assert Decimal(line["open"]) == customers == ledger != 0
    assert sum(map(Decimal, line["buckets"].values())) == customers
    assert shown["left_out"] == []
    assert shown["freshness"]["exact_as_of"] is not None


async def test_payables_are_what_the_sandbox_says_is_owed_to_vendors(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    (line,) = (await view(visitor, company, "payables-aging"))["currencies"]
    vendors = sum(amount(each, "Balance") for each in truth(web, company, "Vendor"))
    assert Decimal(line["open"]) == vendors != 0
    assert sum(map(Decimal, line["buckets"].values())) == vendors


async def test_a_payment_at_the_vendor_is_in_the_next_view(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    await view(visitor, company, "cash")
    invoice = next(each for each in truth(web, company, "Invoice") if amount(each, "Balance") > 0)
    await change(web, company, invoice | {"Balance": 0}, "Invoice")
    before = sum(amount(each, "Balance") for each in truth(web, company, "Customer"))
    (line,) = (await view(visitor, company, "cash"))["receivables"]
    assert Decimal(line["open"]) == before - amount(invoice, "Balance")


async def change(
    web: WebHouse, account: Account, document: Mapping[str, Anything], object_type: str
) -> None:
    claimed = await web.store.claim(account.id)
    payload = msgspec.json.encode(document)
    now = web.clock.now().utc
    record = ObjectRecord(object_type, str(document["Id"]), "9", now, payload)
    await web.store.apply_page(
        PageWrite(account.id, claimed.account.epoch, Via.POLL, now, (), objects=[record])
    )


async def test_bank_balances_are_those_of_the_bank_accounts(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    shown = await view(visitor, company, "cash")
    banks = [each for each in truth(web, company, "Account") if each["AccountType"] == "Bank"]
    (line,) = shown["bank_balances"]
    assert Decimal(line["balance"]) == sum(amount(each, "CurrentBalance") for each in banks)
    assert {each["name"] for each in shown["bank_accounts"]} == {each["Name"] for each in banks}


async def test_bills_due_come_page_by_page_earliest_first(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    as_of = web.clock.now().utc.date()
    through = (as_of + timedelta(days=10)).isoformat()
    due = {
        each["Id"]: each["DueDate"]
        for each in truth(web, company, "Bill")
        if amount(each, "Balance") > 0 and each["DueDate"] <= through
    }
    assert len(due) > 3
    seen, page = await every_page(visitor, company, "bills-due", days=10, limit=3)
    assert {each["object_id"]: each["due_on"] for each in seen} == due
    assert [each["due_on"] for each in seen] == sorted(due.values())
    (line,) = page["currencies"]
    assert Decimal(line["due"]) == sum(Decimal(each["open"]) for each in seen)
    assert line["documents"] == len(seen)


async def test_payment_history_of_one_customer_is_its_payments(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    paid = truth(web, company, "Payment")
    customer = paid[0]["CustomerRef"]["value"]
    own = {each["Id"] for each in paid if each["CustomerRef"]["value"] == customer}
    shown = await view(visitor, company, "payment-history", customer=customer)
    assert {each["object_id"] for each in shown["items"]} == own
    total = sum(amount(each, "TotalAmt") for each in paid if each["Id"] in own)
    assert Decimal(shown["currencies"][0]["amount"]) == total


async def test_payment_history_lists_both_directions_newest_first(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    both = [*truth(web, company, "Payment"), *truth(web, company, "BillPayment")]
    seen, page = await every_page(visitor, company, "payment-history", limit=7)
    assert sorted(each["object_id"] for each in seen) == sorted(each["Id"] for each in both)
    days = [each["dated_on"] for each in seen]
    assert days == sorted(days, reverse=True)
    sums = {each["direction"]: Decimal(each["amount"]) for each in page["currencies"]}
    assert sums["in"] == sum(amount(each, "TotalAmt") for each in truth(web, company, "Payment"))


async def test_company_and_digest_agree_with_the_single_views(
    web: WebHouse, visitor: Visitor, company: Account
) -> None:
    digest = await view(visitor, company, "digest", as_of="2026-06-30")
    for name, key in (
        ("company", "company"),
        ("receivables-aging", "receivables_aging"),
        ("payables-aging", "payables_aging"),
    ):
        single = await view(visitor, company, name, as_of="2026-06-30")
        assert digest[key] == single[{"company": "company"}.get(key, "currencies")]
    cash = await view(visitor, company, "cash", as_of="2026-06-30")
    assert {name: digest[name] for name in cash.keys() - {"freshness"}} == {
        name: cash[name] for name in cash.keys() - {"freshness"}
    }
    assert digest["company"]["name"] == "Amy's Bird Sanctuary"
    assert (digest["as_of"], digest["as_of_basis"]) == ("2026-06-30", "asked")


async def quiet(web: WebHouse, *records: ObjectRecord) -> str:
    """Return an account that no actor runs, with these objects."""
    now = web.clock.now().utc
    account, _ = await web.store.connect("quickbooks", "4711", "Quiet", credential(), now, "quiet")
    await store(web, account.id, *records)
    return account.id


async def store(web: WebHouse, account_id: str, *records: ObjectRecord) -> None:
    claimed = await web.store.claim(account_id)
    now = web.clock.now().utc
    await web.store.apply_page(
        PageWrite(account_id, claimed.account.epoch, Via.POLL, now, (), objects=records)
    )


def invoice(web: WebHouse, object_id: str, payload: str) -> ObjectRecord:
    body = f'{{"Id":"{object_id}","CustomerRef":{{"value":"1"}},{payload}}}'.encode()
    return ObjectRecord("Invoice", object_id, "0", web.clock.now().utc, body)


OWED = '"TotalAmt":%s,"Balance":%s,"DueDate":"2026-06-20","CurrencyRef":{"value":"%s"}'


async def test_currencies_stay_apart_each_with_its_own_decimals(
    web: WebHouse, visitor: Visitor
) -> None:
    owed = {"JPY": "1500.00", "KWD": "2.5", "USD": "0.10"}
    account_id = await quiet(
        web,
        *(invoice(web, name, OWED % (each, each, name)) for name, each in owed.items()),
        invoice(web, "more", OWED % ("0.20", "0.20", "USD")),
    )
    shown = await view(visitor, account_id, "receivables-aging", as_of=DAY.isoformat())
    assert {each["currency"]: each["buckets"]["1-30"] for each in shown["currencies"]} == {
        "JPY": "1500",
        "KWD": "2.500",
        "USD": "0.30",
    }


async def test_what_cannot_be_read_is_left_out_and_named(web: WebHouse, visitor: Visitor) -> None:
    account_id = await quiet(
        web,
        invoice(web, "1", OWED % ("5", "5", "USD")),
        invoice(web, "2", '"Balance":"abc"'),
        invoice(web, "3", '"Balance":"abc"'),
        invoice(web, "4", OWED % ("5", "5", "USD") + ',"DueDate":"soon"'),
        ObjectRecord("Invoice", "5", "0", web.clock.now().utc, b"<html>"),
    )
    shown = await view(visitor, account_id, "cash")
    assert [each["open"] for each in shown["receivables"]] == ["5.00"]
    assert [(each["reason"], each["count"]) for each in shown["left_out"]] == [
        ("Balance is no number", 2),
        ("DueDate is no date", 1),
        ("the payload is no JSON object that can be read", 1),
    ]
    await store(web, account_id, invoice(web, "2", OWED % ("1", "1", "USD")))
    mended = await view(visitor, account_id, "cash")
    assert [each["open"] for each in mended["receivables"]] == ["6.00"]
    assert mended["left_out"][0]["count"] == 1


async def test_types_that_are_not_replicated_are_named(tmp_path: Path) -> None:
    async with books(tmp_path, ("Invoice", "Payment")) as web:
        shown = await view(web.visitor, await quiet(web), "cash")
    assert shown["not_replicated"] == [
        "Account",
        "Bill",
        "BillPayment",
        "CreditMemo",
        "VendorCredit",
    ]


async def test_deleted_objects_do_not_count(web: WebHouse, visitor: Visitor) -> None:
    account_id = await quiet(web, invoice(web, "1", OWED % ("5", "5", "USD")))
    assert (await view(visitor, account_id, "cash"))["receivables"]
    claimed = await web.store.claim(account_id)
    now = web.clock.now().utc
    await web.store.apply_page(
        PageWrite(
            account_id,
            claimed.account.epoch,
            Via.POLL,
            now,
            (),
            tombstones=[Tombstone("Invoice", "1", None)],
        )
    )
    shown = await view(visitor, account_id, "cash")
    assert shown["receivables"] == []
    assert shown["freshness"]["seq"] == await web.store.last_seq()


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("bills-due?days=-1", "days"),
        ("bills-due?days=soon", "days"),
        ("bills-due?cursor=abc", "cursor"),
        ("cash?as_of=yesterday", "as_of"),
        ("cash?days=3", "days"),
        ("payment-history?customer=1&vendor=2", "vendor"),
    ],
)
async def test_bad_parameters_are_refused_by_name(
    web: WebHouse, visitor: Visitor, path: str, where: str
) -> None:
    account_id = await quiet(web)
    reply = await visitor.call("GET", f"/integrations/{account_id}/views/{path}", expect=422)
    assert [error["path"] for error in reply.json()["errors"]] == [where]


async def test_unknown_views_and_accounts_are_not_found(web: WebHouse, visitor: Visitor) -> None:
    account_id = await quiet(web)
    for path in (f"{account_id}/views/profit", "nobody/views/cash"):
        reply = await visitor.call("GET", f"/integrations/{path}", expect=404)
        assert reply.headers["content-type"] == "application/problem+json"


async def test_the_last_day_that_there_is_can_be_asked_for(web: WebHouse, visitor: Visitor) -> None:
    account_id = await quiet(web, invoice(web, "1", OWED % ("5", "5", "USD")))
    shown = await view(visitor, account_id, "bills-due", as_of="9999-12-31", days=3650)
    assert shown["through"] == "9999-12-31"


async def test_a_view_needs_the_token(web: WebHouse) -> None:
    async with web.stranger() as http:
        reply = await http.get("/integrations/x/views/cash")
    assert reply.status_code == 401
