import json
from pathlib import Path

import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

PARK = account(1, "Park Plumbing", vendor="servicetitan")
AMY = account(2, "Amy's Repairs", vendor="housecallpro")
ROUTING = {
    "id": "51d0c2aa-0000-4000-8000-000000000001",
    "job_id": "9c2e0000-0000-4000-8000-000000000001",
    "account_id": AMY["id"],
    "vendor": "housecallpro",
    "status": "synced",
    "external_type": "leads",
    "external_id": "lea_1",
    "external_job_id": None,
    "revenue": None,
    "completed_at": None,
    "attempts": 1,
    "last_error": None,
    "history": [
        {"at": "2026-03-01T11:59:00Z", "status": "pending", "cause": "entered"},
        {"at": "2026-03-01T11:59:01Z", "status": "synced", "cause": "delivered"},
    ],
}
JOB = {
    "id": ROUTING["job_id"],
    "status": "routing",
    "created_at": "2026-03-01T11:59:00Z",
    "created_by": {"account_id": PARK["id"], "technician_id": "77"},
    "summary": "Replace the water heater\nin the cellar",
    "homeowner": {"name": "Ada Park", "phone": "+1 555 0100", "email": ""},
    "address": {
        "street": "1 Main St",
        "unit": "",
        "city": "Springfield",
        "state": "IL",
        "zip": "62701",
        "country": "US",
    },
    "revenue": "850.00",
    "archived_at": None,
    "routings": [ROUTING],
}
AT = f"/jobs/{JOB['id']}"


@pytest.fixture(autouse=True)
def two_accounts(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(PARK, AMY))


def test_jobs_are_a_table(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/jobs", page(JOB))
    result = cli.run("jobs", "list", "--account", "park plumbing", "--status", "routing")
    assert result.code == 0
    assert "Replace the water heater…" in result.out
    assert "1 synced" in result.out
    (request,) = cli.daemon.asked("GET", "/jobs")
    assert request.url.params["account"] == PARK["id"]
    assert request.url.params["status"] == "routing"


def test_no_jobs_are_told_with_what_to_do(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/jobs", page())
    result = cli.run("jobs", "list", "--archived", "--since", "2026-03-01T00:00:00Z")
    assert "jobs create" in result.err
    (request,) = cli.daemon.asked("GET", "/jobs")
    assert request.url.params["archived"] == "true"


def test_one_job_is_shown_with_its_steps(cli: CommandLine) -> None:
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB))
    result = cli.run("jobs", "show", str(JOB["id"]))
    assert "1 Main St, Springfield, IL 62701, US" in result.out
    assert "in the cellar" in result.out
    assert "leads lea_1" in result.out
    assert "2026-03-01 11:59:01  synced  delivered" in result.err


def test_a_failed_routing_says_what_to_do(cli: CommandLine) -> None:
    failed = ROUTING | {"status": "failed", "last_error": "set campaign_id", "external_id": None}
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB | {"routings": [failed]}))
    result = cli.run("jobs", "show", str(JOB["id"]))
    assert "set campaign_id" in result.out
    assert f"syncline jobs retry {ROUTING['id']}" in result.err


def test_a_failed_routing_of_a_company_that_was_purged_is_not_to_be_retried(
    cli: CommandLine,
) -> None:
    failed = ROUTING | {"status": "failed", "account_id": "gone", "external_id": None}
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB | {"routings": [failed]}))
    result = cli.run("jobs", "show", str(JOB["id"]))
    assert "its data was deleted" in result.err
    assert "jobs retry" not in result.err


@pytest.mark.parametrize("status", ["pending", "sending"])
def test_what_is_not_there_yet_says_where_to_see_why(cli: CommandLine, status: str) -> None:
    waiting = ROUTING | {"status": status, "action_id": "3e0c"}
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB | {"routings": [waiting]}))
    result = cli.run("jobs", "show", str(JOB["id"]))
    assert f"syncline actions show {AMY['id']} 3e0c" in result.err


def test_the_help_of_the_list_names_every_status(
    cli: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run("jobs", "list", "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "active, canceled, completed, failed, routing." in said


def test_json_is_what_the_daemon_said(cli: CommandLine) -> None:
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB))
    assert json.loads(cli.run("jobs", "show", str(JOB["id"]), "--json").out) == JOB


def test_a_job_is_entered_from_options(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/jobs", httpx.Response(201, json=JOB))
    said = {
        "--account": "Park Plumbing",
        "--technician": "77",
        "--summary": "Replace the water heater",
        "--name": "Ada Park",
        "--phone": "+1 555 0100",
        "--street": "1 Main St",
        "--city": "Springfield",
        "--state": "IL",
        "--zip": "62701",
        "--revenue": "850.00",
        "--key": "visit-1",
    }
    words = [word for pair in said.items() for word in pair]
    result = cli.run("jobs", "create", *words)
    assert result.code == 0
    assert f"syncline jobs show {JOB['id']}" in result.err
    (request,) = cli.daemon.asked("POST", "/jobs")
    assert json.loads(request.content) == {
        "created_by": {"account_id": PARK["id"], "technician_id": "77"},
        "summary": "Replace the water heater",
        "homeowner": {"name": "Ada Park", "phone": "+1 555 0100"},
        "address": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701"},
        "revenue": "850.00",
        "idempotency_key": "visit-1",
    }


def test_a_job_from_a_file_is_said_otherwise_by_options(cli: CommandLine, tmp_path: Path) -> None:
    cli.daemon.on("POST", "/jobs", httpx.Response(201, json=JOB))
    entered = {
        "created_by": {"account_id": "a", "technician_id": "7"},
        "summary": "Leak",
        "homeowner": {"name": "Ada"},
        "address": {"city": "Springfield"},
    }
    (tmp_path / "job.json").write_text(json.dumps(entered))
    result = cli.run("jobs", "create", "--file", "job.json", "--phone", "5550100")
    assert result.code == 0
    (request,) = cli.daemon.asked("POST", "/jobs")
    assert json.loads(request.content) == entered | {
        "homeowner": {"name": "Ada", "phone": "5550100"}
    }


@pytest.mark.parametrize("content", ["[1]", "{", None])
def test_a_file_that_holds_no_job_is_not_sent(
    cli: CommandLine, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "job.json").write_text(content)
    result = cli.run("jobs", "create", "--file", "job.json")
    assert result.code == 2
    assert "job.json" in result.err
    assert cli.daemon.asked("POST", "/jobs") == []


def test_what_is_wrong_with_a_job_is_told_field_by_field(cli: CommandLine) -> None:
    errors = [{"path": "address.city", "expected": "a city", "found": "nothing"}]
    refused = problem(422, "Invalid input", "it is not sound", errors=errors)
    cli.daemon.on("POST", "/jobs", refused)
    result = cli.run("jobs", "create", "--summary", "Leak")
    assert result.code == 2
    assert "address.city: expected a city, found nothing" in result.err


def test_a_job_that_is_offered_to_nobody_says_so(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/jobs", httpx.Response(201, json=JOB | {"routings": []}))
    assert "offered to nobody" in cli.run("jobs", "create", "--summary", "Leak").err


def test_a_routing_is_tried_again(cli: CommandLine) -> None:
    path = f"/routings/{ROUTING['id']}/retry"
    cli.daemon.on("POST", path, httpx.Response(202, json=ROUTING | {"status": "pending"}))
    result = cli.run("jobs", "retry", str(ROUTING["id"]))
    assert result.code == 0
    assert "Amy's Repairs" in result.out
    assert f"syncline jobs show {JOB['id']}" in result.err


def test_what_could_not_be_called_off_is_told(cli: CommandLine) -> None:
    left = {
        "routing_id": ROUTING["id"],
        "account_id": AMY["id"],
        "status": "synced",
        "reason": "the company has it",
    }
    done = {"job": JOB, "called_off": ["a", "b"], "left": [left]}
    cli.daemon.on("POST", f"{AT}/cancel", httpx.Response(200, json=done))
    result = cli.run("jobs", "cancel", str(JOB["id"]))
    assert "Called off: 2 routings." in result.err
    assert "the company has it" in result.out
    assert "Amy's Repairs" in result.out


def test_a_job_that_there_is_not_is_told(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/jobs/x", problem(404, "Not found", "there is no such job"))
    result = cli.run("jobs", "show", "x")
    assert (result.code, "there is no such job" in result.err) == (1, True)


def test_all_that_failed_at_a_company_is_tried_again_page_after_page(cli: CommandLine) -> None:
    path = f"/integrations/{AMY['id']}/routings/retry"
    left = [{"routing_id": "r3", "reason": "set campaign_id"}]
    first = {"retried": ["r1", "r2"], "left": left, "next": "abc"}
    second = {"retried": ["r4"], "left": [], "next": None}
    pages = [httpx.Response(202, json=each) for each in (first, second)]
    cli.daemon.on("POST", path, *pages)
    result = cli.run("jobs", "retry", "--account", "amy's repairs")
    assert result.code == 0
    assert "3 routings tried again" in result.err
    assert "set campaign_id" in result.out
    assert [each.url.params.get("cursor") for each in cli.daemon.asked("POST", path)] == [
        None,
        "abc",
    ]


def test_one_routing_or_one_company_is_to_be_named(cli: CommandLine) -> None:
    assert cli.run("jobs", "retry").code == 2
    assert cli.run("jobs", "retry", "51d0", "--account", "amy").code == 2


def test_the_beginning_of_an_id_will_do(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/ids", httpx.Response(200, json={"items": [JOB["id"]], "more": False}))
    cli.daemon.on("GET", AT, httpx.Response(200, json=JOB))
    assert cli.run("jobs", "show", "9c2e").code == 0
    (request,) = cli.daemon.asked("GET", "/ids")
    assert dict(request.url.params) == {"of": "job", "prefix": "9c2e"}


def test_an_id_that_several_begin_with_is_told_with_all_of_them(cli: CommandLine) -> None:
    several = {"items": ["9c2e1", "9c2e2"], "more": True}
    cli.daemon.on("GET", "/ids", httpx.Response(200, json=several))
    result = cli.run("jobs", "cancel", "9c2e")
    assert result.code == 2
    assert "9c2e1" in result.err
    assert "and others" in result.err


def test_jobs_are_listed_by_how_their_routings_stand(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/jobs", page(JOB))
    assert cli.run("jobs", "list", "--routing-status", "failed").code == 0
    (request,) = cli.daemon.asked("GET", "/jobs")
    assert request.url.params["routing_status"] == "failed"
