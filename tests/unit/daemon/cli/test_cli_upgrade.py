import json
from collections.abc import Mapping

import pytest
import yaml

from daemon.cli import upgrade_command
from daemon.config import StoreConfig
from store.errors import StoreOpenError
from support.command_line import CommandLine


def on_postgresql(cli: CommandLine) -> None:
    path = cli.folder / "config.yaml"
    document = yaml.safe_load(path.read_text())
    document["store"] = {"url": "postgresql://syncline@nowhere/syncline"}
    path.write_text(yaml.safe_dump(document))


@pytest.fixture
def asked(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, bool]:
    """Let a database stand in that was at schema 5; what it was asked for is noted."""
    noted: dict[str, bool] = {}

    def upgrade(config: StoreConfig, *, over_older: bool) -> tuple[int, int]:
        assert config.url.startswith("postgresql://")
        noted["over_older"] = over_older
        if not over_older:
            raise StoreOpenError("nodes of an older version are at work: shop-2")
        return 5, 6

    on_postgresql(cli)
    monkeypatch.setattr(upgrade_command, "bring_up_to_date", upgrade)
    return noted


def test_file_is_left_to_its_daemon(cli: CommandLine) -> None:
    result = cli.run("upgrade-store")
    assert result.code == 1
    assert "when the daemon starts" in result.err


def test_database_that_cannot_be_reached_is_named(cli: CommandLine) -> None:
    on_postgresql(cli)
    result = cli.run("upgrade-store")
    assert result.code == 1
    assert "the database syncline at nowhere cannot be used" in result.err
    assert "Traceback" not in result.err


def test_who_is_in_the_way_is_told_and_nobody_is_cut_off(
    cli: CommandLine, asked: Mapping[str, bool]
) -> None:
    result = cli.run("upgrade-store")
    assert (result.code, asked) == (1, {"over_older": False})
    assert "shop-2" in result.err


def test_cutting_off_is_asked_about(cli: CommandLine, asked: Mapping[str, bool]) -> None:
    refused = cli.run("upgrade-store", "--over-older-nodes")
    assert refused.code != 0
    assert asked == {}
    done = cli.run("upgrade-store", "--over-older-nodes", "--yes")
    assert (done.code, done.out) == (0, "the database's schema was 5 and is 6 now\n")
    as_json = cli.run("upgrade-store", "--over-older-nodes", "--yes", "--json")
    assert json.loads(as_json.out) == {"schema_before": 5, "schema": 6}
