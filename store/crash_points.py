"""Named places at which a process can be made to kill itself, for tests of what it finds afterwards.

Each kind of commit has two: `page.before_commit` (written, in an open transaction) and
`page.after_commit` (durable, and nobody knows). What a vendor answered has a third before them:
`page.submitted` (the answer is at hand, and nothing written).
"""

import os
import re
import signal
from collections.abc import Callable
from enum import StrEnum


class Commit(StrEnum):
    """The kinds of commit that can be died at.

    What is `OTHER` cannot: it leaves nothing that anybody would look for.
    """

    CLAIM = "claim"
    PAGE = "page"
    REFRESH_BEGUN = "refresh_begun"
    REFRESH_FINISHED = "refresh_finished"
    OWNER_NEEDED = "owner_needed"
    CONNECT = "connect"
    PAUSE = "pause"
    DISCONNECT = "disconnect"
    PURGE = "purge"
    RESCAN = "rescan"
    METADATA = "metadata"
    RESEAL = "reseal"
    ACTION_TAKEN_IN = "action_taken_in"
    ACTION_ACCEPTED = "action_accepted"
    ACTION_BEGUN = "action_begun"
    ACTION_ENDED = "action_ended"
    ACTION_CLOSED = "action_closed"
    ACTION_REVIVED = "action_revived"
    ACTION_CANCELED = "action_canceled"
    VERIFICATION_REQUESTED = "verification_requested"
    CERTIFICATE = "certificate"
    DELETES_CONFIRMED = "deletes_confirmed"
    NOTICES_RECEIVED = "notices_received"
    PRUNED = "pruned"
    READS_NOTED = "reads_noted"
    READS_ADDED = "reads_added"
    FINANCE = "finance"
    COMPANY_SET = "company_set"
    JOB_ACCEPTED = "job_accepted"
    JOB_CANCELED = "job_canceled"
    JOBS_ARCHIVED = "jobs_archived"
    ROUTING_OFFERED = "routing_offered"
    ROUTINGS_FOLLOWED = "routings_followed"
    OTHER = "other"


class Place(StrEnum):
    """Where in a commit."""

    SUBMITTED = "submitted"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


MIGRATION = "migration"

_ANSWERS = (
    Commit.PAGE,
    Commit.REFRESH_FINISHED,
    Commit.OWNER_NEEDED,
    Commit.CONNECT,
    Commit.ACTION_ENDED,
)
_NAMED = (*(commit for commit in Commit if commit is not Commit.OTHER), MIGRATION)

CRASH_POINTS = (
    *(f"{commit}.{Place.SUBMITTED}" for commit in _ANSWERS),
    *(f"{name}.{place}" for name in _NAMED for place in (Place.BEFORE_COMMIT, Place.AFTER_COMMIT)),
)
"""The names of all."""

_ARMING = re.compile(r"([a-z_.]+)(?::([1-9][0-9]*))?", re.ASCII)


class UnknownCrashPointError(ValueError):
    """What was to be armed is no crash point."""


def kill_this_process() -> None:
    """End as by `kill -9`: nothing is flushed, nothing is told."""
    os.kill(os.getpid(), signal.SIGKILL)


class CrashPoint:
    """One armed point: the process dies at its n-th passing."""

    def __init__(
        self, name: str, passing: int = 1, *, die: Callable[[], None] = kill_this_process
    ) -> None:
        self._name = name
        self._left = passing
        self._die = die

    @classmethod
    def parse(cls, text: str) -> "CrashPoint":
        """Read `name` or `name:n`.

        Raises:
            UnknownCrashPointError: there is no such point.
        """
        match = _ARMING.fullmatch(text)
        if match is None or match[1] not in CRASH_POINTS:
            raise UnknownCrashPointError(
                f"{text!r} is no crash point; name one, or name:n: {', '.join(CRASH_POINTS)}"
            )
        return cls(match[1], int(match[2] or 1))

    def passed(self, name: str, place: Place) -> None:
        """Come by such a place; does not return when it is the one."""
        if f"{name}.{place}" == self._name:
            self._left -= 1
            if self._left == 0:
                self._die()
