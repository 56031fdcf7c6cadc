"""All objects of one type in one company, indexed for the vendor's two kinds of reading.

By id, a change is seen at once. In queries and change data capture it is seen only when it has
been revealed, which a commit delay may put off.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from operator import itemgetter

import msgspec

from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.json_text import Document, decode_document, encode
from daemon.sandbox.quickbooks.timestamps import stamp


class Row(msgspec.Struct, frozen=True, gc=False):
    """One version of one object, rendered.

    Attributes:
        object_id: Its id.
        number: The id as a number, which breaks ties in time.
        updated_s: LastUpdatedTime in epoch seconds.
        active: False for an inactive list object.
        sort_name: The lower-case name by which its type is listed.
        name_key: Its own name in lower case, which must be unique; nothing for a transaction.
        body: The bytes that the API shows.
    """

    object_id: str
    number: int
    updated_s: int
    active: bool
    sort_name: str
    name_key: str
    body: bytes


Entry = tuple[int, int, Row]
"""One place in the time index: updated second, id number, row."""

Stub = tuple[int, int, bytes]
"""One deletion: deleted second, id number, the rendered stub."""

_place = itemgetter(0, 1)


def row_of(entity: EntityType, document: Document, updated_s: int) -> Row:
    """Render one document, whose properties are already in order, into a row."""
    object_id: str = document["Id"]
    name: str = document.get(entity.name_property, "")
    return Row(
        object_id,
        int(object_id),
        updated_s,
        document.get("Active", True),
        document.get("FullyQualifiedName", name).lower(),
        name.lower(),
        encode(document),
    )


def deleted_stub(object_id: str, deleted_s: int) -> bytes:
    """Render what change data capture shows of a deleted object."""
    return encode(
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": object_id,
            "MetaData": {"LastUpdatedTime": stamp(deleted_s)},
        }
    )


class Table:
    """The objects of one type.

    Attributes:
        rows: The current version of every object, by id.
        names: Ids by the unique name, in lower case.
        deleted: Ids that were once in use.
        listed: The version that queries show, by id.
        index: The listed rows by time, then id.
        stubs: The revealed deletions by time, then id.
        inactive: How many listed rows are inactive.
    """

    def __init__(self, entity: EntityType) -> None:
        self.entity = entity
        self.rows: dict[str, Row] = {}
        self.names: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.listed: dict[str, Row] = {}
        self.index: list[Entry] = []
        self.stubs: list[Stub] = []
        self.inactive = 0

    def document(self, object_id: str) -> Document | None:
        """Return a fresh copy of an object, or None."""
        row = self.rows.get(object_id)
        return None if row is None else decode_document(row.body)

    def store(self, row: Row) -> None:
        """Make this the current version of an object."""
        self._forget_name(row.object_id)
        self.rows[row.object_id] = row
        if row.name_key:
            self.names[row.name_key] = row.object_id

    def remove(self, object_id: str) -> None:
        """Let an object be gone."""
        self._forget_name(object_id)
        del self.rows[object_id]
        self.deleted.add(object_id)

    def reveal(self, row: Row) -> None:
        """Let queries see this version."""
        self._unlist(row.object_id)
        self.listed[row.object_id] = row
        self.inactive += not row.active
        entry = (row.updated_s, row.number, row)
        if not self.index or _place(self.index[-1]) < _place(entry):
            self.index.append(entry)
        else:
            insort(self.index, entry, key=_place)

    def reveal_deletion(self, object_id: str, deleted_s: int) -> None:
        """Let queries lose the object, and change data capture gain its stub."""
        self._unlist(object_id)
        number = int(object_id)
        insort(self.stubs, (deleted_s, number, deleted_stub(object_id, deleted_s)), key=_place)

    def extend(self, rows: Iterable[Row]) -> None:
        """Add many new rows at once, revealed."""
        for row in rows:
            self.store(row)
            self.listed[row.object_id] = row
            self.inactive += not row.active
            self.index.append((row.updated_s, row.number, row))
        self.index.sort(key=_place)

    def first_since(self, second: int) -> int:
        """Return the place in the index of the first row updated at or after a second."""
        if not self.index or self.index[-1][0] < second:
            return len(self.index)  # as mostly
        return bisect_left(self.index, (second,))

    def stubs_since(self, second: int) -> list[Stub]:
        """Return the deletions at or after a second, oldest first."""
        if not self.stubs or self.stubs[-1][0] < second:
            return []  # as mostly
        return self.stubs[bisect_left(self.stubs, (second,)) :]

    def _forget_name(self, object_id: str) -> None:
        older = self.rows.get(object_id)
        if older is not None and older.name_key:
            self.names.pop(older.name_key, None)

    def _unlist(self, object_id: str) -> None:
        row = self.listed.pop(object_id, None)
        if row is not None:
            self.inactive -= not row.active
            del self.index[bisect_left(self.index, (row.updated_s, row.number), key=_place)]
