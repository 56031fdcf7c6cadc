import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

ROUTING = {
    "active": True,
    "booking_provider": "77",
    "campaign_id": None,
    "business_unit_id": None,
}
PARK = account(1, "Park Plumbing", vendor="servicetitan", routing=ROUTING)
BOOKS = account(2, "Books", routing=None)
AT = f"/integrations/{PARK['id']}"


@pytest.fixture(autouse=True)
def two_accounts(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(PARK, BOOKS))
    for known in (PARK, BOOKS):
        cli.daemon.on("GET", f"/integrations/{known['id']}", httpx.Response(200, json=known))
    cli.daemon.on("PATCH", AT, httpx.Response(200, json=PARK))


def test_without_options_it_shows_what_is_set(cli: CommandLine) -> None:
    result = cli.run("set", "Park Plumbing")
    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()[1:]] == [
        ["name", "Park", "Plumbing"],
        ["routing.active", "yes"],
        ["routing.booking_provider", "77"],
        ["routing.campaign_id", "-"],
        ["routing.business_unit_id", "-"],
    ]
    assert cli.daemon.asked("PATCH", AT) == []


def test_only_what_is_named_is_set(cli: CommandLine) -> None:
    options = ["booking_provider=77", "campaign_id=12", "business_unit_id="]
    words = [word for option in options for word in ("--option", option)]
    result = cli.run("set", "Park Plumbing", "--inactive", *words)
    assert result.code == 0
    (request,) = cli.daemon.asked("PATCH", AT)
    assert json.loads(request.content) == {
        "routing": {
            "booking_provider": "77",
            "campaign_id": 12,
            "business_unit_id": None,
            "active": False,
        }
    }


def test_a_name_is_set(cli: CommandLine) -> None:
    cli.run("set", "Park Plumbing", "--name", "Park & Sons")
    (request,) = cli.daemon.asked("PATCH", AT)
    assert json.loads(request.content) == {"name": "Park & Sons"}


def test_an_empty_name_is_asked_for_to_be_refused(cli: CommandLine) -> None:
    cli.run("set", "Park Plumbing", "--name", "")
    (request,) = cli.daemon.asked("PATCH", AT)
    assert json.loads(request.content) == {"name": ""}


def test_an_option_without_a_sign_is_wrong_usage(cli: CommandLine) -> None:
    result = cli.run("set", "Park Plumbing", "--option", "campaign_id")
    assert result.code == 2
    assert "NAME=VALUE" in result.err


def test_where_no_jobs_are_routed_it_says_so(cli: CommandLine) -> None:
    result = cli.run("set", "Books")
    assert "No jobs are routed to companies of quickbooks" in result.err
