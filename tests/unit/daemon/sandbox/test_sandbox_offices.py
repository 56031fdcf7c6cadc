"""What becomes of leads and bookings at the stand-ins, by code and with curl."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.housecallpro import HousecallProSandbox
from daemon.sandbox.servicetitan import APP_KEY, TOKEN_PATH, ServiceTitanSandbox
from daemon.sandbox.servicetitan.tenant import PROVIDER

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOKING = {
    "source": "Web",
    "name": "Ada",
    "summary": "Leak",
    "isFirstTimeClient": True,
    "externalId": "one",
}


class Titan:
    """One tenant, and who calls for it."""

    def __init__(self) -> None:
        self.sandbox = ServiceTitanSandbox(lambda: NOON)
        self.tenant = self.sandbox.tenants[self.sandbox.add_tenant(sizes={"leads": 2})]
        form = (
            f"grant_type=client_credentials&client_id={self.tenant.client_id}"
            f"&client_secret={self.tenant.client_secret}"
        )
        kind = {"content-type": "application/x-www-form-urlencoded"}
        reply = self.sandbox.handle(
            SandboxRequest("POST", TOKEN_PATH, headers=kind, body=form.encode())
        )
        token = json.loads(reply.body)["access_token"]
        self.headers = {"authorization": f"Bearer {token}", "st-app-key": APP_KEY}

    def call(
        self, method: str, path: str, body: object = None, query: str = ""
    ) -> tuple[int, dict[str, object]]:
        content = b"" if body is None else json.dumps(body).encode()
        address = f"/crm/v2/tenant/{self.tenant.tenant_id}/{path}"
        return read(
            self.sandbox.handle(SandboxRequest(method, address, query, self.headers, content))
        )

    def act(self, **given: object) -> tuple[int, dict[str, object]]:
        address = f"/sandbox/tenants/{self.tenant.tenant_id}/office"
        body = json.dumps(given).encode()
        return read(self.sandbox.handle(SandboxRequest("POST", address, body=body)))


def read(reply: SandboxReply) -> tuple[int, dict[str, object]]:
    return reply.status, json.loads(reply.body)


def test_a_booking_may_be_made_twice_and_both_are_found_and_recorded() -> None:
    titan, path = Titan(), f"booking-provider/{PROVIDER}/bookings"
    for _ in range(2):
        assert titan.call("POST", path, BOOKING)[0] == 200
    titan.call("POST", path, BOOKING | {"externalId": "two"})
    _, found = titan.call("GET", path, query="externalId=one")
    assert [row["externalId"] for row in found["data"]] == ["one", "one"]  # type: ignore[attr-defined]
    assert len(titan.tenant.writes) == 3
    told = titan.sandbox.handle(
        SandboxRequest("GET", f"/sandbox/tenants/{titan.tenant.tenant_id}/writes")
    )
    assert [each["body"]["externalId"] for each in json.loads(told.body)] == ["one", "one", "two"]


@pytest.mark.parametrize("name", sorted(BOOKING))
def test_a_booking_lacks_nothing(name: str) -> None:
    titan = Titan()
    lacking = {key: value for key, value in BOOKING.items() if key != name}
    status, said = titan.call("POST", f"booking-provider/{PROVIDER}/bookings", lacking)
    assert status == 400
    assert list(said["errors"]) == [name]  # type: ignore[call-overload]
    assert titan.tenant.writes == []


def test_a_provider_has_to_be_tagged_first_and_a_name_only_once() -> None:
    titan = Titan()
    assert titan.call("POST", "booking-provider/99/bookings", BOOKING)[0] == 404
    tag = {"tagName": "Syncline", "description": "Routed work"}
    _, made = titan.call("POST", "booking-provider-tags", tag)
    assert titan.call("POST", "booking-provider-tags", tag)[0] == 409
    assert titan.call("POST", f"booking-provider/{made['id']}/bookings", BOOKING)[0] == 200
    _, tags = titan.call("GET", "booking-provider-tags")
    assert [each["id"] for each in tags["data"]] == [PROVIDER, made["id"]]  # type: ignore[attr-defined]


def test_a_booking_goes_its_way_by_curl() -> None:
    titan = Titan()
    _, booking = titan.call("POST", f"booking-provider/{PROVIDER}/bookings", BOOKING)
    assert titan.act(act="accept", booking_id=booking["id"])[0] == 200
    assert titan.call("GET", f"bookings/{booking['id']}")[1]["status"] == "Accepted"
    job_id = titan.act(act="convert", booking_id=booking["id"])[1]["job_id"]
    converted = titan.call("GET", f"bookings/{booking['id']}")[1]
    assert (converted["status"], converted["jobId"]) == ("Converted", job_id)
    titan.act(act="go_on", job_id=job_id)
    titan.act(act="go_on", job_id=job_id)
    job = titan.tenant.objects["jobs"][int(str(job_id))]
    assert (job["jobStatus"], job["bookingId"]) == ("InProgress", booking["id"])
    titan.act(act="complete", job_id=job_id, amount="850.10")
    titan.act(act="adjust", job_id=job_id, amount="-50.05")
    job = titan.tenant.objects["jobs"][int(str(job_id))]
    assert (job["jobStatus"], job["total"]) == ("Completed", 800.05)
    invoices = [
        (each["total"], each["adjustmentToId"])
        for each in titan.tenant.objects["invoices"].values()
    ]
    assert invoices == [("850.10", None), ("-50.05", job["invoiceId"])]


def test_a_lead_that_is_converted_shows_its_customer_and_no_job() -> None:
    titan = Titan()
    lead_id = next(iter(titan.tenant.objects["leads"]))
    job_id = titan.act(act="convert", lead_id=lead_id)[1]["job_id"]
    lead = titan.call("GET", f"leads/{lead_id}")[1]
    job = titan.tenant.objects["jobs"][int(str(job_id))]
    assert (lead["status"], lead["customerId"]) == ("Converted", job["customerId"])
    assert job_id not in lead.values()


@pytest.mark.parametrize(
    "given",
    [{}, {"act": "dance", "job_id": 1}, {"act": "go_on"}, {"act": "convert", "booking_id": "x"}],
)
def test_no_such_act(given: dict[str, object]) -> None:
    assert Titan().act(**given)[0] == 400


def test_an_office_works_off_what_comes_in_by_itself() -> None:
    titan = Titan()
    office = titan.sandbox.business(titan.tenant.tenant_id).office
    for _ in range(5):
        titan.call("POST", f"booking-provider/{PROVIDER}/bookings", BOOKING)
    chance = titan.sandbox.business(titan.tenant.tenant_id).chance
    for _ in range(100):
        office.work(chance, NOON)
    rows = titan.tenant.objects
    assert {each["status"] for each in rows["bookings"].values()} <= {"Converted", "Dismissed"}
    assert {each["jobStatus"] for each in rows["jobs"].values()} <= {"Completed", "Canceled"}
    linked = [each["jobId"] for each in rows["bookings"].values() if each["jobId"]]
    assert len(set(linked)) == len(linked)


class Housecall:
    """One company, and who calls for it."""

    def __init__(self) -> None:
        self.sandbox = HousecallProSandbox(lambda: NOON)
        self.business = self.sandbox.businesses[self.sandbox.add_company(sizes={"customers": 1})]

    def call(
        self, method: str, path: str, body: object = None, query: str = ""
    ) -> tuple[int, dict[str, object]]:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Token {self.business.api_key}"}
        return read(self.sandbox.handle(SandboxRequest(method, path, query, headers, content)))

    def act(self, **given: object) -> tuple[int, dict[str, object]]:
        address = f"/sandbox/companies/{self.business.company_id}/office"
        body = json.dumps(given).encode()
        return read(self.sandbox.handle(SandboxRequest("POST", address, body=body)))


CUSTOMER = {"first_name": "Ada", "last_name": "Park", "email": "ada@example.com"}


def test_a_lead_may_be_made_twice_with_a_customer_each() -> None:
    housecall = Housecall()
    for _ in range(2):
        assert housecall.call("POST", "/leads", {"customer": CUSTOMER, "tags": ["t"]})[0] == 201
    _, found = housecall.call("GET", "/customers", query="q=ada%40example.com")
    customers = [each["id"] for each in found["customers"]]  # type: ignore[attr-defined]
    assert len(set(customers)) == 2
    _, leads = housecall.call("GET", "/leads", query=f"customer_id={customers[0]}")
    assert [each["tags"] for each in leads["leads"]] == [["t"]]  # type: ignore[attr-defined]
    assert len(housecall.business.writes) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customer": CUSTOMER, "customer_id": "cus_1"},
        {"customer": {"company": "Parks"}},
        {"customer_id": "cus_1"},
    ],
)
def test_a_lead_is_for_exactly_one_customer(body: object) -> None:
    housecall = Housecall()
    status, said = housecall.call("POST", "/leads", body)
    assert status == 422
    assert said["errors"]
    assert housecall.business.writes == []


@pytest.mark.parametrize("tells", [True, False])
def test_a_lead_goes_its_way_by_curl(*, tells: bool) -> None:
    housecall = Housecall()
    housecall.business.tells_conversions = tells
    _, lead = housecall.call("POST", "/leads", {"customer": CUSTOMER})
    job_id = housecall.act(act="convert", id=lead["id"])[1]["job_id"]
    won = housecall.call("GET", f"/leads/{lead['id']}")[1]
    assert won["status"] == "won"
    assert won.get("conversions") == ([{"id": job_id, "type": "Job"}] if tells else None)
    for _ in range(2):
        housecall.act(act="go_on", id=job_id)
    housecall.act(act="complete", id=job_id, cents=85_010)
    _, job = housecall.call("GET", f"/jobs/{job_id}")
    assert (job["work_status"], job["total_amount"]) == ("complete unrated", 85_010)
    assert housecall.act(act="complete", id="job_none")[0] == 400


def test_a_lead_is_converted_by_the_vendors_own_call() -> None:
    housecall = Housecall()
    _, lead = housecall.call("POST", "/leads", {"customer": CUSTOMER})
    assert housecall.call("POST", f"/leads/{lead['id']}/convert", {"type": "boat"})[0] == 422
    status, made = housecall.call("POST", f"/leads/{lead['id']}/convert", {"type": "estimate"})
    assert status == 201
    office = housecall.sandbox.offices[housecall.business.company_id]
    job_id = office.copy_to_job(str(made["estimate_id"]), NOON)
    job = housecall.business.objects["jobs"][job_id]
    assert job["original_estimate_id"] == made["estimate_id"]


def test_money_of_an_office_is_exact() -> None:
    titan = Titan()
    office = titan.sandbox.business(titan.tenant.tenant_id).office
    job_id = office.convert_lead(next(iter(titan.tenant.objects["leads"])), NOON)
    office.complete(job_id, Decimal("0.30"), NOON)
    office.adjust(job_id, Decimal("-0.10"), NOON)
    assert titan.tenant.objects["jobs"][job_id]["total"] == 0.2
