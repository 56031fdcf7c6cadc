"""The stand-in for ServiceTitan behaves as the vendor's documents say, not as our client expects."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.servicetitan import APP_KEY, TOKEN_PATH, ServiceTitanSandbox, SignatureForm
from daemon.sandbox.servicetitan.webhook_sender import LADDER_S
from daemon.sandbox.side_by_side import SideBySide

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


class Client:
    """One app, calling for one tenant."""

    def __init__(self) -> None:
        self.now = NOON
        self.sandbox = ServiceTitanSandbox(lambda: self.now, seed=1)
        self.tenant_id = self.sandbox.add_tenant()
        self.tenant = self.sandbox.tenants[self.tenant_id]
        self.token = ""

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def get_token(self, **changes: str) -> SandboxReply:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.client_id,
            "client_secret": self.tenant.client_secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form | changes).encode()
        return self.sandbox.handle(SandboxRequest("POST", TOKEN_PATH, headers=headers, body=body))

    def call(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> SandboxReply:
        if not self.token:
            self.token = json.loads(self.get_token().body)["access_token"]
        module, _, rest = path.partition("/")
        sent = {"authorization": f"Bearer {self.token}", "st-app-key": APP_KEY}
        return self.sandbox.handle(
            SandboxRequest(
                method,
                f"/{module}/v2/tenant/{self.tenant_id}/{rest}",
                urlencode(params or {}),
                sent | dict(headers or {}),
                json.dumps(body).encode() if body is not None else b"",
            )
        )

    def get(self, path: str, **params: str) -> Json:
        reply = self.call(path, params)
        assert reply.status == 200, reply.body
        found: Json = json.loads(reply.body)
        return found


@pytest.fixture
def client() -> Client:
    return Client()


def test_token_opens_its_own_tenant_for_a_quarter_of_an_hour(client: Client) -> None:
    said = json.loads(client.get_token().body)
    assert said["expires_in"] == 900
    assert "refresh_token" not in said
    assert client.call("jpm/jobs").status == 200
    other = client.sandbox.add_tenant()
    client.tenant_id = other
    assert client.call("jpm/jobs").status == 403
    client.tenant_id = client.tenant.tenant_id
    client.pass_time(901)
    assert client.call("jpm/jobs").status == 401


@pytest.mark.parametrize(
    "wrong", [{"client_secret": "x"}, {"client_id": "x"}, {"grant_type": "password"}]
)
def test_wrong_keys_are_refused(client: Client, wrong: dict[str, str]) -> None:
    assert client.get_token(**wrong).status == 400


@pytest.mark.parametrize("headers", [{"st-app-key": "x"}, {"authorization": "Bearer x"}])
def test_call_needs_token_and_app_key(client: Client, headers: dict[str, str]) -> None:
    assert client.call("jpm/jobs", headers=headers).status == 401


def test_bare_token_is_taken_too(client: Client) -> None:
    client.call("jpm/jobs")
    assert client.call("jpm/jobs", headers={"authorization": client.token}).status == 200


def test_list_pages_by_number_and_counts_only_when_asked(client: Client) -> None:
    first = client.get("jpm/jobs", pageSize="30")
    assert (len(first["data"]), first["hasMore"], first["totalCount"]) == (30, True, None)
    second = client.get("jpm/jobs", pageSize="30", page="2", includeTotal="true")
    assert (len(second["data"]), second["hasMore"], second["totalCount"]) == (10, False, 40)


def test_list_ignores_what_it_does_not_know(client: Client) -> None:
    assert client.get("jpm/jobs", state="Canceled", includeTotal="true")["totalCount"] == 40


def test_list_hides_inactive_rows_unless_all_are_wanted(client: Client) -> None:
    customer = min(client.tenant.objects["customers"])
    client.tenant.change("customers", customer, NOON, active=False)
    wanted = {"ids": str(customer)}
    assert client.get("crm/customers", **wanted)["data"] == []
    assert len(client.get("crm/customers", **wanted, active="Any")["data"]) == 1
    assert len(client.get("crm/customers", **wanted, active="False")["data"]) == 1


def test_more_than_fifty_ids_are_refused(client: Client) -> None:
    ids = ",".join(str(each) for each in range(51))
    reply = client.call("jpm/jobs", {"ids": ids})
    assert reply.status == 400
    assert "ids" in json.loads(reply.body)["errors"]


def test_bounds_include_the_lower_and_exclude_the_upper(client: Client) -> None:
    job = max(client.tenant.objects["jobs"])
    at = str(client.tenant.objects["jobs"][job]["modifiedOn"])
    ids = {row["id"] for row in client.get("jpm/jobs", modifiedOnOrAfter=at)["data"]}
    assert job in ids
    ids = {row["id"] for row in client.get("jpm/jobs", modifiedBefore=at)["data"]}
    assert job not in ids


def test_list_is_sorted_only_when_asked(client: Client) -> None:
    job = min(client.tenant.objects["jobs"])
    client.tenant.change("jobs", job, NOON, jobStatus="Hold")
    assert client.get("jpm/jobs")["data"][0]["id"] == job
    assert client.get("jpm/jobs", sort="+ModifiedOn", pageSize="100")["data"][-1]["id"] == job
    assert client.get("jpm/jobs", sort="-ModifiedOn")["data"][0]["id"] == job


def test_read_knows_inactive_objects_and_no_deleted_ones(client: Client) -> None:
    customer, appointment = (
        min(client.tenant.objects[kind]) for kind in ("customers", "appointments")
    )
    client.tenant.change("customers", customer, NOON, active=False)
    client.tenant.delete("appointments", appointment, NOON)
    assert client.get(f"crm/customers/{customer}")["id"] == customer
    assert client.call(f"jpm/appointments/{appointment}").status == 404
    assert client.call("accounting/invoices/1").status == 404


def test_feed_goes_on_where_it_ended_and_tells_only_what_is_new(client: Client) -> None:
    client.sandbox.feeds.page_rows = 25
    first = client.get("jpm/export/jobs")
    assert (len(first["data"]), first["hasMore"]) == (25, True)
    second = client.get("jpm/export/jobs", **{"from": first["continueFrom"]})
    assert (len(second["data"]), second["hasMore"]) == (15, False)
    idle = client.get("jpm/export/jobs", **{"from": second["continueFrom"]})
    assert (idle["data"], idle["hasMore"]) == ([], False)
    job = min(client.tenant.objects["jobs"])
    client.tenant.change("jobs", job, client.now, jobStatus="Hold")
    news = client.get("jpm/export/jobs", **{"from": idle["continueFrom"]})
    assert [row["id"] for row in news["data"]] == [job]


def test_feed_lags_unless_recent_changes_are_wanted_and_then_repeats_itself(
    client: Client,
) -> None:
    client.tenant.lag_s = 240.0
    client.sandbox.feeds.recent_lag_s = 30.0
    token = client.get("jpm/export/jobs")["continueFrom"]
    job = min(client.tenant.objects["jobs"])
    client.tenant.change("jobs", job, client.now, jobStatus="Hold")
    recent = {"includeRecentChanges": "true"}

    def told(**more: str) -> list[int]:
        return [
            row["id"] for row in client.get("jpm/export/jobs", **{"from": token}, **more)["data"]
        ]

    assert told(**recent) == []
    client.pass_time(31)
    assert (told(), told(**recent)) == ([], [job])
    client.pass_time(240)
    assert told() == [job]


def test_feed_shows_deleted_rows_as_inactive(client: Client) -> None:
    appointment = min(client.tenant.objects["appointments"])
    token = client.get("jpm/export/appointments")["continueFrom"]
    client.tenant.delete("appointments", appointment, client.now)
    (row,) = client.get("jpm/export/appointments", **{"from": token})["data"]
    assert (row["id"], row["active"]) == (appointment, False)


def test_feed_begins_at_a_date_too(client: Client) -> None:
    job = min(client.tenant.objects["jobs"])
    client.tenant.change("jobs", job, client.now, jobStatus="Hold")
    rows = client.get("jpm/export/jobs", **{"from": "2026-03-01"})["data"]
    assert [row["id"] for row in rows] == [job]


@pytest.mark.parametrize("token", ["garbage", "bm90LWpzb24", "é", "W10"])
def test_feed_refuses_garbage(client: Client, token: str) -> None:
    assert client.call("jpm/export/jobs", {"from": token}).status == 400


def test_feed_refuses_the_token_of_another_feed_and_one_that_ended(client: Client) -> None:
    token = client.get("jpm/export/jobs")["continueFrom"]
    assert client.call("crm/export/leads", {"from": token}).status == 400
    client.sandbox.feeds.tokens_live_s = 60.0
    client.pass_time(61)
    assert client.call("jpm/export/jobs", {"from": token}).status == 400


def test_limit_is_sixty_a_second_and_says_how_long_to_wait(client: Client) -> None:
    statuses = [client.call("jpm/jobs").status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    refused = client.call("jpm/jobs")
    assert json.loads(refused.body)["title"].split()[-2] == refused.header("Retry-After") == "1"
    client.pass_time(1.01)
    assert client.call("jpm/jobs").status == 200
    assert client.sandbox.limiter.violations == {client.tenant_id: 2}


LEAD = {"campaignId": 1, "summary": "No heat", "callReasonId": 2}


def test_lead_is_made_as_often_as_it_is_asked_for_and_names_no_job(client: Client) -> None:
    first, second = (
        json.loads(client.call("crm/leads", method="POST", body=LEAD).body) for _ in range(2)
    )
    assert first["id"] != second["id"]
    assert (first["status"], "jobId" in first) == ("Open", False)


@pytest.mark.parametrize("missing", ["campaignId", "summary", "callReasonId"])
def test_lead_needs_three_things(client: Client, missing: str) -> None:
    body = {name: value for name, value in LEAD.items() if name != missing}
    reply = client.call("crm/leads", method="POST", body=body)
    assert reply.status == 400
    assert json.loads(reply.body)["errors"]


BOOKING = {
    "source": "Us",
    "name": "Ada",
    "summary": "No heat",
    "isFirstTimeClient": True,
    "externalId": "ref-1",
}


def test_booking_is_found_by_its_external_id_and_may_be_there_twice(client: Client) -> None:
    path = "crm/booking-provider/11/bookings"
    for _ in range(2):
        assert client.call(path, method="POST", body=BOOKING).status == 200
    found = client.get(path, externalId="ref-1")["data"]
    assert [row["jobId"] for row in found] == [None, None]


@pytest.mark.parametrize("missing", list(BOOKING))
def test_booking_needs_five_things(client: Client, missing: str) -> None:
    body = {name: value for name, value in BOOKING.items() if name != missing}
    path = "crm/booking-provider/11/bookings"
    assert client.call(path, method="POST", body=body).status == 400


def test_webhook_is_tried_five_times_under_other_ids_with_one_name(client: Client) -> None:
    sender = client.sandbox.webhooks
    sender.turn_on()
    client.sandbox.churn(client.tenant_id, 30)
    attempt = sender.due(client.now)
    assert attempt is not None
    bodies: list[Json] = []
    while attempt is not None and len(bodies) <= len(LADDER_S):
        bodies.append(json.loads(attempt.body))
        sender.answered(attempt, 500, client.now)
        sender._waiting = sender._waiting[:1]  # noqa: SLF001 - the first one alone
        client.pass_time(sender.wait_s(client.now) or 0.0)
        attempt = sender.due(client.now)
    assert len({body["userassignedid"] for body in bodies}) == 1
    assert len({body["id"] for body in bodies}) == 1 + len(LADDER_S)
    assert attempt is None


@pytest.mark.parametrize("form", SignatureForm)
def test_webhook_is_signed_in_the_wanted_form(client: Client, form: SignatureForm) -> None:
    sender = client.sandbox.webhooks
    sender.turn_on()
    sender.mode.form, sender.mode.forge = form, 0.0
    client.sandbox.churn(client.tenant_id, 30)
    attempt = sender.due(client.now)
    assert attempt is not None
    is_hex = len(attempt.headers["x-servicetitan-signature"]) == 64
    assert is_hex == (form is SignatureForm.HEX)


def test_forged_webhook_is_not_tried_again_and_the_genuine_one_follows(client: Client) -> None:
    sender = client.sandbox.webhooks
    sender.turn_on()
    sender.mode.forge = 1.0
    client.sandbox.churn(client.tenant_id, 30)
    forged = sender.due(client.now)
    assert forged is not None
    assert not forged.is_genuine
    sender.answered(forged, 401, client.now)
    sender.mode.forge = 0.0
    genuine = sender.due(client.now)
    assert genuine is not None
    assert genuine.is_genuine


def test_same_seed_makes_the_same_tenants() -> None:
    first, again = Client(), Client()
    for each in (first, again):
        each.sandbox.churn(each.tenant_id, 40)
    assert first.tenant.truth() == again.tenant.truth()


def test_truth_of_the_past_is_what_was_true_then(client: Client) -> None:
    before = client.tenant.truth()
    client.pass_time(5)
    client.sandbox.churn(client.tenant_id, 20)
    assert client.tenant.truth(NOON) == before
    assert client.tenant.truth() != before


def test_controls_play_the_vendor(client: Client) -> None:
    def control(method: str, path: str, body: bytes = b"") -> SandboxReply:
        return client.sandbox.handle(SandboxRequest(method, f"/sandbox/{path}", body=body))

    (told,) = json.loads(control("GET", "tenants").body)
    assert told["tenant_id"] == client.tenant_id
    before = client.tenant.truth()
    assert control("POST", f"tenants/{client.tenant_id}/churn", b'{"acts": 9}').status == 200
    assert client.tenant.truth() != before
    assert control("POST", f"tenants/{client.tenant_id}/churn", b'{"acts": 0}').status == 400
    assert control("POST", f"tenants/{client.tenant_id}/churn", b"[]").status == 400
    assert control("POST", "tenants/1/churn").status == 404


def test_sandboxes_stand_side_by_side(client: Client) -> None:
    class Root:
        def handle(self, request: SandboxRequest) -> SandboxReply:
            return SandboxReply(418, body=request.path.encode())

    both = SideBySide(Root(), {"servicetitan": client.sandbox})
    assert both.handle(SandboxRequest("GET", "/v3/company")).body == b"/v3/company"
    assert both.handle(SandboxRequest("GET", "/servicetitan/sandbox/tenants")).status == 200
