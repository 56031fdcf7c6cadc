"""Evaluates a parsed statement over one company, freshly for every page.

Nothing is snapshot: a change between two pages shifts the offsets, as at the vendor.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from daemon.sandbox.quickbooks.api_fault import query_validation
from daemon.sandbox.quickbooks.catalogue import BY_SEGMENT
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType, Family
from daemon.sandbox.quickbooks.json_text import Document, decode_document, encode
from daemon.sandbox.quickbooks.query_parser import CURRENT_DATE, Ordering, Predicate, Statement
from daemon.sandbox.quickbooks.table import Row, Table
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_us, parse_instant

LAST_UPDATED = "metadata.lastupdatedtime"
_TIMES = ("metadata.lastupdatedtime", "metadata.createtime")

_Value = TypeVar("_Value", Decimal, str, int)
Test = Callable[[Document], bool]


@dataclass(frozen=True, slots=True)
class _Window:
    """Bounds on LastUpdatedTime in whole seconds: low <= updated < high."""

    low: int
    high: int | None


def run(statement: Statement, company: Company, today: date) -> bytes:
    """Answer a statement: the rendered ``QueryResponse`` member.

    Raises:
        ApiFault: 4001, an unknown type or property, or a value that makes no sense.
    """
    entity = BY_SEGMENT.get(statement.entity.lower())
    if entity is None:
        raise query_validation(f"invalid context declaration: {statement.entity}")
    table = company.tables[entity.name]
    selection = _Selection(statement, table, today)
    if statement.counts:
        return encode({"totalCount": selection.count()})
    rows, total = selection.page()
    return render_rows(entity, [row.body for row in rows], statement.start_position, total)


def render_rows(entity: EntityType, bodies: list[bytes], start: int, total: int) -> bytes:
    """Render one member: the rows, where they start and how many there are; ``{}`` for none."""
    if not bodies:
        return b"{}"
    counts = f'],"startPosition":{start},"maxResults":{len(bodies)}'
    if entity.gives_total_count:
        counts += f',"totalCount":{total}'
    return b'{"%s":[%s%s}' % (entity.name.encode(), b",".join(bodies), counts.encode())


class _Selection:
    def __init__(self, statement: Statement, table: Table, today: date) -> None:
        self._statement = statement
        self._table = table
        self._entity = table.entity
        self._today = today
        self._ids: set[str] | None = None
        self._window = _Window(0, None)
        self._tests: list[Test] = []
        self._traces: list[bytes] = []
        self._active: set[bool] = {True} if self._entity.has_active else {True, False}
        asked_active: set[bool] | None = None
        for predicate in statement.predicates:
            lower = predicate.name.lower()
            if lower == "active":
                asked_active = (asked_active or {True, False}) & _booleans(predicate)
            else:
                self._add(lower, predicate)
        if asked_active is not None:
            self._active = asked_active
        for ordering in statement.orderings:
            _property_path(self._entity, ordering.name)

    def count(self) -> int:
        if self._is_plain_slice():
            low, high = self._bounds()
            return max(high - low, 0)
        return sum(1 for _ in self._matching())

    def page(self) -> tuple[list[Row], int]:
        first = self._statement.start_position - 1
        size = self._statement.max_results
        descending = self._time_order()
        if descending is not None and self._is_plain_slice():
            return self._slice(first, size, descending=descending)
        rows = list(self._matching())
        self._sort(rows)
        return rows[first : first + size], len(rows)

    def _add(self, lower: str, predicate: Predicate) -> None:
        if lower == "id":
            self._add_id(predicate)
        elif lower == LAST_UPDATED and predicate.operator not in ("in", "like"):
            self._narrow(predicate)
        else:
            self._tests.append(self._test(lower, predicate))
            self._traces.extend(_trace(self._entity, predicate))

    def _add_id(self, predicate: Predicate) -> None:
        if predicate.operator not in ("=", "in"):
            raise query_validation(
                f"Operator {predicate.operator} is not supported for property Id"
            )
        wanted = set(predicate.values)
        self._ids = wanted if self._ids is None else self._ids & wanted

    def _narrow(self, predicate: Predicate) -> None:
        us = _instant_us(predicate.name, predicate.values[0])
        up, down = -(-us // SECOND_US), us // SECOND_US
        low, high = {
            ">=": (up, None),
            ">": (down + 1, None),
            "<": (0, up),
            "<=": (0, down + 1),
            "=": (up, down + 1),
        }[predicate.operator]
        window = self._window
        highs = [value for value in (window.high, high) if value is not None]
        self._window = _Window(max(window.low, low), min(highs, default=None))

    def _bounds(self) -> tuple[int, int]:
        low = self._table.first_since(self._window.low)
        if self._window.high is None:
            return low, len(self._table.index)
        return low, max(self._table.first_since(self._window.high), low)

    def _is_plain_slice(self) -> bool:
        hides_none = self._active == {True, False} or (
            self._active == {True} and not self._table.inactive
        )
        return self._ids is None and not self._tests and hides_none

    def _slice(self, first: int, size: int, *, descending: bool) -> tuple[list[Row], int]:
        low, high = self._bounds()
        if descending:
            stop = max(high - first, low)
            entries = self._table.index[max(stop - size, low) : stop][::-1]
        else:
            start = min(low + first, high)
            entries = self._table.index[start : min(start + size, high)]
        return [entry[2] for entry in entries], high - low

    def _matching(self) -> Iterable[Row]:
        for row in self._candidates():
            if row.active not in self._active:
                continue
            if any(trace not in row.body for trace in self._traces):
                continue
            if self._tests:
                document = decode_document(row.body)
                if not all(test(document) for test in self._tests):
                    continue
            yield row

    def _candidates(self) -> Iterable[Row]:
        if self._ids is None:
            low, high = self._bounds()
            return (entry[2] for entry in self._table.index[low:high])
        window, listed = self._window, self._table.listed
        found = (listed[object_id] for object_id in self._ids if object_id in listed)
        return sorted(
            (
                row
                for row in found
                if row.updated_s >= window.low
                and (window.high is None or row.updated_s < window.high)
            ),
            key=lambda row: (row.updated_s, row.number),
        )

    def _time_order(self) -> bool | None:
        """Return whether the order is by time, descending or not; None for any other order."""
        orderings = self._statement.orderings
        if not orderings:
            return True if self._entity.family is Family.TRANSACTION else None
        if len(orderings) == 1 and orderings[0].name.lower() == LAST_UPDATED:
            return orderings[0].descending
        return None

    def _sort(self, rows: list[Row]) -> None:
        """Sort rows that come in time order."""
        descending = self._time_order()
        if descending is not None:
            if descending:
                rows.reverse()
        elif not self._statement.orderings:
            rows.sort(key=lambda row: (row.sort_name, row.number))
        else:
            for ordering in reversed(self._statement.orderings):
                rows.sort(key=self._sort_key(ordering), reverse=ordering.descending)

    def _sort_key(self, ordering: Ordering) -> Callable[[Row], tuple[int, object]]:
        lower = ordering.name.lower()
        if lower == "id":
            return lambda row: (1, row.number)
        if lower == LAST_UPDATED:
            return lambda row: (1, row.updated_s)
        path = _property_path(self._entity, ordering.name)

        def key(row: Row) -> tuple[int, object]:
            value = _value_at(decode_document(row.body), path)
            if value is None:
                return (0, "")
            return (1, value.lower() if isinstance(value, str) else value)

        return key

    def _test(self, lower: str, predicate: Predicate) -> Test:
        path = _property_path(self._entity, predicate.name)
        values = [
            self._today.isoformat() if value == CURRENT_DATE else value
            for value in predicate.values
        ]
        if lower in _TIMES:
            return _time_test(path, predicate, values)
        if predicate.operator == "like":
            pattern = _like_pattern(values[0])
            return lambda document: _matches(pattern, _value_at(document, path))
        if predicate.operator == "in":
            return lambda document: any(
                _compare(_value_at(document, path), "=", value) for value in values
            )
        return lambda document: _compare(_value_at(document, path), predicate.operator, values[0])


def _trace(entity: EntityType, predicate: Predicate) -> tuple[bytes, ...]:
    """Return bytes that every match must contain, to spare decoding the others.

    Only numbers and references are texts with a single way to write them.
    """
    value = predicate.values[0]
    name = entity.property_by_lower.get(predicate.name.lower(), "")
    if predicate.operator == "=" and value.isdecimal() and name.endswith(("Num", "Number", "Ref")):
        return (b'"%s"' % value.encode(),)
    return ()


def _booleans(predicate: Predicate) -> set[bool]:
    if predicate.operator not in ("=", "in"):
        raise query_validation(
            f"Operator {predicate.operator} is not supported for property Active"
        )
    try:
        return {{"true": True, "false": False}[value.lower()] for value in predicate.values}
    except KeyError as error:
        raise query_validation(f"value {error.args[0]} is not a boolean") from error


def _instant_us(name: str, text: str) -> int:
    try:
        return epoch_us(parse_instant(text))
    except ValueError as error:
        raise query_validation(f"value {text} is not a valid date for property {name}") from error


def _property_path(entity: EntityType, name: str) -> tuple[str, ...]:
    head, _, rest = name.partition(".")
    found = entity.property_by_lower.get(head.lower())
    if found is None:
        raise query_validation(f"Property {name} not found for Entity {entity.name}")
    if found in entity.not_queryable:
        raise query_validation(f"property '{found}' is not queryable")
    if found == "MetaData":
        metadata = {"createtime": "CreateTime", "lastupdatedtime": "LastUpdatedTime"}
        if rest.lower() not in metadata:
            raise query_validation(f"Property {name} not found for Entity {entity.name}")
        return (found, metadata[rest.lower()])
    return (found, *rest.split(".")) if rest else (found,)


def _value_at(document: Document, path: tuple[str, ...]) -> object:
    value: object = document.get(path[0])
    for name in path[1:]:
        members = value.items() if isinstance(value, dict) else ()
        value = next((item for key, item in members if key.lower() == name.lower()), None)
    return value.get("value") if isinstance(value, dict) else value


def _compare(value: object, operator: str, wanted: str) -> bool:
    if value is None:
        return operator == "=" and not wanted.strip()
    if isinstance(value, bool):
        return operator == "=" and wanted.lower() == str(value).lower()
    if isinstance(value, (int, Decimal)):
        try:
            return _ordered(Decimal(value), operator, Decimal(wanted))
        except InvalidOperation:
            return False
    return _ordered(str(value).lower(), operator, wanted.lower())


def _ordered(left: _Value, operator: str, right: _Value) -> bool:
    return {
        "=": left == right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
    }[operator]


def _time_test(path: tuple[str, ...], predicate: Predicate, values: list[str]) -> Test:
    if predicate.operator == "like":
        raise query_validation(f"Operator like is not supported for property {predicate.name}")
    limits = [_instant_us(predicate.name, value) for value in values]
    operator = "=" if predicate.operator == "in" else predicate.operator

    def test(document: Document) -> bool:
        written = epoch_us(parse_instant(str(_value_at(document, path))))
        return any(_ordered(written, operator, limit) for limit in limits)

    return test


def _like_pattern(text: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in text.split("%"))
    return re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
