"""Which tables are moved, column by column: all that both schemas have, and nothing may be left out.

What is not the same in both is declared here; a table or a column that is neither common nor declared
stops the move, and a test before that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from store.errors import MoveError

ONLY_IN_SQLITE = frozenset({"sqlite_sequence"})
"""What AUTOINCREMENT remembers: it becomes the sequences and `feed`."""

NOTES = frozenset({"feed", "syncline_schema", "syncline_move", "syncline_move_progress"})
"""What PostgreSQL's store notes for itself."""

BETWEEN_NODES = frozenset(
    {
        "cluster",
        "shards",
        "shard_moves",
        "nodes",
        "errands",
        "standings_published",
        "hosted_standings",
        "read_leases",
        "vendor_words",
        "node_sights",
        "node_words",
        "kept_texts",
    }
)
"""What nodes tell each other: whoever kept a file was alone. Accounts get their shards when the first
node starts."""

ONLY_IN_POSTGRESQL = NOTES | BETWEEN_NODES

SEEDED = frozenset({"routings_followed", "standings_published"})
"""Tables in which a new schema has a row already."""

ELSEWHERE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("accounts", "number"): "rowid",
        ("routings", "number"): "rowid",
        ("routings_archive", "number"): "rowid",
        ("finance_floor", "one"): "only",
        ("routings_followed", "one"): "only",
    }
)
"""Where in SQLite a column's values are that is not of the same name there."""

UNKNOWN_TIMES = frozenset({("refusals", "updated_at")})
"""Columns where an empty text is a time that is not known."""

MENDED_BY_THE_VENDOR = frozenset(
    {
        "objects",
        "object_versions",
        "looks",
        "refusals",
        "account_events",
        "health_samples",
    }
)
"""Where a row that PostgreSQL cannot hold is left out: a verification brings an object anew, the rest
only tells of the past. In all others such a row stops the move."""

KINDS = frozenset({"text", "bytea", "int8", "bool", "timestamptz"})
"""The types that values can be moved into."""

LOOK_NUMBERS = ("look_numbers", "looks", "id")
"""The sequence that belongs to no column, and whose numbers it gives."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a moved table.

    Attributes:
        name: in PostgreSQL.
        source: in SQLite.
        kind: PostgreSQL's type, by its short name.
        optional: whether it may be null.
    """

    name: str
    source: str
    kind: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        key: the places of the primary key's columns among all, in the key's order.
    """

    name: str
    columns: Sequence[Column]
    key: Sequence[int]

    @property
    def key_columns(self) -> Sequence[Column]:
        """The primary key's columns."""
        return [self.columns[place] for place in self.key]

    @property
    def may_lose_rows(self) -> bool:
        """Whether a row that cannot be held may be left out."""
        return self.name in MENDED_BY_THE_VENDOR


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table as PostgreSQL's catalog has it.

    Attributes:
        columns: name, type, and whether it may be null.
        key: the primary key's columns, in its order.
    """

    columns: Sequence[tuple[str, str, bool]]
    key: Sequence[str]


def moved_tables(
    source: Mapping[str, frozenset[str]], target: Mapping[str, TargetTable]
) -> Sequence[Table]:
    """Return what is moved, by what either database has; parents and children in no order.

    Args:
        source: SQLite's tables, each with its columns.
        target: PostgreSQL's.

    Raises:
        MoveError: one has what the other has not.
    """
    ours, theirs = source.keys() - ONLY_IN_SQLITE, target.keys() - ONLY_IN_POSTGRESQL
    if forgotten := ours ^ theirs:
        raise MoveError(f"this version cannot move {', '.join(sorted(forgotten))}")
    return [_table(name, source[name], target[name]) for name in sorted(ours)]


def _table(name: str, source: frozenset[str], target: TargetTable) -> Table:
    columns = [
        Column(column, ELSEWHERE.get((name, column), column), kind, optional)
        for column, kind, optional in target.columns
    ]
    named = {column.source for column in columns} - {"rowid"}
    if forgotten := named ^ source:
        wanted = ", ".join(f"{name}.{column}" for column in sorted(forgotten))
        raise MoveError(f"this version cannot move {wanted}")
    if unknown := [column for column in columns if column.kind not in KINDS]:
        wanted = ", ".join(f"{name}.{column.name} ({column.kind})" for column in unknown)
        raise MoveError(f"this version cannot move {wanted}")
    names = [column.name for column in columns]
    if not target.key:
        raise MoveError(f"this version cannot move {name}: it has no primary key")
    return Table(name, columns, [names.index(each) for each in target.key])
