"""What is wrong with the daemon itself, whatever its accounts do."""

from collections.abc import Sequence

from daemon.web.context import WebContext


def open_trouble(context: WebContext) -> Sequence[str]:
    """Return what is wrong now, each in a sentence; nothing when all is well."""
    found = []
    if not (health := context.store.health()).writable:
        found.append(f"The database takes no writes: {health.reason}")
    if not context.supervisor.running:
        found.append("The supervisor does not run.")
    if context.heartbeat is not None and context.watching is None:  # else it is an alert
        found += [f"Nothing comes through from {why}" for why in context.heartbeat.reasons()]
    return found
