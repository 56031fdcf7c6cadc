"""Change data capture: every object changed or deleted since an instant, whole.

One member per requested type in the order of the request, ``{}`` for a type without changes; at
most 1,000 objects in one answer, cut silently; a look-back of 30 days (Intuit's CDC page and
blog of 2023-08-24; recorded traffic).
"""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import merge
from operator import itemgetter

from daemon.sandbox.quickbooks.api_fault import (
    missing_parameter,
    query_validation,
    unsupported_operation,
)
from daemon.sandbox.quickbooks.catalogue import BY_SEGMENT
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.query_evaluator import render_rows
from daemon.sandbox.quickbooks.table import Table, deleted_stub
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_us, parse_instant

LOOK_BACK = timedelta(days=30)
LARGEST_ANSWER = 1000

_place = itemgetter(0, 1)


class CdcMode(enum.StrEnum):
    """How truthfully one answer is given."""

    TRUE = "true"
    MISS_DELETE = "miss_delete"
    """Deletions are left out (QuickBooks-V3-PHP-SDK issue 116)."""
    FALSE_DELETE = "false_delete"
    """The first live object is shown as deleted (QuickBooks-V3-DotNET-SDK issue 189)."""


def answer(
    company: Company,
    params: Mapping[str, str],
    now: datetime,
    *,
    inclusive: bool,
    mode: CdcMode = CdcMode.TRUE,
) -> bytes:
    """Render the ``CDCResponse`` member.

    Raises:
        ApiFault: A parameter is missing, a type has no change data capture, or the time is
            older than the look-back.
    """
    entities = _entities(params.get("entities", ""))
    second = _first_second(params.get("changedSince", ""), now, inclusive=inclusive)
    budget = LARGEST_ANSWER
    members: list[bytes] = []
    for entity in entities:
        bodies = _changes(company.tables[entity.name], second, mode, budget)
        budget -= len(bodies)
        members.append(render_rows(entity, bodies, 1, len(bodies)))
    return b'[{"QueryResponse":[%s]}]' % b",".join(members)


@lru_cache
def _entities(text: str) -> Sequence[EntityType]:
    if not text.strip():
        raise missing_parameter("entities")
    found: list[EntityType] = []
    for name in text.split(","):
        entity = BY_SEGMENT.get(name.strip().lower())
        if entity is None:
            raise query_validation(f"invalid context declaration: {name.strip()}")
        if not entity.has_cdc:
            raise unsupported_operation(f"cdc with entity {entity.name}")
        found.append(entity)
    return found


def _first_second(text: str, now: datetime, *, inclusive: bool) -> int:
    if not text:
        raise missing_parameter("changedSince")
    try:
        since = parse_instant(text)
    except ValueError as error:
        raise unsupported_operation(f"cdc with changedSince date {text}") from error
    if since < now - LOOK_BACK:
        raise unsupported_operation(
            f"cdc with changedSince date {text} which is older than fixed days"
        )
    us = epoch_us(since)
    return -(-us // SECOND_US) if inclusive else us // SECOND_US + 1


def _changes(table: Table, second: int, mode: CdcMode, budget: int) -> list[bytes]:
    first = table.first_since(second)
    stubs = [] if mode is CdcMode.MISS_DELETE else table.stubs_since(second)
    if first == len(table.index) and not stubs:
        return []
    changed = [
        (updated, number, row.body) for updated, number, row in table.index[first : first + budget]
    ]
    if mode is CdcMode.FALSE_DELETE and changed:
        updated, number, _ = changed[0]
        changed[0] = (updated, number, deleted_stub(str(number), updated))
    if stubs:
        changed = list(merge(changed, stubs[:budget], key=_place))[:budget]
    return [body for _, _, body in changed]
