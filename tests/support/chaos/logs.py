"""What the nodes' logs say that they should not."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_WORST = frozenset({"error", "critical"})
_EXPLAINED = frozenset({"store_not_writable", "alert_raised", "heartbeat_silent", "owner_needed"})
"""What is said of a database that was away, and what operators are told: no fault of ours."""
_NO_DATABASE = "syncline: the database "
"""A start while the database is away, which is refused."""


def alerts_in(paths: Iterable[Path]) -> Counter[str]:
    """Count the alerts that were raised, by their kind."""
    found: Counter[str] = Counter()
    for path in paths:
        for line in path.read_text(errors="replace").splitlines():
            if '"alert_raised"' in line:
                found[str(json.loads(line).get("kind"))] += 1
    return found


def troubles_in(paths: Iterable[Path]) -> Counter[str]:
    """Count the errors, and what has a traceback, by what is said."""
    found: Counter[str] = Counter()
    for path in paths:
        for line in path.read_text(errors="replace").splitlines():
            said = _trouble_in(line)
            if said is not None:
                found[said] += 1
    return found


def _trouble_in(line: str) -> str | None:
    if not line.strip() or line.startswith(_NO_DATABASE):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return f"no event: {line[:200]}"
    if not isinstance(entry, dict):
        return f"no event: {line[:200]}"
    exception = entry.get("exception")
    if not exception and (entry.get("level") not in _WORST or entry.get("event") in _EXPLAINED):
        return None
    last = str(exception).strip().splitlines()[-1] if exception else ""
    what = entry.get("message") or entry.get("error") or ""
    return f"{entry.get('event')} {str(what)[:160]} {last[:200]}".strip()
