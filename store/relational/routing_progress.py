"""What became of routings at their companies."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import MAX_PREC, Decimal, localcontext

from store.job_models import RoutingProgress
from store.relational.instants import optional_to_text, to_text
from store.relational.job_rows import amount_text
from store.relational.json_rows import json_rows
from store.relational.plain_text import plain
from store.relational.routings import SQL
from store.relational.session import Session


def followed_seq(connection: Session) -> int:
    """Return up to which change routings were brought up to date."""
    (seq,) = connection.execute(SQL["followed_seq"]).fetchone()
    return int(seq)


def note_progress(
    connection: Session, progress: Sequence[RoutingProgress], through_seq: int
) -> None:
    """Store what became known, in its order, and up to which change."""
    for steps in _rounds(progress):
        _note(connection, steps)
    connection.execute(SQL["follow"], (through_seq,))


def _rounds(progress: Sequence[RoutingProgress]) -> Sequence[Sequence[RoutingProgress]]:
    """Have no routing twice in a round, and the steps of each in their order."""
    rounds: list[list[RoutingProgress]] = []
    taken: defaultdict[str, int] = defaultdict(int)
    for step in progress:
        place = taken[step.routing_id]
        taken[step.routing_id] += 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(step)
    return rounds


def _note(connection: Session, steps: Sequence[RoutingProgress]) -> None:
    revenues = _put_amounts(connection, [step for step in steps if step.amounts])
    rows = [
        (
            step.routing_id,
            to_text(step.at),
            plain(step.cause),
            step.status,
            step.external_job_type,
            step.external_job_id,
            step.match_key,
            optional_to_text(step.completed_at),
            revenues.get(step.routing_id),
            step.routing_id in revenues,
        )
        for step in steps
    ]
    connection.execute(SQL["note"], {"rows": json_rows(rows)})


def _put_amounts(connection: Session, steps: Sequence[RoutingProgress]) -> Mapping[str, str | None]:
    """Store what objects add; return what these routings bring by now, None for nothing."""
    if not steps:
        return {}
    rows = [
        (step.routing_id, *key, amount_text(amount))
        for step in steps
        for key, amount in step.amounts.items()
    ]
    put = [row for row in rows if row[3] is not None]
    connection.execute(SQL["put_amounts"], {"rows": json_rows(put)})
    dropped = [row[:3] for row in rows if row[3] is None]
    connection.execute(SQL["drop_amounts"], {"rows": json_rows(dropped)})
    ids = json_rows([step.routing_id for step in steps])
    revenues: dict[str, str | None] = {step.routing_id: None for step in steps}
    amounts: defaultdict[str, list[Decimal]] = defaultdict(list)
    for routing_id, amount in connection.execute(SQL["amounts"], (ids,)):
        amounts[routing_id].append(Decimal(amount))
    return revenues | {key: amount_text(_sum(found)) for key, found in amounts.items()}


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    """Add them up without rounding."""
    with localcontext() as context:
        context.prec = MAX_PREC
        return sum(amounts, Decimal(0))
