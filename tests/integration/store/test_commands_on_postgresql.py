"""Commands that look at the database themselves, where that is PostgreSQL: they work, or say what to do."""

from pathlib import Path

import anyio
import psycopg
import pytest
from cryptography.fernet import Fernet

from actors.credential import Credential, Sealer
from daemon.durable_file import replace_text
from daemon.sealing_proof import PROOF_KEY
from store.postgresql import open_store
from support.command_line import CONFIG, NOW, CommandLine

KEY = Fernet.generate_key().decode()


@pytest.fixture
def url(empty_url: str) -> str:
    return empty_url


@pytest.fixture
def cli(tmp_path: Path, url: str) -> CommandLine:
    (tmp_path / "config.yaml").write_text(f"{CONFIG}store: {{url: '{url}'}}\n")
    replace_text(tmp_path / "syncline.key", f"{KEY}\n")
    return CommandLine(tmp_path)


@pytest.fixture
def filled(cli: CommandLine, url: str) -> CommandLine:
    anyio.run(fill, url)
    return cli


async def fill(url: str) -> None:
    sealer = Sealer([KEY])
    async with await open_store(url, durable=False) as store:
        for number in range(3):
            tokens = sealer.seal(Credential(f"access {number}", "refresh", NOW, NOW))
            await store.connect("quickbooks", f"{number}", "", tokens, NOW, f"id {number}")
        await store.set_metadata(PROOF_KEY, sealer.proof())


def keys(cli: CommandLine) -> list[str]:
    return (cli.folder / "syncline.key").read_text().split()


def sealed(url: str) -> list[bytes]:
    with psycopg.connect(url) as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT sealed FROM credentials")]


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        (["backup", "copy.db"], "pg_dump --format=custom"),
        (["restore", ".", "--yes"], "pg_restore into an empty database"),
        (["restore-drill", "."], "into another database"),
    ],
)
def test_what_works_on_a_file_says_what_to_do_instead(
    cli: CommandLine, command: list[str], instead: str
) -> None:
    result = cli.run(*command)
    assert (result.code, result.out) == (1, "")
    assert instead in result.err
    assert result.err.count("\n") == 2


def test_keys_are_changed_while_no_daemon_runs(filled: CommandLine, url: str) -> None:
    result = filled.run("keys", "rotate")
    assert result.code == 0, result.err
    new, old = keys(filled)
    assert old == KEY
    assert len(sealed(url)) == 3
    for each in sealed(url):
        Sealer([new]).check(each)
    assert filled.run("keys", "forget", "--yes").code == 0
    assert keys(filled) == [new]


def test_daemon_that_runs_has_to_be_told(
    filled: CommandLine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.cli.key_commands._LOOKS", 1)
    with psycopg.connect(url) as daemon:
        daemon.execute("SELECT pg_advisory_lock_shared(1398363715, 1)")
        result = filled.run("keys", "rotate")
    assert result.code == 1
    assert "systemctl reload syncline" in result.err
    assert "is not sealed with the first key" in result.err
    assert len(keys(filled)) == 2
    assert filled.run("keys", "forget", "--yes").code == 1
    assert filled.run("keys", "rotate").code == 0
    assert len(keys(filled)) == 2


def test_doctor_sees_whether_the_keys_fit(filled: CommandLine) -> None:
    assert "sealing key" not in failed(filled)
    replace_text(filled.folder / "syncline.key", f"{Fernet.generate_key().decode()}\n")
    assert "sealing key" in failed(filled)


def test_missing_and_wrong_keys_name_the_database_and_no_file_that_is_none(
    filled: CommandLine,
) -> None:
    key = filled.folder / "syncline.key"
    replace_text(key, f"{Fernet.generate_key().decode()}\n")
    assert "sealed this database (the database of store.url)" in failed(filled)
    key.unlink()
    told = failed(filled)
    assert "the tokens in the database of store.url were sealed with its key" in told
    assert "copy another node's" in told


@pytest.mark.parametrize("state", ["copying", "verified", "done"])
def test_database_that_a_file_was_moved_into_is_told_to_lack_its_key(
    filled: CommandLine, url: str, state: str
) -> None:
    key = filled.folder / "syncline.key"
    key.unlink()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE syncline_move (id text, source text, state text)")
        row = ("1", "/srv/syncline.db", state)
        connection.execute("INSERT INTO syncline_move VALUES (%s, %s, %s)", row)
    told = failed(filled)
    assert f"copy /srv/syncline.db.key to {key}" in told
    assert told.count("sealing key") == 1
    replace_text(key, f"{KEY}\n")
    assert "sealing key" not in failed(filled)


def test_doctor_tells_that_another_number_of_shards_has_no_effect(
    filled: CommandLine, url: str
) -> None:
    def said() -> list[str]:
        return [line for line in filled.run("doctor").out.splitlines() if "cluster.shards" in line]

    with (filled.folder / "config.yaml").open("a") as config:
        config.write("cluster: {shards: 16}\n")
    assert said() == []
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO cluster (shard_count) VALUES (64)")
    (line,) = said()
    assert line.startswith("warn")
    assert "the first node made 64" in line


def failed(cli: CommandLine) -> str:
    lines = cli.run("doctor").out.splitlines()
    return "\n".join(line for line in lines if line.startswith(("fail", "FAIL")))
