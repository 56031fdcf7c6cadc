"""Putting away jobs that ended long ago."""

from datetime import datetime

from store.relational.instants import to_text
from store.relational.job_reading import ARCHIVE as SQL
from store.relational.json_rows import json_rows
from store.relational.session import Session

_ROUTINGS_PER_PIECE = 250
"""So many, with their histories, are moved within the time that others can wait."""

_IN_THIS_ORDER = (
    "copy_events",
    "copy_amounts",
    "drop_amounts",
    "drop_events",
    "drop_routings",
    "drop_jobs",
)


def archivable(connection: Session, finished_before: datetime) -> int:
    """Return how many ended before then, and are not put away."""
    parameters = {"before": to_text(finished_before)}
    (count,) = connection.execute(SQL["archivable"], parameters).fetchone()
    return int(count)


def archive_jobs(connection: Session, finished_before: datetime, at: datetime, limit: int) -> int:
    """Put some of those away, at most `limit`; return how many. Their actions stay."""
    jobs: list[str] = []
    room = _ROUTINGS_PER_PIECE
    oldest = connection.execute(
        SQL["oldest_finished"], {"before": to_text(finished_before), "limit": limit}
    )
    for job_id, routings in oldest:
        if jobs and routings > room:
            break
        jobs.append(job_id)
        room -= routings
    oldest.close()
    moved = {"jobs": json_rows(jobs), "at": to_text(at)}
    connection.execute(SQL["copy_jobs"], moved)
    routing_ids = [row[0] for row in connection.execute(SQL["copy_routings"], moved)]
    for name in _IN_THIS_ORDER:
        connection.execute(SQL[name], moved | {"routings": json_rows(routing_ids)})
    return len(jobs)
