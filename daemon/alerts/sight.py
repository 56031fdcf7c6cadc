"""What a node sees that concerns more than its own accounts, and what all nodes see together.

A vendor's incident, a silent heartbeat or a refused reload is seen by a node, and is one alert
whatever the number of nodes: each says what it sees, and the holder of the house tells. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from daemon.alerts import kinds
from daemon.alerts.condition import Condition
from store.watch_models import Severity

_NODES_OWN = frozenset({kinds.RELOAD_FAILED.name, kinds.PART_FAILING.name})
"""What is wrong with a node, and not with what it looks at."""

SEEN_KINDS: Mapping[str, kinds.Kind] = {
    kind.name: kind
    for kind in (
        kinds.VENDOR_INCIDENT,
        kinds.VENDOR_SLOW,
        kinds.HEARTBEAT_SILENT,
        kinds.READS_SHORT,
        kinds.READS_USED_UP,
        kinds.WEBHOOKS_SILENT,
        kinds.WEBHOOKS_REFUSED,
        kinds.RELOAD_FAILED,
        kinds.PART_FAILING,
    )
}


@dataclass(frozen=True, slots=True)
class SeenCondition:
    """A condition, as it is stored."""

    kind: str
    subject: str
    cause: str
    severity: Severity
    vendor: str | None = None
    tried: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one node sees.

    Attributes:
        node: its name, for people.
        hearing: the vendors whose webhooks reach it.
    """

    node: str
    conditions: Sequence[SeenCondition] = ()
    hearing: Sequence[str] = ()


def seen(condition: Condition) -> SeenCondition:
    """Return a condition as it is stored."""
    return SeenCondition(
        condition.kind.name,
        condition.subject,
        condition.cause,
        condition.severity or condition.kind.severity,
        condition.vendor,
        condition.tried,
    )


def together(sights: Collection[Sight]) -> Sequence[Condition]:
    """Return what holds by what all nodes see: each kind once about a subject, at its worst.

    Webhooks are silent when they reach no node: whoever shares them out chooses where they go.
    """
    heard = {vendor for sight in sights for vendor in sight.hearing}
    by_key: dict[tuple[str, str], list[tuple[str, SeenCondition]]] = {}
    for sight in sorted(sights, key=lambda each: each.node):
        for each in sight.conditions:
            if each.kind == kinds.WEBHOOKS_SILENT.name and each.subject in heard:
                continue
            if each.kind in SEEN_KINDS:
                by_key.setdefault((each.kind, each.subject), []).append((sight.node, each))
    return [_one(found, len(sights)) for found in by_key.values()]


def _one(found: Sequence[tuple[str, SeenCondition]], nodes: int) -> Condition:
    names = list(dict.fromkeys(name for name, _ in found))
    worst = next((each for _, each in found if each.severity is Severity.CRITICAL), found[0][1])
    cause = worst.cause
    if worst.kind in _NODES_OWN:
        cause = f"on {', '.join(names)}: {cause}"
    elif len(found) < nodes:
        cause = f"{cause} (seen by {', '.join(names)}, and not by the other nodes)"
    return Condition(
        SEEN_KINDS[worst.kind],
        worst.subject,
        cause,
        worst.vendor,
        severity=worst.severity,
        tried=worst.tried,
    )
