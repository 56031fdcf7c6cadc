"""What the sandbox tells others of its changes, and how often it tries."""

from datetime import UTC, datetime, timedelta

import pytest

from daemon.sandbox.quickbooks import QuickBooksSandbox, SandboxRequest, WebhookForm
from daemon.sandbox.quickbooks.json_text import decode, encode
from daemon.sandbox.quickbooks.webhook_events import signature
from daemon.sandbox.quickbooks.webhook_sender import LADDER_S, Attempt

REDIRECT = "http://localhost/callback"
SIZES = {"Customer": 4, "Invoice": 4, "Vendor": 3, "Payment": 1, "Bill": 1, "BillPayment": 1}


class Vendor:
    """A sandbox with one connected company and one that is not, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        self.sandbox = QuickBooksSandbox(lambda: self.now, seed=3, limits=None)
        self.realm = self.sandbox.add_company(sizes=SIZES)
        self.other = self.sandbox.add_company(sizes=SIZES)
        self.connect(self.realm)
        self.sender = self.sandbox.webhooks
        self.sender.turn_on()

    def connect(self, realm: str) -> None:
        code = self.sandbox.issue_code(realm)
        body = f"grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}".encode()
        headers = {"authorization": "Basic c2FuZGJveC1jbGllbnQtaWQ6c2FuZGJveC1jbGllbnQtc2VjcmV0"}
        request = SandboxRequest("POST", "/oauth2/v1/tokens/bearer", "", headers, body)
        assert self.sandbox.handle(request).status == 200

    def edit(self, realm: str | None = None) -> str:
        realm = realm or self.realm
        (invoice, *_) = self.sandbox.truth(realm)["Invoice"]
        note = {"PrivateNote": f"{self.now} {len(self.sandbox.world.log)}"}
        self.sandbox.update(realm, "Invoice", invoice, note)
        return invoice

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def due(self) -> Attempt:
        attempt = self.sender.due(self.now)
        assert attempt is not None
        return attempt

    def take(self, status: int | None = 200) -> list[dict[str, object]]:
        attempt = self.due()
        self.sender.answered(attempt, status, self.now)
        events = decode(attempt.body)
        assert isinstance(events, list)
        return events


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def test_nothing_is_told_of_what_was_there_before(vendor: Vendor) -> None:
    assert vendor.sender.due(vendor.now) is None
    assert vendor.sender.wait_s(vendor.now) is None


def test_change_of_a_connected_company_is_told(vendor: Vendor) -> None:
    invoice = vendor.edit()
    (event,) = vendor.take()
    assert event["type"] == "qbo.invoice.updated.v1"
    assert (event["intuitaccountid"], event["intuitentityid"]) == (vendor.realm, invoice)
    assert event["time"] == "2026-11-21T09:00:00.000Z"
    assert vendor.sender.due(vendor.now) is None


def test_company_that_is_not_connected_is_not_told_of(vendor: Vendor) -> None:
    vendor.edit(vendor.other)
    assert vendor.sender.due(vendor.now) is None


def test_one_delivery_mixes_companies(vendor: Vendor) -> None:
    vendor.connect(vendor.other)
    vendor.edit()
    vendor.edit(vendor.other)
    assert {event["intuitaccountid"] for event in vendor.take()} == {vendor.realm, vendor.other}


def test_body_is_signed_over_its_bytes(vendor: Vendor) -> None:
    vendor.edit()
    attempt = vendor.due()
    expected = signature(attempt.body, vendor.sender.verifier_token)
    assert attempt.headers["intuit-signature"] == expected


def test_merge_names_the_one_that_went(vendor: Vendor) -> None:
    loser, survivor, *_ = vendor.sandbox.truth(vendor.realm)["Vendor"]
    vendor.sandbox.merge(vendor.realm, "Vendor", loser, survivor)
    (merged,) = [event for event in vendor.take() if event["type"] == "qbo.vendor.merged.v1"]
    assert (merged["intuitentityid"], merged["data"]) == (survivor, {"deletedid": loser})


def test_older_form_is_by_company(vendor: Vendor) -> None:
    vendor.sender.mode.form = WebhookForm.LEGACY
    invoice = vendor.edit()
    body = decode(vendor.due().body)
    assert isinstance(body, dict)
    (notification,) = body["eventNotifications"]
    (entity,) = notification["dataChangeEvent"]["entities"]
    assert notification["realmId"] == vendor.realm
    assert (entity["name"], entity["id"], entity["operation"]) == ("Invoice", invoice, "Update")


@pytest.mark.parametrize("status", [None, 401, 500, 503, 202])
def test_refused_delivery_climbs_the_ladder_and_holds_up_all_behind_it(
    vendor: Vendor, status: int | None
) -> None:
    vendor.edit()
    first = vendor.take(status)
    vendor.edit()
    for wait_s in (*LADDER_S, LADDER_S[-1]):
        assert vendor.sender.wait_s(vendor.now) == wait_s
        vendor.pass_s(wait_s - 1)
        assert vendor.sender.due(vendor.now) is None
        vendor.pass_s(1)
        assert vendor.take(status) == first
    vendor.pass_s(LADDER_S[-1])
    assert vendor.take() == first
    assert vendor.take() != first


def test_event_is_sent_after_its_delay(vendor: Vendor) -> None:
    vendor.sender.mode.delay_s = (60.0, 60.0)
    vendor.edit()
    assert vendor.sender.due(vendor.now) is None
    assert vendor.sender.wait_s(vendor.now) == 60.0
    vendor.pass_s(60)
    assert len(vendor.take()) == 1


def test_dropped_event_is_never_sent(vendor: Vendor) -> None:
    vendor.sender.mode.drop = 1.0
    vendor.edit()
    vendor.pass_s(86_400)
    assert vendor.sender.due(vendor.now) is None


def test_duplicate_has_the_same_id(vendor: Vendor) -> None:
    vendor.sender.mode.duplicate = 1.0
    vendor.edit()
    first = vendor.take()
    vendor.pass_s(600)
    assert vendor.take() == first


def test_forgery_comes_first_and_is_not_tried_again(vendor: Vendor) -> None:
    vendor.sender.mode.forge = 1.0
    vendor.edit()
    forged = vendor.due()
    assert not forged.is_genuine
    vendor.sender.answered(forged, 401, vendor.now)
    genuine = vendor.due()
    assert genuine.is_genuine
    assert genuine.body == forged.body
    assert genuine.headers != forged.headers


def test_strangers_and_unknown_types_are_mixed_in(vendor: Vendor) -> None:
    vendor.sender.mode.stranger = vendor.sender.mode.unknown_type = 1.0
    vendor.edit()
    assert [(event["intuitaccountid"], event["type"]) for event in vendor.take()] == [
        (vendor.realm, "qbo.invoice.updated.v1"),
        ("1000000000000000", "qbo.invoice.updated.v1"),
        (vendor.realm, "qbo.budget.updated.v1"),
    ]


def test_carrier_is_told_of_news(vendor: Vendor) -> None:
    told: list[int] = []
    vendor.sender.on_news = lambda: told.append(1)
    vendor.edit()
    assert told


def test_modes_are_switched_over_http(vendor: Vendor) -> None:
    body = encode({"drop": 0.5, "form": "legacy"})
    request = SandboxRequest("POST", "/sandbox/webhooks", body=body)
    reply = vendor.sandbox.handle(request)
    assert reply.status == 200
    assert (vendor.sender.mode.drop, vendor.sender.mode.form) == (0.5, WebhookForm.LEGACY)
    shown = decode(vendor.sandbox.handle(SandboxRequest("GET", "/sandbox/webhooks")).body)
    assert isinstance(shown, dict)
    assert (shown["drop"], shown["on"]) == (0.5, True)
