"""What the processes of a measurement took of the processors."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST_TIME, _TIMES = 1, 11, 4
"""Places in /proc/PID/stat behind the name: the parent, and four times, those of ended children too."""


def processor_s(names: Mapping[str, str]) -> dict[str, float]:
    """Return how many seconds of a processor the children of this process took so far, in all.

    Args:
        names: what a child is counted as, by a part of its command line.
    """
    parents, times = _processes()
    took = dict.fromkeys(names.values(), 0.0)
    for process_id in times:
        child = _child_above(process_id, parents)
        name = None if child is None else _name(child, names)
        if name is not None:
            took[name] += times[process_id]
    return took


def _processes() -> tuple[Mapping[int, int], Mapping[int, float]]:
    """Return the parent and the time of each process of the machine."""
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        process_id = int(folder.name)
        parents[process_id] = int(fields[_PARENT])
        ticks = fields[_FIRST_TIME : _FIRST_TIME + _TIMES]
        times[process_id] = sum(map(int, ticks)) / _TICKS_PER_S
    return parents, times


def _child_above(process_id: int, parents: Mapping[int, int]) -> int | None:
    """Return the child of this process that a process descends from, or is."""
    while (parent := parents.get(process_id)) is not None:
        if parent == os.getpid():
            return process_id
        process_id = parent
    return None


def _name(process_id: int, names: Mapping[str, str]) -> str | None:
    try:
        line = Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return None
    return next((name for part, name in names.items() if part in line), None)
