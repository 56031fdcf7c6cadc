"""What a verification comes to: all that was found, with what was put right before it. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from actors.judging import Findings
from actors.verification_plan import Order
from store.verification import Certificate, HeldRow, NotedMend

_BY_TYPE = attrgetter("object_type")


def of_strangers(rows: Sequence[HeldRow]) -> Sequence[Findings]:
    """Return what is found of rows of types that the account never had: all are extra."""
    found = []
    for object_type, group in groupby(sorted(rows, key=_BY_TYPE), key=_BY_TYPE):
        of_type = list(group)
        findings = Findings(object_type, sum(not row.deleted for row in of_type), whole=True)
        findings.extra.update(row.object_id for row in of_type)
        found.append(findings)
    return found


def name_mends(
    found: list[Findings], noted: Sequence[NotedMend], object_types: Collection[str]
) -> int:
    """Add what was put right, and no certificate names, to what was found.

    Args:
        found: by type; what this verification itself put right is in it already.
        noted: what was put right.
        object_types: those that were to be read: one that was not come to is not whole.

    Returns:
        How many of them were put right before.
    """
    by_type = {findings.object_type: findings for findings in found}
    before = 0
    for each in noted:
        name = each.mend.object_type
        if name not in by_type:
            by_type[name] = Findings(name, 0, whole=name not in object_types)
            found.append(by_type[name])
        before += by_type[name].add(each.mend)
    return before


def certificate(
    found: Sequence[Findings],
    order: Order,
    *,
    as_of: datetime,
    began_at: datetime,
    finished_at: datetime,
    reads: int,
    complete: bool,
    mended_before: int,
) -> Certificate:
    """Return the certificate; `complete` tells whether the run came to its end."""
    types = tuple(findings.comparison() for findings in found)
    complete = complete and all(each.complete for each in types)
    return Certificate(
        as_of=as_of,
        began_at=began_at,
        finished_at=finished_at,
        reads=reads,
        exact=complete and not any(findings.differences for findings in found),
        repaired=complete and not any(each.unrepaired_count for each in types),
        repair=order.repair,
        complete=complete,
        types=types,
        answers=order.answers,
        mended_before=mended_before,
    )
