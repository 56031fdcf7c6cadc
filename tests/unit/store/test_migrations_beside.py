"""What a migration may do that is to work beside the version before it, and whether they keep to it."""

import re
from importlib.resources import files

import pytest

from store.postgresql.migrate import Migration, bundled_migrations

FIRST_HELD_TO_IT = 6
"""Whoever knows less than the schema before this one refuses every later schema by itself."""

_COMMENT = re.compile(r"--[^\n]*")
_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
_NEW_TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (\w+)", re.IGNORECASE)
_ALLOWED = (
    r"CREATE (UNLOGGED )?TABLE \w+ .*",
    r"CREATE INDEX .*",
    r"CREATE (OR REPLACE )?VIEW .*",
    r"CREATE FUNCTION .*",
    r"COMMENT ON .*",
    r"INSERT INTO (?P<filled>\w+) \(.*",
    r"ALTER TABLE \w+ (?P<columns>ADD COLUMN .*)",
    r"CREATE UNIQUE INDEX \w+ ON (?P<unique>\w+) .*",
)
_COLUMN = re.compile(r"ADD COLUMN (IF NOT EXISTS )?\w+ (?P<rest>.*)", re.IGNORECASE)


def problems(sql: str) -> list[str]:
    """Return the statements that an earlier version may not survive."""
    text = _BODY.sub("$$", _COMMENT.sub("", sql))
    new = {name.lower() for name in _NEW_TABLE.findall(text)}
    statements = [" ".join(each.split()) for each in text.split(";")]
    return [each for each in statements if each and not _is_harmless(each, new)]


def _is_harmless(statement: str, new: set[str]) -> bool:
    for pattern in _ALLOWED:
        found = re.fullmatch(pattern, statement, re.IGNORECASE)
        if found is None:
            continue
        named = found.groupdict()
        table = named.get("filled") or named.get("unique")
        if table is not None:
            return table.lower() in new
        return all(map(_is_harmless_column, _added(named.get("columns"))))
    return False


def _added(columns: str | None) -> list[str]:
    return re.split(r", (?=[A-Z]+ )", columns) if columns else []


def _is_harmless_column(added: str) -> bool:
    found = _COLUMN.fullmatch(added)
    if found is None:
        return False
    rest = found["rest"].upper()
    if re.search(r"\b(UNIQUE|PRIMARY KEY|REFERENCES|GENERATED)\b", rest):
        return False
    return "NOT NULL" not in rest or "DEFAULT" in rest


def test_migrations_that_work_beside_others_only_add() -> None:
    for migration in bundled_migrations()[FIRST_HELD_TO_IT - 1 :]:
        assert FIRST_HELD_TO_IT - 1 <= migration.works_beside <= migration.number
        if migration.works_beside < migration.number:
            assert problems(migration.sql) == [], migration.name


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE more (a bigint NOT NULL); INSERT INTO more (a) VALUES (1);",
        "ALTER TABLE objects ADD COLUMN note text; -- DROP nothing",
        "ALTER TABLE objects ADD COLUMN count bigint NOT NULL DEFAULT 0, ADD COLUMN x text;",
        "CREATE INDEX objects_note ON objects (note) WHERE note IS NOT NULL;",
        "CREATE TABLE more (a text); CREATE UNIQUE INDEX more_a ON more (a);",
    ],
)
def test_what_only_adds_is_harmless(sql: str) -> None:
    assert problems(sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE objects;",
        "ALTER TABLE objects DROP COLUMN version;",
        "ALTER TABLE objects RENAME COLUMN version TO v;",
        "ALTER TABLE objects RENAME TO o;",
        "ALTER TABLE objects ADD COLUMN note text NOT NULL;",
        "ALTER TABLE objects ADD COLUMN a text, ADD COLUMN note text NOT NULL;",
        "ALTER TABLE objects ADD COLUMN a text, DROP COLUMN version;",
        "ALTER TABLE objects ADD COLUMN note text UNIQUE;",
        "ALTER TABLE objects ALTER COLUMN version TYPE bigint;",
        "ALTER TABLE objects ALTER COLUMN version SET NOT NULL;",
        "ALTER TABLE objects ADD CONSTRAINT positive CHECK (id > 0);",
        "CREATE UNIQUE INDEX objects_version ON objects (version);",
        "CREATE TRIGGER t BEFORE INSERT ON objects EXECUTE FUNCTION f();",
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN END $$ LANGUAGE plpgsql;",
        "UPDATE objects SET version = '1';",
        "INSERT INTO objects (id) VALUES (1);",
        "TRUNCATE objects;",
    ],
)
def test_what_an_earlier_version_may_not_survive_is_found(sql: str) -> None:
    assert problems(sql) != []


def test_migration_declares_beside_which_schema_it_works() -> None:
    assert Migration(7, "x", "-- works beside: 5\nSELECT 1;").works_beside == 5
    assert Migration(7, "x", "-- More.\n-- works beside: 6\nSELECT 1;").works_beside == 6
    assert Migration(7, "x", "SELECT 1; -- works beside: 5").works_beside == 7


def test_no_statement_depends_on_which_columns_a_table_has() -> None:
    folder = files("store.postgresql").joinpath("sql")
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert texts
    for name, text in texts.items():
        plain = _COMMENT.sub("", text)
        assert re.search(r"(SELECT|RETURNING|,)\s+(\w+\.)?\*", plain) is None, name
        for into in re.findall(r"INSERT INTO \w+(?: AS \w+)?\s*(.)", plain):
            assert into == "(", name
