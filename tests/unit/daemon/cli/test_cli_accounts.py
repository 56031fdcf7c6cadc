import json

import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

AMY = account(1, "Amy's")
BOB = account(2, "Bob's", state="degraded", exact_as_of=None, last_synced_at=None)
AMY_PATH = f"/integrations/{AMY['id']}"


@pytest.fixture(autouse=True)
def two_accounts(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY, BOB))


def disconnected(*, purged: bool = False) -> httpx.Response:
    document = {"id": AMY["id"], "state": "disconnected", "purged": purged, "revoked": True}
    return httpx.Response(200, json={**document, "detail": "the vendor did not answer"})


def test_accounts_are_a_table_with_ages(cli: CommandLine) -> None:
    result = cli.run("accounts")
    heading, amy, bob = result.out.splitlines()
    assert heading.split()[:5] == ["ID", "VENDOR", "COMPANY", "NAME", "STATE"]
    assert amy.split() == [
        *("00000001", "quickbooks", "9341450000000001", "Amy's", "live"),
        *("3.0", "s", "ago", "1.0", "s", "ago"),
    ]
    assert bob.split()[-3:] == ["degraded", "-", "-"]
    assert (result.code, result.err) == (0, "")


def test_accounts_as_json_are_what_the_daemon_says(cli: CommandLine) -> None:
    assert json.loads(cli.run("accounts", "--json").out) == [AMY, BOB]


def test_no_accounts_says_how_to_connect_one_and_leaves_stdout_empty(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page())
    result = cli.run("accounts")
    assert (result.code, result.out) == (0, "")
    assert "syncline connect VENDOR" in result.err


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_pause_and_resume_tell_the_state_after(cli: CommandLine, verb: str) -> None:
    cli.daemon.on("POST", f"{AMY_PATH}/{verb}", httpx.Response(200, json=AMY | {"state": "paused"}))
    result = cli.run(verb, "Amy's")
    assert (result.code, result.out, result.err) == (0, "", "Amy's: paused\n")


def test_pause_as_json_is_the_account(cli: CommandLine) -> None:
    cli.daemon.on("POST", f"{AMY_PATH}/pause", httpx.Response(200, json=AMY))
    assert json.loads(cli.run("pause", "Amy's", "--json").out) == AMY


def test_refused_resume_fails_in_words(cli: CommandLine) -> None:
    cli.daemon.on("POST", f"{AMY_PATH}/resume", problem(409, "Disconnected", "Connect it again."))
    result = cli.run("resume", "Amy's")
    assert (result.code, result.err) == (1, "error: Disconnected\nConnect it again.\n")


def test_disconnect_without_a_terminal_needs_yes(cli: CommandLine) -> None:
    result = cli.run("disconnect", "Amy's")
    assert result.code == 2
    assert "--yes" in result.err
    assert cli.daemon.asked("DELETE", AMY_PATH) == []


def test_disconnect_that_is_declined_does_nothing(cli: CommandLine) -> None:
    cli.reply = False
    result = cli.run("disconnect", "Amy's")
    assert result.code == 1
    assert "nothing was done" in result.err
    assert cli.daemon.asked("DELETE", AMY_PATH) == []


def test_disconnect_that_is_confirmed_keeps_the_data(cli: CommandLine) -> None:
    cli.reply = True
    cli.daemon.on("DELETE", AMY_PATH, disconnected())
    result = cli.run("disconnect", "Amy's")
    assert result.code == 0
    assert "disconnected, its data kept; the vendor did not answer" in result.err
    assert cli.daemon.asked("DELETE", AMY_PATH)[0].url.params["purge"] == "false"


def test_disconnect_with_yes_and_purge_deletes_the_data(cli: CommandLine) -> None:
    cli.daemon.on("DELETE", AMY_PATH, disconnected(purged=True))
    result = cli.run("disconnect", "Amy's", "--purge", "--yes")
    assert result.code == 0
    assert "its data deleted" in result.err
    assert cli.daemon.asked("DELETE", AMY_PATH)[0].url.params["purge"] == "true"
