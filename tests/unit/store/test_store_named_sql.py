from importlib.resources import files

import pytest

from store.relational.named_sql import load_statements, parse_statements


def test_statements_are_found_by_their_names_without_comments() -> None:
    text = "-- name: one\n-- Why.\nSELECT 1;\n\n-- name: two\nSELECT\n  -- inside\n  2;\n"
    assert parse_statements(text) == {"one": "SELECT 1;", "two": "SELECT\n  -- inside\n  2;"}


def test_statement_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="without a name"):
        parse_statements("SELECT 1;\n-- name: two\nSELECT 2;")


def test_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_statements("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;")


def test_statements_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        parse_statements("-- name: one\nSELECT 1;")["one"] = "SELECT 2;"  # type: ignore[index]


@pytest.mark.parametrize(
    "file",
    [path.name.removesuffix(".sql") for path in files("store.sqlite").joinpath("sql").iterdir()],
)
def test_each_file_holds_single_statements(file: str) -> None:
    statements = load_statements("store.sqlite", file)
    assert statements
    for statement in statements.values():
        assert statement.endswith(";")
        assert statement.count(";") == 1
