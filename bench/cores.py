"""Which processor cores things run on."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the daemon, another for everybody else; None where there is no such choice."""

    daemon: int | None
    others: int | None


def choose_cores() -> Cores:
    """Take two of the cores that this process may use, if there are two."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    first, *more = sorted(os.sched_getaffinity(0))
    return Cores(first, more[0]) if more else Cores(None, None)


def pin(core: int | None, process_id: int = 0) -> None:
    """Keep a process, and what it starts from now on, on this core; this process if none is named."""
    if core is not None:
        os.sched_setaffinity(process_id, {core})
