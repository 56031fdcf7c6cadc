import sys

import pytest

from support.command_line import CommandLine

TO = "postgresql://user:hunter2@[::1/name"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "syncline.db", "--to", TO], "--from must be sqlite:///PATH"),
        (["--from", "sqlite:///", "--to", TO], "--from must be sqlite:///PATH"),
        (["--from", "sqlite:///a.db"], "--to is missing"),
        (["--from", "sqlite:///a.db", "--to", "mysql://x"], "--to must be postgresql://"),
    ],
)
def test_wrong_usage_is_said(cli: CommandLine, arguments: list[str], said: str) -> None:
    result = cli.run("migrate-store", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_url_that_is_none_is_refused_without_its_password(cli: CommandLine) -> None:
    result = cli.run("migrate-store", "--from", "sqlite:///a.db", "--to", TO)
    assert (result.code, result.out) == (1, "")
    assert "--to is no URL" in result.err
    assert "hunter2" not in result.err


def test_driver_that_is_not_there_is_said(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "store.moving.target", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    result = cli.run("migrate-store", "--from", "sqlite:///a.db", "--to", TO)
    assert result.code == 1
    assert "PostgreSQL's driver is not there" in result.err
    assert "syncline[postgresql]" in result.err


def test_taking_back_is_asked_for_first(cli: CommandLine) -> None:
    result = cli.run("migrate-store", "--from", "sqlite:///a.db", "--undo")
    assert result.code == 2
    assert "Add --yes" in result.err
    refused = cli.run("migrate-store", "--from", "sqlite:///a.db", "--undo", "--yes")
    assert refused.code == 1
    assert "there is no database" in refused.err
    assert not list(cli.folder.glob("a.db*"))
