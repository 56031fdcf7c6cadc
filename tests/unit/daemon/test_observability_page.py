"""The page that lists metrics and log events says what the code does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import actors
import daemon
import store
from actors.vendors.registry import VENDORS
from daemon.metrics import Metrics
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

PAGE = Path(__file__).parents[3] / "docs" / "observability.md"
BY_ACCOUNT = {
    "syncline_account_exact_as_of_timestamp_seconds": "account, vendor",
    "syncline_account_state": "account, state, vendor",
}
BY_VENDOR = {
    "syncline_verification_oldest_timestamp_seconds",
    "syncline_token_expiry_min_timestamp_seconds",
    "syncline_heartbeat_timestamp_seconds",
    "syncline_heartbeat_interval_seconds",
}
"""Of these there is none before there is an account."""

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


def rows(section: str) -> dict[str, list[str]]:
    """Return the cells of a section's table by the name in the first column."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def log_calls() -> Iterator[tuple[str, set[str], str | None]]:
    """Yield each logged event of the code: its name, its fields, and its level where that is fixed."""
    for package in (daemon, actors, store):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name("log"), attr=level),
                        args=[ast.Constant(str() as name), *_],
                    ) if level in LEVELS:
                        yield name, fields(node), level
                    case ast.Call(func=ast.Name("write"), args=[ast.Constant(str() as name), *_]):
                        yield name, fields(node), None


def fields(call: ast.Call) -> set[str]:
    return {word.arg for word in call.keywords if word.arg is not None} - {"exc_info"}


async def metric_rows() -> dict[str, list[str]]:
    operations = {name: entry.operations for name, entry in VENDORS.items()}
    metrics = Metrics(VirtualClock(), operations, "1")
    found = {}
    for family in metrics.registry.collect():
        if not family.name.startswith("syncline_"):
            continue
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        if family.name in BY_VENDOR:
            labels = {"vendor"}
        if family.name in BY_ACCOUNT:
            labels = set(BY_ACCOUNT[family.name].split(", "))
        found[family.name + suffix] = [
            family.type,
            ", ".join(sorted(labels)),
            family.documentation,
        ]
    return found


async def test_every_metric_is_listed_as_it_is() -> None:
    expected = await metric_rows()
    table = "\n".join(f"| `{name}` | {' | '.join(row)} |" for name, row in expected.items())
    assert rows("Metrics") == expected, f"put this into {PAGE.name}:\n{table}"


def test_every_logged_event_is_listed_with_its_fields_and_levels() -> None:
    listed = rows("Log events")
    logged: dict[str, set[str]] = {}
    for name, named, level in log_calls():
        assert name in listed, f"list the event {name} in {PAGE.name}"
        logged.setdefault(name, set()).update(named)
        if level is not None:
            assert level in listed[name][0], f"{name} is logged as {level}"
    assert listed.keys() == logged.keys(), "no event is listed that is never logged"
    for name, row in listed.items():
        assert set(re.findall(r"\w+", row[1])) >= logged[name], f"{name} has {logged[name]}"
