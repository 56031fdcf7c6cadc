"""`migrate-store`, as a person or a script has it."""

import json
import re
from pathlib import Path

import pytest

from store.sqlite.lock import locked
from support.command_line import CONFIG, CommandLine
from support.full_file import make_full_file
from support.moved import Moved


@pytest.fixture
def moved(tmp_path: Path, empty_url: str) -> Moved:
    pair = Moved(tmp_path / "syncline.db", empty_url)
    make_full_file(pair.path)
    return pair


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return CommandLine(tmp_path)


def asked(moved: Moved, *more: str) -> list[str]:
    return ["migrate-store", "--from", "sqlite:///syncline.db", "--to", moved.url, *more]


def test_tables_are_listed_with_their_digests_and_what_comes_next(
    cli: CommandLine, moved: Moved
) -> None:
    moved.alter("UPDATE accounts SET name = 'a' || char(0) WHERE id = 'account-1'")
    result = cli.run(*asked(moved))
    assert result.code == 0, result.err
    listed = {line.split()[0]: line.split()[1:] for line in result.out.splitlines()[1:]}
    assert listed.keys() == moved.here().keys()
    assert listed["actions"][0] == "3"
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for _, digest in listed.values())
    for said in ("copying: 100 %", "comparing: 100 %", "handing over: 100 %", "store.url"):
        assert said in result.err
    assert "accounts (account-1): name has U+0000 in it: kept, with U+FFFD instead" in result.err
    again = cli.run(*asked(moved))
    assert (again.code, "nothing was done" in again.out) == (0, True)


def test_json_has_all_of_it(cli: CommandLine, moved: Moved) -> None:
    looked = json.loads(cli.run(*asked(moved, "--dry-run", "--json")).out)
    assert (looked["dry_run"], looked["already"], looked["tables"][0]["sha256"]) == (
        True,
        False,
        "",
    )
    result = cli.run(*asked(moved, "--json"))
    told = json.loads(result.out)
    assert (told["dry_run"], told["damaged"], told["damages"]) == (False, 0, [])
    assert told["rows"] == looked["rows"] + 1
    assert json.loads(cli.run(*asked(moved, "--json")).out)["already"]


def test_daemon_is_waited_for_as_long_as_is_said(cli: CommandLine, moved: Moved) -> None:
    with locked(moved.path):
        result = cli.run(*asked(moved, "--wait", "3"))
    assert result.code == 1
    assert cli.pauses_s == [1.0, 1.0, 1.0]
    assert result.err.count("Now stop the daemon") == 1
    assert "call this again" in result.err
    assert cli.run(*asked(moved)).code == 0


def test_bar_is_shown_on_a_terminal(cli: CommandLine, moved: Moved) -> None:
    cli.is_terminal = True
    result = cli.run(*asked(moved))
    assert result.code == 0
    assert "handing over" in result.err
    assert "100%" in result.err


def test_password_of_the_configuration_is_used_and_never_shown(
    cli: CommandLine, moved: Moved
) -> None:
    (cli.folder / "config.yaml").write_text(f"{CONFIG}\nstore: {{password: hunter2}}\n")
    result = cli.run(*asked(moved))
    assert result.code == 0, result.err
    assert "hunter2" not in result.out + result.err


def test_it_is_taken_back_with_a_word_about_what_is_lost(cli: CommandLine, moved: Moved) -> None:
    assert cli.run(*asked(moved)).code == 0
    cli.reply = False
    assert cli.run(*asked(moved, "--undo")).code == 1
    cli.reply = True
    back = cli.run(*asked(moved, "--undo"))
    assert back.code == 0, back.err
    assert "syncline.db" in back.out
    assert moved.ask("SELECT state FROM syncline_move") == [("undone",)]
    with locked(moved.path):
        refused = cli.run(*asked(moved, "--undo"))
    assert refused.code == 1
    assert "is in use by process" in refused.err
