"""Which job or routing a person means: by its id, or as much of that as is its alone."""

from http import HTTPStatus
from typing import Literal

import msgspec

from daemon.cli.daemon_client import DaemonClient, ProblemError
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.replies import decoded

_WHOLE = 36


class IdsReply(msgspec.Struct, frozen=True):
    """Ids that begin so."""

    items: list[str]
    more: bool = False


def chosen_id(daemon: DaemonClient, of: Literal["job", "routing"], wanted: str) -> str:
    """Return the one id that is, or begins, so; what nothing begins with is left to the daemon.

    Raises:
        CommandError: there are several, or the daemon does not answer.
    """
    if not wanted or len(wanted) >= _WHOLE:
        return wanted
    try:
        found = decoded(daemon.get("/ids", {"of": of, "prefix": wanted}), IdsReply)
    except ProblemError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return wanted  # a daemon that is older than this command
        raise
    if not found.items or wanted in found.items:
        return wanted
    if len(found.items) == 1 and not found.more:
        return found.items[0]
    several = [f"  {each}" for each in found.items] + ["  and others"] * found.more
    raise CommandError(f"{wanted!r} may be any of these {of}s", "\n".join(several), ExitCode.USAGE)
