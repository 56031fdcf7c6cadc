"""The tables of docs/observability.md, made from the code: what tests hold the page against.

`python -m support.observability_page` writes them anew. Metrics come whole from the code; of log
events the name, the fields and, where it is fixed, the level: what an event means stays as it is on
the page, and is to be written for a new one.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import actors
import daemon
import store
from actors.clock import SystemClock
from actors.vendors.registry import VENDORS
from daemon.cluster.overview import cluster_overview
from daemon.metrics import Metrics

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
METRICS, EVENTS = "Metrics", "Log events"
TO_BE_WRITTEN = "(to be written)"

_LABELS = {
    "syncline_account_exact_as_of_timestamp_seconds": "account, vendor",
    "syncline_account_state": "account, state, vendor",
    "syncline_verification_oldest_timestamp_seconds": "vendor",
    "syncline_token_expiry_min_timestamp_seconds": "vendor",
    "syncline_heartbeat_timestamp_seconds": "vendor",
    "syncline_heartbeat_interval_seconds": "vendor",
}
"""Of those that have no series before there is an account."""

_LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
_SHOWN_LEVELS = {"exception": "error"}


def rows(text: str, section: str) -> dict[str, list[str]]:
    """Return the cells of a section's table by the name in the first column."""
    cells = [
        [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        for line in _section(text, section).splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def metric_rows() -> dict[str, list[str]]:
    """Return type, labels and meaning of every metric of ours, by its name."""
    operations = {name: entry.operations for name, entry in VENDORS.items()}
    metrics = Metrics(SystemClock(), operations, "1")
    nobody = cluster_overview("", (), (), (), SystemClock().now().utc)
    metrics.cluster.read = lambda: nobody
    found = {}
    for family in metrics.registry.collect():
        if not family.name.startswith("syncline_"):
            continue
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        shown = _LABELS.get(family.name, ", ".join(sorted(labels)))
        found[family.name + suffix] = [family.type, shown, family.documentation]
    return found


@cache
def log_calls() -> Sequence[tuple[str, set[str], str | None]]:
    """Return each logged event of the code: its name, its fields, and its level where that is fixed."""
    folders = [Path(str(package.__file__)).parent for package in (daemon, actors, store)]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [call for path in paths for call in _calls_in(path)]


def _calls_in(path: Path) -> Iterator[tuple[str, set[str], str | None]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log"), attr=level),
                args=[ast.Constant(str() as name), *_],
            ) if level in _LEVELS:
                yield name, _fields(node), _SHOWN_LEVELS.get(level, level)
            case ast.Call(func=ast.Name("write"), args=[ast.Constant(str() as name), *_]):
                yield name, _fields(node), None


def event_rows(listed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return level, fields and meaning of every log event, in the page's order, new ones last."""
    levels: dict[str, set[str]] = {}
    fields: dict[str, list[str]] = {}
    for name, named, level in log_calls():
        levels.setdefault(name, set()).update({level} - {None} if level else set())
        known = fields.setdefault(name, [])
        known += sorted(named - set(known))
    found = {}
    for name in [
        *(name for name in listed if name in fields),
        *sorted(fields.keys() - listed.keys()),
    ]:
        level, shown, meaning = listed.get(name, ["", "", TO_BE_WRITTEN])
        missing = [each for each in sorted(levels[name]) if each not in level]
        new = [each for each in fields[name] if each not in re.findall(r"\w+", shown)]
        found[name] = [
            ", ".join([level, *missing] if level else missing),
            ", ".join([shown, *new] if shown else new),
            meaning,
        ]
    return found


def rewritten(text: str) -> str:
    """Return the page with both tables as the code has them."""
    listed, found = rows(text, METRICS), metric_rows()
    order = [name for name in listed if name in found]
    order += [name for name in found if name not in listed]
    text = _with_table(text, METRICS, {name: found[name] for name in order})
    return _with_table(text, EVENTS, event_rows(rows(text, EVENTS)))


def _fields(call: ast.Call) -> set[str]:
    return {word.arg for word in call.keywords if word.arg is not None} - {"exc_info"}


def _section(text: str, section: str) -> str:
    return text.partition(f"## {section}\n")[2].partition("\n## ")[0]


def _with_table(text: str, section: str, table: Mapping[str, list[str]]) -> str:
    old = [line for line in _section(text, section).splitlines() if line.startswith("| `")]
    new = [f"| `{name}` | {' | '.join(row)} |" for name, row in table.items()]
    lines = text.splitlines()
    first = lines.index(old[0])
    kept = [line for line in lines if line not in set(old)]
    return "\n".join([*kept[:first], *new, *kept[first:]]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
