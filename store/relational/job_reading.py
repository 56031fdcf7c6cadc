"""Reading jobs, put away or not, with their routings."""

from collections import defaultdict
from collections.abc import Sequence

from store.job_models import Job, JobFilter, JobStatus, Routing, RoutingEvent
from store.relational.instants import optional_to_text
from store.relational.job_rows import event_of, job_of, routing_of
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("jobs")
ARCHIVE = StatementNames("job_archive")
"""The same statements about what was put away, under the same names."""

_RARE = {JobStatus.ROUTING, JobStatus.ACTIVE, JobStatus.FAILED}
"""What most jobs are not for long, or never."""

_LAST_LETTER = chr(0x10FFFF)
_LAST = "9999"
"""Later than all instants, as text."""


def read_job(connection: Session, job_id: str) -> Job | None:
    """Return one job with its routings and their histories."""
    if "\0" in job_id:
        return None  # no id holds it, and no list of ids could
    for archived in (False, True):
        for job in _read(connection, [job_id], archived=archived, with_history=True):
            return job
    return None


def read_keyed_job(connection: Session, key: str) -> Job | None:
    """Return the job that was stored under this key, if there is one."""
    row = connection.execute(SQL["with_key"], {"key": key}).fetchone()
    return None if row is None else read_job(connection, row[0])


def read_jobs(connection: Session, wanted: JobFilter) -> Sequence[Job]:
    """Return a page of jobs, newest first."""
    before_at, before_id = _LAST, ""
    if wanted.before_id is not None:
        row = connection.execute(SQL["created_at"], {"id": wanted.before_id}).fetchone()
        if row is None:
            return ()
        before_at, before_id = row[0], wanted.before_id
    statements = ARCHIVE if wanted.archived else SQL
    rows = connection.execute(
        statements[_page(wanted)],
        {
            "account_id": wanted.account_id,
            "status": wanted.status,
            "routing_status": wanted.routing_status,
            "since": optional_to_text(wanted.since) or "",
            "before_at": before_at,
            "before_id": before_id,
            "limit": wanted.limit,
        },
    )
    ids = [row[0] for row in rows]
    found = _read(connection, ids, archived=wanted.archived, with_history=False)
    by_id = {job.id: job for job in found}
    return [by_id[job_id] for job_id in ids]


def ids_beginning_with(
    connection: Session, statement: str, prefix: str, limit: int
) -> Sequence[str]:
    """Return some ids that begin so, in their order."""
    if "\0" in prefix:
        return []
    bounds = {"first": prefix, "last": prefix + _LAST_LETTER, "limit": limit}
    return [row[0] for row in connection.execute(SQL[statement], bounds)]


def _page(wanted: JobFilter) -> str:
    if wanted.routing_status is not None:
        of_all = wanted.account_id is None
        return "page_of_routing_status" if of_all else "page_of_companys_routing_status"
    if wanted.account_id is None:
        return "page" if wanted.status is None else "page_of_status"
    return "page_of_rare_status" if wanted.status in _RARE else "page_of_account"


def _read(
    connection: Session, job_ids: Sequence[str], *, archived: bool, with_history: bool
) -> Sequence[Job]:
    statements = ARCHIVE if archived else SQL
    ids = json_rows(job_ids)
    rows = connection.execute(statements["routings"], (ids,)).fetchall()
    history: defaultdict[str, list[RoutingEvent]] = defaultdict(list)
    if with_history:
        for event in connection.execute(
            statements["events"], (json_rows([row[0] for row in rows]),)
        ):
            history[event[0]].append(event_of(event))
    routings: defaultdict[str, list[Routing]] = defaultdict(list)
    for row in rows:
        routing = routing_of(row, tuple(history[row[0]]) if with_history else ())
        routings[routing.job_id].append(routing)
    return [
        job_of(row, tuple(routings[row[0]]))
        for row in connection.execute(statements["ones"], (ids,))
    ]
