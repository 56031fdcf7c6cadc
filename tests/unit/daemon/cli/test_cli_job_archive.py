import json

import httpx

from support.command_line import CommandLine, problem

PATH = "/jobs/archive"
REPORT = {"jobs": 3, "finished_before": "2026-01-01T02:00:00Z", "dry_run": True}


def test_a_dry_run_says_what_would_be_put_away(cli: CommandLine) -> None:
    cli.daemon.on("POST", PATH, httpx.Response(200, json=REPORT))
    result = cli.run("jobs", "archive", "--dry-run")
    assert result.code == 0
    assert "3 jobs that ended before 2026-01-01 02:00 UTC would be put away" in result.err
    (request,) = cli.daemon.asked("POST", PATH)
    assert json.loads(request.content) == {"dry_run": True}


def test_what_was_put_away_is_printed_as_data(cli: CommandLine) -> None:
    done = REPORT | {"dry_run": False, "jobs": 1}
    cli.daemon.on("POST", PATH, httpx.Response(200, json=done))
    assert "1 job that ended" in cli.run("jobs", "archive").err
    assert json.loads(cli.run("jobs", "archive", "--json").out)["jobs"] == 1


def test_where_nothing_is_ever_put_away_it_fails(cli: CommandLine) -> None:
    cli.daemon.on("POST", PATH, problem(409, "Archiving off"))
    assert cli.run("jobs", "archive").code == 1
