import pytest

from store.errors import MoveError
from store.moving.tables import Column, TargetTable, moved_tables

OURS = {"sqlite_sequence": frozenset({"name", "seq"}), "looks": frozenset({"id", "look"})}
THEIRS = {
    "feed": TargetTable([("one", "bool", False)], ["one"]),
    "looks": TargetTable([("id", "int8", False), ("look", "text", True)], ["id"]),
}


def test_columns_and_key_are_those_of_the_database_that_is_moved_into() -> None:
    (table,) = moved_tables(OURS, THEIRS)
    assert table.columns == [
        Column("id", "id", "int8", optional=False),
        Column("look", "look", "text", optional=True),
    ]
    assert table.key_columns == [table.columns[0]]


def test_values_that_have_another_name_are_found() -> None:
    ours = {"finance_floor": frozenset({"only", "seq"})}
    theirs = {
        "finance_floor": TargetTable([("one", "bool", False), ("seq", "int8", False)], ["one"])
    }
    (table,) = moved_tables(ours, theirs)
    assert [column.source for column in table.columns] == ["only", "seq"]


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ({"forgotten": frozenset({"id"})}, {}, "forgotten"),
        ({}, {"forgotten": THEIRS["feed"]}, "forgotten"),
        ({"looks": frozenset({"id", "look", "new"})}, {}, "looks.new"),
        ({"looks": frozenset({"id"})}, {}, "looks.look"),
        (
            {},
            {"looks": TargetTable([("id", "int8", False), ("look", "point", True)], ["id"])},
            "point",
        ),
        (
            {},
            {"looks": TargetTable([("id", "int8", False), ("look", "text", True)], [])},
            "primary key",
        ),
    ],
)
def test_what_is_not_in_both_stops_the_move(
    ours: dict[str, frozenset[str]], theirs: dict[str, TargetTable], named: str
) -> None:
    with pytest.raises(MoveError, match=named):
        moved_tables(OURS | ours, THEIRS | theirs)
