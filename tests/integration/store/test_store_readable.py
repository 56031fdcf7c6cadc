"""The file is meant to be read with any SQLite tool: what docs/store.md shows must work."""

import re
import shutil
import sqlite3
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import anyio
import msgspec
import pytest

from store.action_models import (
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
)
from store.relational.named_sql import load_statements
from store.sqlite import SqliteStore
from store.sqlite.connection import open_writer
from store.watch_models import (
    AccountEvent,
    Alert,
    AlertChange,
    AlertHappening,
    AuditEntry,
    Severity,
)
from support.jobs import enter
from support.store_fixtures import START, Owned, move, record, tombstone

PAGE = Path(__file__).parents[3] / "docs" / "store.md"
EXAMPLES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SQL_FILES = [file.name for file in files("store.sqlite").joinpath("sql").iterdir()]
READ_THROUGH = {"drill.sql"}
"""A restored copy is compared with all that is live."""

JOB_PAGES = ("page", "page_of_status", "page_of_account", "page_of_rare_status")
COUNTED = {("routings.sql", "counts")}
"""In an index of nothing else."""

INVOICE = (
    b'{"Id":"17","DocNumber":"1038","CustomerRef":{"value":"4","name":"Cool Cars"},'
    b'"TxnDate":"2026-11-02","DueDate":"2026-12-02","TotalAmt":362.07,"Balance":262.07,'
    b'"CurrencyRef":{"value":"USD"},'
    b'"Line":[{"Id":"1","Amount":340.00,"Description":"Rock fountain"},{"Amount":22.07}]}'
)


@pytest.fixture
async def filled(store: SqliteStore, company: Owned, path: Path) -> Path:
    await store.apply_page(
        company.page(record("17", payload=INVOICE), record("18"), cursors=[move(covered=1)])
    )
    await store.apply_page(company.page(tombstones=[tombstone("18")]))
    newer = company.page(record("17", 2, payload=INVOICE.replace(b"262.07", b"261.00")))
    await store.apply_page(msgspec.structs.replace(newer, look="feed", trace_ids=["1-6740"]))
    await _leave_unknown(store, company)
    await _leave_watched(store, company.account_id)
    await enter(store, [company])
    return path


async def _leave_watched(store: SqliteStore, account_id: str) -> None:
    """Have an open alert, something that happened, and something done."""
    alert = Alert(0, "owner_needed", account_id, Severity.CRITICAL, "refused", START)
    await store.record_alerts([AlertChange(AlertHappening.RAISED, alert, START)])
    await store.add_account_events([AccountEvent(account_id, START, "crashed", "error", "oh")])
    await store.add_audit([AuditEntry(START, "ada", "", "account_paused", "done", account_id)])


async def _leave_unknown(store: SqliteStore, company: Owned) -> None:
    """Have a payment whose outcome nobody knows."""
    owner, sent = (company.account_id, company.epoch, "one"), AttemptOutcome.UNKNOWN
    await store.accept_action(
        NewAction("one", company.account_id, "payment.create", b"{}", "f", None, START)
    )
    attempt = Attempt(AttemptCall.SEND, START, AttemptOutcome.OPEN)
    await store.begin_attempt(*owner, attempt, START, known_attempts=0)
    ended = replace(attempt, outcome=sent, ended_at=START)
    await store.end_attempt(*owner, AttemptEnd(ended, ActionState.UNKNOWN))


@pytest.mark.parametrize("example", EXAMPLES)
async def test_documented_query_finds_something_beside_the_running_daemon(
    filled: Path, example: str
) -> None:
    reader = sqlite3.connect(f"{filled.as_uri()}?mode=ro", uri=True)
    try:
        assert reader.execute(example).fetchall()
    finally:
        reader.close()


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 command is not installed")
async def test_sqlite3_command_reads_the_file(filled: Path) -> None:
    query = "SELECT payload->>'$.DocNumber', deleted FROM objects ORDER BY object_id"
    done = await anyio.run_process(["sqlite3", "-readonly", str(filled), query])
    assert done.stdout.decode() == "1038|0\n|1\n"


def test_documented_columns_are_those_of_the_tables(path: Path) -> None:
    connection = open_writer(path, durable=False, busy_timeout_s=0)
    text = PAGE.read_text(encoding="utf-8")
    for table in (
        "objects",
        "changes",
        "accounts",
        "cursors",
        "object_versions",
        "looks",
        "refusals",
        "held_deletes",
        "actions",
        "action_attempts",
        "jobs",
        "routings",
        "routing_events",
        "routing_amounts",
        "alerts",
        "account_events",
        "audit",
    ):
        section = text.split(f"\n## `{table}`\n")[1].split("\n## ")[0]
        cells = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, re.MULTILINE)
        documented = re.findall(r"\w+", " ".join(cells))
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        assert documented == columns
    connection.close()


def plan(path: Path, statement: str) -> list[str]:
    """Return SQLite's steps for a statement, whose parameters are all null."""
    connection = open_writer(path, durable=False, busy_timeout_s=0)
    named = dict.fromkeys(re.findall(r":(\w+)", statement))
    numbered = set(re.findall(r"\?\d", statement)) or statement.count("?") * "?"
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", named or [None] * len(numbered))
    steps = [step for *_, step in rows]
    connection.close()
    return steps


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        (file, name)
        for file in SQL_FILES
        if file not in READ_THROUGH
        for name in load_statements("store.sqlite", file.removesuffix(".sql"))
        if name != "of_shard" and (file, name) not in COUNTED
    ],
)
def test_statement_reads_through_no_table_that_grows(path: Path, file_name: str, name: str) -> None:
    steps = plan(path, load_statements("store.sqlite", file_name.removesuffix(".sql"))[name])
    growing = "account_events|audit|health_samples|objects|held|gone|changes|c|cursors|scan_seen|j|o|v|l|refusals|looks"
    growing += "|jobs|routings|routing_events|routing_amounts"
    assert not [step for step in steps if re.match(rf"SCAN ({growing})\b", step)]


@pytest.mark.parametrize("name", ["bury", "deepen"])
def test_tombstones_are_looked_up_one_by_one(path: Path, name: str) -> None:
    steps = plan(path, load_statements("store.sqlite", "objects")[name])
    looked_up = [step.split("USING ")[1] for step in steps if step.startswith("SEARCH ")]
    assert looked_up == [
        "INDEX objects_key (account_id=? AND object_type=? AND object_id=?)",
        "INTEGER PRIMARY KEY (rowid=?)",
    ]


@pytest.mark.parametrize(
    ("file_name", "name"),
    [("objects.sql", "live_counts"), ("comparison.sql", "unseen"), ("objects.sql", "deleted_ids")],
)
def test_counting_and_comparing_read_indexes_only(path: Path, file_name: str, name: str) -> None:
    steps = plan(path, load_statements("store.sqlite", file_name.removesuffix(".sql"))[name])
    objects = [step for step in steps if re.match(r"SEARCH (objects|gone)", step)]
    assert objects
    assert all("USING COVERING INDEX" in step for step in objects)


@pytest.mark.parametrize(("file_name", "name"), sorted(COUNTED))
def test_what_is_counted_is_counted_in_an_index(path: Path, file_name: str, name: str) -> None:
    steps = plan(path, load_statements("store.sqlite", file_name.removesuffix(".sql"))[name])
    assert steps == ["SCAN routings USING COVERING INDEX routings_status"]


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        *[(file, name) for file in ("jobs.sql", "job_archive.sql") for name in JOB_PAGES],
        ("jobs.sql", "page_of_routing_status"),
        ("jobs.sql", "page_of_companys_routing_status"),
        ("job_archive.sql", "oldest_finished"),
        ("routings.sql", "tracked"),
        ("actions.sql", "open"),
    ],
)
def test_nothing_is_sorted_to_find_the_first(path: Path, file_name: str, name: str) -> None:
    steps = plan(path, load_statements("store.sqlite", file_name.removesuffix(".sql"))[name])
    assert not [step for step in steps if "TEMP B-TREE" in step], steps


def test_archive_tables_have_the_columns_of_what_they_keep(path: Path) -> None:
    connection = open_writer(path, durable=False, busy_timeout_s=0)
    for table in ("jobs", "routings", "routing_events", "routing_amounts"):
        live, kept = (
            [name for _, name, *_ in connection.execute(f"PRAGMA table_info({each})")]
            for each in (table, f"{table}_archive")
        )
        assert kept == live + ["archived_at"] * (table == "jobs")
    connection.close()


@pytest.mark.parametrize(
    "name", sorted(load_statements("store.sqlite", "jobs").keys() - {"page_of_routing_status"})
)
def test_a_jobs_routings_are_found_by_their_job_and_not_among_all_of_a_status(
    path: Path, name: str
) -> None:
    steps = plan(path, load_statements("store.sqlite", "jobs")[name])
    assert not [step for step in steps if "routings_status" in step], steps
