"""What the figures were measured on."""

import os
import platform
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

import msgspec

_SYNCS = 20
_PAGE_BYTES = 8192


class Machine(msgspec.Struct, frozen=True):
    """One machine at one moment.

    Attributes:
        cores: how many this process may use.
        fsync_ms: how long the disk takes to keep one page, in the middle.
        load: how busy the machine was before we began: processes that run, over the last minute.
    """

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    sqlite: str
    packages: dict[str, str]
    file_system: str
    fsync_ms: float
    load: float


def look_at_machine(folder: Path) -> Machine:
    """Describe this machine, with the disk that the folder is on."""
    return Machine(
        processor=_line_of("/proc/cpuinfo", "model name") or platform.processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        packages={name: version(name) for name in ("aiohttp", "anyio", "httpx", "msgspec")},
        file_system=_file_system(folder),
        fsync_ms=_fsync_ms(folder),
        load=os.getloadavg()[0],
    )


def _line_of(path: str, label: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(label)), "")


def _file_system(folder: Path) -> str:
    """Name the type of the innermost mount that the folder is in."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = [(mount, kind) for _, mount, kind, *_ in map(str.split, mounts)]
    path = folder.resolve()
    around = [(mount, kind) for mount, kind in found if path.is_relative_to(mount)]
    return max(around, key=lambda each: len(each[0]))[1] if around else ""


def _fsync_ms(folder: Path) -> float:
    samples = []
    with NamedTemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            file.write(os.urandom(_PAGE_BYTES))
            file.flush()
            began_s = time.perf_counter()
            os.fsync(file.fileno())
            samples.append((time.perf_counter() - began_s) * 1000)
    return median(samples)
