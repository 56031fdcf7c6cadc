"""Each dialect has a text for every statement that is named, and PostgreSQL's takes its parameters."""

import re
from importlib.resources import files

import pytest

from store.postgresql.session import STATEMENTS, compile_statement
from store.relational.named_sql import load_dialect

SQLITE_ALONE = {"backup", "drill"}
POSTGRESQL_ALONE = {"changes.number", "transactions.status"} | {
    name for name in STATEMENTS if name.startswith("cluster_")
}


def test_both_dialects_name_the_same_statements() -> None:
    sqlite = {
        name for name in load_dialect("store.sqlite") if name.split(".")[0] not in SQLITE_ALONE
    }
    assert set(STATEMENTS) - POSTGRESQL_ALONE == sqlite


def test_every_statement_that_is_run_has_a_text() -> None:
    run: set[str] = set()
    folders = [files("store.relational"), files("store.postgresql").joinpath("cluster")]
    for file in [file for folder in folders for file in folder.iterdir()]:
        if not file.name.endswith(".py"):
            continue
        text = file.read_text(encoding="utf-8")
        for known, name in re.findall(r'^(\w+) = StatementNames\("(\w+)"\)', text, re.MULTILINE):
            run.update(f"{name}.{each}" for each in re.findall(rf'\b{known}\["(\w+)"\]', text))
    assert run
    assert run <= set(STATEMENTS)


@pytest.mark.parametrize("name", sorted(set(STATEMENTS) - POSTGRESQL_ALONE))
def test_statement_takes_the_same_in_both(name: str) -> None:
    text = load_dialect("store.sqlite")[name]
    names = set(re.findall(r"(?<!:):([a-z_]\w*)", text))
    compiled = STATEMENTS[name]
    # What one dialect does not need it leaves out.
    assert set(compiled.names or ()) <= names
    if not names:
        given = set(re.findall(r"\?\d", text)) or range(text.count("?"))
        assert len(set(re.findall(rb"\$\d+", compiled.text))) == len(given)


def test_names_and_places_become_numbers() -> None:
    named = compile_statement("SELECT :a::text, :b, :a, x::int")
    assert (named.text, named.names) == (b"SELECT $1::text, $2, $1, x::int", ["a", "b"])
    assert list(named.values({"b": 2, "a": 1, "c": 3})) == [1, 2]
    placed = compile_statement("SELECT ?, ?")
    assert (placed.text, placed.names) == (b"SELECT $1, $2", None)
    assert compile_statement("SELECT ?2, ?1, ?2").text == b"SELECT $2, $1, $2"
    assert compile_statement("SELECT 1").values({}) == []
