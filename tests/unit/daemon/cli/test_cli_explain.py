import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

AMY = account(1, "Amy's")
PATH = f"/integrations/{AMY['id']}/objects/Invoice/7/explanation"


def event(what: str, **more: object) -> dict[str, object]:
    return {
        "at": "2026-03-01T11:00:02Z",
        "what": what,
        "rule": "newer",
        "why": "newer than what was held",
        "version": "3",
        "updated_at": "2026-03-01T11:00:00Z",
        "via": "poll",
        "look": "feed",
        "trace_ids": ["1-67f0"],
        "changed": [],
        "times": 1,
        "last_at": None,
        **more,
    }


def explanation(*events: dict[str, object], **more: object) -> httpx.Response:
    document = {
        "object_type": "Invoice",
        "object_id": "7",
        "deleted": False,
        "covered_until": "2026-03-01T11:58:00Z",
        "earlier_left_out": False,
        "events": events,
        **more,
    }
    return httpx.Response(200, json=document)


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))


def test_each_version_is_told_with_the_call_that_brought_it(cli: CommandLine) -> None:
    several = event("replaced", trace_ids=["1-a", "1-b", "1-c"])
    cli.daemon.on("GET", PATH, explanation(event("stored"), several))
    result = cli.run("explain", "Amy's", "Invoice", "7")
    assert result.out.splitlines() == [
        "2026-03-01T11:00:02Z  stored: newer than what was held",
        "    version 3, vendor time 2026-03-01T11:00:00Z, by poll of feed, call 1-67f0",
        "2026-03-01T11:00:02Z  replaced: newer than what was held",
        "    version 3, vendor time 2026-03-01T11:00:00Z, by poll of feed, call 1-a +2",
    ]
    assert "up to 2026-03-01T11:58:00Z" in result.err


def test_80_columns_are_enough_and_no_call_is_cut(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    cli.is_terminal = True
    call = "1-67f0c2a1-5d3e8f7a6b4c2d1e0f9a8b7c"
    cli.daemon.on("GET", PATH, explanation(event("stored", trace_ids=[call])))
    lines = cli.run("explain", "Amy's", "Invoice", "7").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(f"call {call}" in line for line in lines)


def test_what_is_not_known_is_left_out(cli: CommandLine) -> None:
    unknown = event("deleted", version="", look="", trace_ids=[], updated_at=None)
    cli.daemon.on("GET", PATH, explanation(unknown, covered_until=None, deleted=True))
    result = cli.run("explain", "Amy's", "Invoice", "7")
    assert result.out.splitlines()[1] == "    by poll"
    assert "not been read from end to end" in result.err


def test_a_refusal_that_came_often_says_how_often(cli: CommandLine) -> None:
    refused = event("refused", times=4, last_at="2026-03-01T11:30:00Z")
    cli.daemon.on("GET", PATH, explanation(refused))
    out = cli.run("explain", "Amy's", "Invoice", "7").out
    assert "(4 times, last 2026-03-01T11:30:00Z)" in out


def test_the_changed_fields_are_shown_on_demand(cli: CommandLine) -> None:
    changed = [
        {"name": "Balance", "before": 1, "after": 2},
        {"name": "Memo", "after": "\x1b[2J" + "x" * 300},
    ]
    cli.daemon.on("GET", PATH, explanation(event("replaced", changed=changed)))
    assert "Balance" not in cli.run("explain", "Amy's", "Invoice", "7").out
    out = cli.run("explain", "Amy's", "Invoice", "7", "--diff").out
    assert "    Balance: 1 -> 2\n" in out
    assert "Memo: (not there) -> " in out
    assert "\x1b" not in out
    assert "..." in out


def test_as_json_it_is_the_daemons_answer(cli: CommandLine) -> None:
    cli.daemon.on("GET", PATH, explanation(event("stored")))
    printed = json.loads(cli.run("explain", "Amy's", "Invoice", "7", "--json").out)
    assert printed["events"][0]["trace_ids"] == ["1-67f0"]


def test_versions_that_are_left_out_are_mentioned(cli: CommandLine) -> None:
    cli.daemon.on("GET", PATH, explanation(event("stored"), earlier_left_out=True))
    assert "older versions" in cli.run("explain", "Amy's", "Invoice", "7").err


def test_an_object_that_was_never_seen_is_an_error(cli: CommandLine) -> None:
    assert cli.run("explain", "Amy's", "Invoice", "7").code == 1
