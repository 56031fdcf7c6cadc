"""What has to be replicated so that routed work can be entered, and what becomes of it be seen."""

from collections.abc import Collection, Sequence

from actors.vendors.dispatching import Dispatcher
from actors.vendors.registry import DISPATCHING
from daemon.config import Advice, Config


def untracked(dispatcher: Dispatcher, object_types: Collection[str]) -> str | None:
    """Say what cannot be for the types that are not replicated; None when none is missing."""
    missing = [name for name in dispatcher.tracked_types if name not in object_types]
    lost = []
    if missing:
        names = ", ".join(missing)
        lost.append(
            f"without {names} it is not seen what becomes of jobs that are routed to its companies,"
            " as far as those tell it"
        )
    if dispatcher.technician_type not in object_types:
        lost.append(f"without {dispatcher.technician_type} its companies cannot enter jobs")
    return "; ".join(lost) or None


def routing_advice(config: Config) -> Sequence[Advice]:
    """Return what a configuration that can be used keeps routed work from."""
    found = []
    for name, section in config.vendors.items():
        dispatcher = DISPATCHING.get(name)
        lost = None if dispatcher is None else untracked(dispatcher, section.account.object_types)
        if lost is not None:
            found.append(Advice(f"vendors.{name}.object_types", lost))
    return found
