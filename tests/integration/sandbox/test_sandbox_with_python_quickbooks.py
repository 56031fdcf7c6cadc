"""Other people's client libraries against the served sandbox: intuit-oauth and python-quickbooks."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import Account, Bill, BillPayment, Customer, Invoice, Item, Payment, Vendor

from daemon.sandbox.quickbooks import App, Behaviour, QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox

CALLBACK = "http://localhost:8321/callback"
SINCE = "2026-11-21T12:00:00Z"


class TickingClock:
    """A clock that moves a second whenever it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def sandbox() -> QuickBooksSandbox:
    made = QuickBooksSandbox(
        TickingClock(),
        seed=3,
        apps=(App("client", "secret", (CALLBACK,)),),
        behaviour=Behaviour(token_latency_s=0.0),
        limits=None,
    )
    made.add_company("4620816365", "Amy's Bird Sanctuary")
    return made


@pytest.fixture
def url(sandbox: QuickBooksSandbox) -> Iterator[str]:
    """Serve the sandbox from a thread of its own, for clients that block."""
    started, addresses = threading.Event(), []
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with serve_sandbox(sandbox) as address:
            addresses.append(address)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert started.wait(10)
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def auth(url: str) -> Iterator[AuthClient]:
    """Connect through the real consent redirect and code exchange."""
    client = AuthClient(
        "client", "secret", CALLBACK, f"{url}/.well-known/openid_sandbox_configuration/"
    )
    consent = client.get_authorization_url([Scopes.ACCOUNTING], state_token="xyz")
    answer = requests.get(consent, allow_redirects=False, timeout=10)
    params = parse_qs(urlsplit(answer.headers["location"]).query)
    assert params["state"] == ["xyz"]
    client.get_bearer_token(params["code"][0], realm_id=params["realmId"][0])
    with client:
        yield client


@pytest.fixture
def books(url: str, auth: AuthClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{url}/v3")
    monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{url}/v3")
    client = QuickBooks(
        auth_client=auth,
        refresh_token=auth.refresh_token,
        company_id=auth.realm_id,
        minorversion=75,
    )
    with client.session:
        yield client


def test_intuit_oauth_connects_refreshes_and_revokes(auth: AuthClient) -> None:
    assert (auth.realm_id, auth.expires_in) == ("4620816365", 3600)
    assert auth.x_refresh_token_expires_in == 8_726_400
    first = auth.access_token
    auth.refresh()
    assert auth.access_token != first
    assert auth.revoke() is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert (refused.value.status_code, refused.value.content) == (400, b'{"error":"invalid_grant"}')


@pytest.mark.parametrize(
    ("kind", "number"),
    [(Customer, 40), (Vendor, 26), (Account, 32), (Item, 16), (Invoice, 60), (Bill, 30)],
)
def test_every_type_is_listed_and_counted(books: QuickBooks, kind: type, number: int) -> None:
    assert len(kind.all(qb=books)) == number  # type: ignore[attr-defined]
    assert kind.count(qb=books) == number  # type: ignore[attr-defined]


def test_lists_are_paged_filtered_and_chosen_from(books: QuickBooks) -> None:
    pages = [Invoice.all(start_position=at, max_results=25, qb=books) for at in (1, 26, 51)]
    assert len({invoice.Id for page in pages for invoice in page}) == 60
    assert {c.Id for c in Customer.choose(["1", "2", "3"], qb=books)} == {"1", "2", "3"}
    big = Invoice.where("TotalAmt > '1000.00'", order_by="TotalAmt", qb=books)
    assert big
    assert all(invoice.TotalAmt > 1000 for invoice in big)
    name = Customer.get("7", qb=books).DisplayName
    assert [c.Id for c in Customer.filter(DisplayName=name, qb=books)] == ["7"]


def test_objects_are_created_updated_and_deactivated(books: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = "D'Arcy & Søn"
    saved = customer.save(qb=books)
    saved.Notes = "héllo"
    changed = saved.save(qb=books)
    assert (changed.SyncToken, changed.Notes) == ("1", "héllo")
    with pytest.raises(QuickbooksException) as stale:
        saved.save(qb=books)
    assert stale.value.error_code == 5010
    changed.Active = False
    assert changed.save(qb=books).DisplayName == "D'Arcy & Søn (deleted)"


def test_a_whole_invoice_read_back_can_be_saved(books: QuickBooks) -> None:
    invoice = Invoice.all(max_results=1, qb=books)[0]
    total = invoice.TotalAmt
    invoice.PrivateNote = "from python-quickbooks"
    saved = invoice.save(qb=books)
    assert (saved.PrivateNote, saved.TotalAmt) == ("from python-quickbooks", total)


def test_a_request_id_makes_a_payment_once(books: QuickBooks, sandbox: QuickBooksSandbox) -> None:
    payment = Payment()
    payment.CustomerRef = Customer.get("1", qb=books).to_ref()
    payment.TotalAmt = 20
    ids = {type(payment).save(payment, qb=books, request_id="once").Id}
    payment.Id = None
    ids.add(payment.save(qb=books, request_id="once").Id)
    assert len(ids) == 1
    assert len(sandbox.applied_writes()) == 1


def test_change_data_capture_tells_of_changes_and_deletions(books: QuickBooks) -> None:
    victim, touched = Invoice.all(max_results=2, qb=books)
    victim.delete(qb=books)
    touched.PrivateNote = "touched"
    touched.save(qb=books)
    changes = change_data_capture([Invoice, Vendor], SINCE, qb=books)
    assert [(row.Id, getattr(row, "status", "")) for row in changes.Invoice] == [
        (victim.Id, "Deleted"),
        (touched.Id, ""),
    ]
    assert not hasattr(changes, "Vendor")
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(victim.Id, qb=books)


def test_invoices_are_sent_and_voided_and_payments_too(books: QuickBooks) -> None:
    invoice = Invoice.where("Balance > '0'", max_results=1, qb=books)[0]
    invoice.send(qb=books, send_to="ap+q@mail.example")
    sent = Invoice.get(invoice.Id, qb=books)
    assert (sent.email_sent, sent.BillEmail.Address) == (True, "ap+q@mail.example")
    sent.void(qb=books)
    assert Invoice.get(invoice.Id, qb=books).TotalAmt == 0
    payment = Payment.all(max_results=1, qb=books)[0]
    payment.void(qb=books)
    assert Payment.get(payment.Id, qb=books).PrivateNote == "Voided"
    bill_payment = BillPayment.all(max_results=1, qb=books)[0]
    bill_payment.delete(qb=books)
    with pytest.raises(ObjectNotFoundException):
        BillPayment.get(bill_payment.Id, qb=books)


def test_refusals_arrive_as_the_librarys_own_exceptions(
    books: QuickBooks, sandbox: QuickBooksSandbox
) -> None:
    with pytest.raises(ValidationException) as parse:
        Customer.query("select * from Customer where DisplayName = 'a''b'", qb=books)
    assert parse.value.error_code == 4000
    duplicate = Customer()
    duplicate.DisplayName = Customer.get("1", qb=books).DisplayName
    with pytest.raises(QuickbooksException) as taken:
        duplicate.save(qb=books)
    assert taken.value.error_code == 6240
    sandbox.disconnect("4620816365")
    with pytest.raises(AuthorizationException):
        Customer.all(qb=books)
