import re

import pytest

from support.command_line import CommandLine, account, page

ESCAPE = "\x1b"
CODES = re.compile(r"\x1b\[[0-9;]*m")


def test_off_a_terminal_there_are_no_control_codes(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's"), account(2, "Bob's")))
    assert ESCAPE not in cli.run("accounts").out


def test_on_a_terminal_states_have_colours(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    cli.is_terminal = True
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's")))
    assert f"{ESCAPE}[32mlive" in cli.run("accounts").out


def test_no_color_is_respected_on_a_terminal(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    cli.is_terminal = True
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's")))
    assert f"{ESCAPE}[32m" not in cli.run("accounts").out


def test_a_name_cannot_send_control_codes_to_the_terminal(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(account(1, f"Evil{ESCAPE}]0;title\x07")))
    shown = cli.run("accounts").out
    assert ESCAPE not in shown
    assert "Evil\N{REPLACEMENT CHARACTER}]0;title" in shown


def test_off_a_terminal_nothing_is_cut(cli: CommandLine) -> None:
    name = "A very long company name that goes on and on " * 5
    cli.daemon.on("GET", "/integrations", page(account(1, name.strip())))
    assert name.strip() in cli.run("accounts").out


def test_off_a_terminal_lines_end_where_their_text_ends(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's"), account(2, "B")))
    lines = cli.run("accounts").out.splitlines()
    assert len(lines) == 3
    assert lines == [line.rstrip() for line in lines]


def test_markup_in_a_name_is_text(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(account(1, "[bold]Amy's[/bold] :smile:")))
    assert "[bold]Amy's[/bold] :smile:" in cli.run("accounts").out


@pytest.mark.parametrize("columns", [200, 120, 80, 72, 59, 40])
@pytest.mark.parametrize("command", ["accounts", "status"])
def test_every_account_is_one_line_however_narrow_the_terminal(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, columns: int, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    cli.is_terminal = True
    long = account(2, "A very long company name that goes on and on", state="reauth_required")
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's"), long))
    lines = CODES.sub("", cli.run(command).out).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["ID", "00000001", "00000002"]
    assert "reauth_required" in lines[2]
    assert max(len(line.rstrip()) for line in lines) <= columns
    assert ("…" in lines[2]) == (columns < 200)


def test_narrow_terminal_goes_without_vendor_and_company_first(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    cli.is_terminal = True
    long = account(1, "Sandbox Company 1", state="reauth_required")
    cli.daemon.on("GET", "/integrations", page(long))
    heading, row = CODES.sub("", cli.run("accounts").out).splitlines()
    assert heading.split() == ["ID", "NAME", "STATE", "EXACT", "AS", "OF", "LAST", "SYNCED"]
    assert "Sandbox Company 1" in row
