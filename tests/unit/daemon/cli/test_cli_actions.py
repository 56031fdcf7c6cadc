import json
from pathlib import Path

import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

AMY = account(1, "Amy's")
PATH = f"/integrations/{AMY['id']}/actions"
ACTION = {
    "id": "3e0c2b0e-95b7-4f0e-9b50-61b8f3a1d7c2",
    "type": "payment.create",
    "state": "succeeded",
    "needs_person": False,
    "created_at": "2026-03-01T11:59:00Z",
    "result": {"object_type": "Payment", "object_id": "77", "payload": {"Id": "77"}},
    "attempts": [
        {"at": "2026-03-01T11:59:00Z", "call": "send", "outcome": "done", "trace_id": "1-abc"}
    ],
    "last_error": None,
}


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))


def test_actions_are_a_table(cli: CommandLine) -> None:
    cli.daemon.on("GET", PATH, page(ACTION))
    result = cli.run("actions", "list", "Amy's", "--state", "succeeded")
    assert result.code == 0
    assert "Payment 77" in result.out
    (request,) = cli.daemon.asked("GET", PATH)
    assert request.url.params["state"] == "succeeded"


def test_one_action_is_shown_with_its_attempts(cli: CommandLine) -> None:
    waiting = ACTION | {"state": "unknown", "needs_person": True, "last_error": "not clear"}
    cli.daemon.on("GET", f"{PATH}/{ACTION['id']}", httpx.Response(200, json=waiting))
    result = cli.run("actions", "show", "Amy's", str(ACTION["id"]))
    assert "1. 2026-03-01 11:59:00 send done 1-abc" in result.err
    assert "look at the vendor" in result.err


def test_why_nothing_is_done_about_an_action_is_shown(cli: CommandLine) -> None:
    waiting = ACTION | {"state": "pending", "waits_for": "the account is paused"}
    cli.daemon.on("GET", f"{PATH}/{ACTION['id']}", httpx.Response(200, json=waiting))
    result = cli.run("actions", "show", "Amy's", str(ACTION["id"]))
    assert "It waits: the account is paused" in result.err


def test_a_payload_goes_out_byte_for_byte(cli: CommandLine, tmp_path: Path) -> None:
    cli.daemon.on("POST", PATH, httpx.Response(200, json=ACTION))
    file = tmp_path / "payment.json"
    file.write_text('{"TotalAmt": 12.500000000000000001}\n')
    result = cli.run("actions", "send", "Amy's", "payment.create", f"@{file}", "--key", "k")
    assert result.code == 0
    (request,) = cli.daemon.asked("POST", PATH)
    assert b'{"TotalAmt": 12.500000000000000001}' in request.content
    assert json.loads(request.content)["idempotency_key"] == "k"


def test_a_failed_action_fails_the_command(cli: CommandLine) -> None:
    failed = ACTION | {"state": "failed", "result": None, "last_error": "books closed"}
    cli.daemon.on("POST", PATH, httpx.Response(200, json=failed))
    result = cli.run("actions", "send", "Amy's", "payment.create", "{}")
    assert result.code == 1
    assert "books closed" in result.out


@pytest.mark.parametrize("payload", ["{", "@/nowhere/at/all.json"])
def test_a_payload_that_is_none_is_not_sent(cli: CommandLine, payload: str) -> None:
    result = cli.run("actions", "send", "Amy's", "payment.create", payload)
    assert result.code == 1
    assert "payload" in result.err
    assert cli.daemon.asked("POST", PATH) == []


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_by_hand(cli: CommandLine, verb: str) -> None:
    cli.daemon.on("POST", f"{PATH}/{ACTION['id']}/{verb}", httpx.Response(200, json=ACTION))
    assert cli.run("actions", verb, "Amy's", str(ACTION["id"])).code == 0


def test_a_duplicate_is_told(cli: CommandLine) -> None:
    cli.daemon.on("POST", PATH, problem(409, "Duplicate action", "the same was asked for"))
    result = cli.run("actions", "send", "Amy's", "payment.create", "{}")
    assert result.code == 1
    assert "the same was asked for" in result.err


def test_what_is_otherwise_at_the_vendor_is_shown_with_its_action(cli: CommandLine) -> None:
    drift = {
        "object_type": "Payment",
        "object_id": "77",
        "field": "TotalAmt",
        "asked": "25.0",
        "found": "20",
        "found_at": "2026-03-01T12:04:00Z",
        "resolved_at": None,
    }
    drifting = ACTION | {"drifts": [drift]}
    cli.daemon.on("GET", f"{PATH}/{ACTION['id']}", httpx.Response(200, json=drifting))
    result = cli.run("actions", "show", "Amy's", str(ACTION["id"]))
    assert "Payment 77, TotalAmt: asked for 25.0, 20 at the vendor" in result.err
