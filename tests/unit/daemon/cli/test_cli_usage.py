import re
from pathlib import Path

import pytest

from daemon.cli.command_table import COMMANDS as COMMAND_TABLE
from daemon.cli.command_table import GROUPS
from support.command_line import CommandLine

COMMANDS = [
    ["run"],
    ["demo"],
    ["sandbox"],
    ["connect"],
    ["accounts"],
    ["status"],
    ["sync"],
    ["verify"],
    ["set"],
    ["pause"],
    ["resume"],
    ["disconnect"],
    ["objects"],
    ["explain"],
    ["confirm-deletes"],
    ["changes"],
    ["views"],
    ["actions", "list"],
    ["actions", "show"],
    ["actions", "send"],
    ["actions", "retry"],
    ["actions", "cancel"],
    ["jobs", "list"],
    ["jobs", "show"],
    ["jobs", "create"],
    ["jobs", "retry"],
    ["jobs", "cancel"],
    ["jobs", "archive"],
    ["alerts", "list"],
    ["alerts", "ack"],
    ["alerts", "test"],
    ["alerts", "replay"],
    ["events"],
    ["audit"],
    ["config", "check"],
    ["config", "show"],
    ["backup"],
    ["restore-drill"],
    ["restore"],
    ["migrate-store"],
    ["upgrade-store"],
    ["keys", "rotate"],
    ["keys", "forget"],
    ["keys", "new"],
    ["completion"],
    ["doctor"],
]


def test_every_command_there_is_is_tried_here() -> None:
    grouped = [[group.name, each.name] for group in GROUPS for each in group.commands]
    assert sorted(COMMANDS) == sorted([[each.name] for each in COMMAND_TABLE] + grouped)


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    cli: CommandLine, capsys: pytest.CaptureFixture[str], command: list[str], flag: str
) -> None:
    assert cli.run(*command, flag).code == 0
    printed = capsys.readouterr().out
    assert "Example:" in printed
    assert f"syncline {' '.join(command)}" in printed.partition("Example:")[2]


@pytest.mark.parametrize(
    "command",
    [
        each
        for each in COMMANDS
        if each[0] not in {"demo", "sandbox"} and each[-1] not in {"new", "completion"}
    ],
    ids=" ".join,
)
def test_every_command_that_reads_the_configuration_takes_its_path(
    cli: CommandLine, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    cli.run(*command, "-h")
    assert "--config PATH" in capsys.readouterr().out


def test_overview_names_every_command(cli: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run("--help").code == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {command[0]} " in printed for command in COMMANDS)
    assert "..." not in printed.partition("Commands:")[2]


@pytest.mark.parametrize(
    "arguments",
    [["accounts", "--no-such-option"], ["no-such-command"], ["pause"], ["changes", "--after", "x"]],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_and_silent_on_stdout(
    cli: CommandLine, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.run(*arguments).code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Error:" in printed.err


def test_version_is_printed(cli: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run("--version").code == 0
    assert capsys.readouterr().out.startswith("syncline ")


def test_what_every_command_does_on_postgresql_is_written_down() -> None:
    page = (Path(__file__).parents[4] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.partition("## Commands on PostgreSQL")[2].partition("\n## ")[0]
    missing = [each for each in COMMANDS if not re.search(rf"`{each[0]}( {each[-1]})?`", section)]
    assert missing == []
