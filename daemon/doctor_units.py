"""Does this host run the service, back it up, and prove the backups? Checks of `doctor`."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from daemon.finding import Finding, Level
from daemon.recovery_note import read_note

_UNIT = "syncline.service"
_TIMERS = ("syncline-backup.timer", "syncline-restore-drill.timer")
_KNOWS_RELOADING = 254
_DROP_IN = "before-254.conf"
_BACKUP_WITHIN = timedelta(hours=26)
_DRILL_WITHIN = timedelta(hours=50)

Systemctl = Callable[[Sequence[str]], str | None]
"""Runs systemctl with arguments and returns what it printed; None without systemd."""


def check_unit(systemctl: Systemctl) -> Iterator[Finding]:
    """See how the service is, where there is systemd, and that its systemd understands the unit."""
    shown = systemctl(("show", _UNIT, "--property=LoadState,ActiveState,NRestarts,DropInPaths"))
    if shown is None:
        return
    facts = _facts(shown)
    active = facts.get("ActiveState", "unknown")
    if facts.get("LoadState") != "loaded":
        yield Finding("systemd", Level.OK, f"{_UNIT} is not installed")
        return
    if active == "failed":
        yield Finding("systemd", Level.FAIL, f"{_UNIT} failed", f"journalctl -u {_UNIT} -n 50")
    else:
        restarts = facts.get("NRestarts", "0")
        yield Finding("systemd", Level.OK, f"{_UNIT} is {active}, {restarts} restarts")
    version = _version(systemctl(("--version",)) or "")
    if version < _KNOWS_RELOADING and _DROP_IN not in facts.get("DropInPaths", ""):
        yield Finding(
            "systemd",
            Level.FAIL,
            f"systemd {version} does not know the unit's Type=notify-reload",
            f"install systemd/{_UNIT}.d/{_DROP_IN}, then systemctl daemon-reload",
        )
    yield from _check_timers(systemctl)


def check_recovery(database: Path, now: datetime) -> Iterator[Finding]:
    """See that the database is backed up, and that a backup was restored and found good."""
    note = read_note(database)
    if note.backup_at is None:
        advice = f"syncline backup {database.parent}/backups, or enable syncline-backup.timer"
        yield Finding("backup", Level.WARN, "never made here", advice)
    else:
        age = now - note.backup_at
        old = age > _BACKUP_WITHIN
        found = f"{_hours(age)} old"
        yield Finding(
            "backup",
            Level.WARN if old else Level.OK,
            found,
            "systemctl status syncline-backup.timer" if old else "",
        )
    if note.drill_at is None:
        advice = "syncline restore-drill FOLDER, or enable syncline-restore-drill.timer"
        yield Finding("restore drill", Level.WARN, "never made here", advice)
    elif not note.drill_passed:
        advice = "make a new backup and drill it: docs/operations.md, SynclineRestoreDrillFailed"
        yield Finding("restore drill", Level.FAIL, "the last one failed", advice)
    else:
        age = now - note.drill_at
        old = age > _DRILL_WITHIN
        yield Finding(
            "restore drill",
            Level.WARN if old else Level.OK,
            f"passed {_hours(age)} ago",
            "systemctl status syncline-restore-drill.timer" if old else "",
        )


def _check_timers(systemctl: Systemctl) -> Iterator[Finding]:
    for timer in _TIMERS:
        facts = _facts(systemctl(("show", timer, "--property=LoadState,ActiveState")) or "")
        if facts.get("ActiveState") == "active":
            yield Finding("systemd", Level.OK, f"{timer} is active")
        else:
            loaded = facts.get("LoadState") == "loaded"
            yield Finding(
                "systemd",
                Level.WARN,
                f"{timer} is {'not active' if loaded else 'not installed'}",
                f"systemctl enable --now {timer}; who backs up otherwise need not",
            )


def _facts(shown: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in shown.splitlines())


def _version(shown: str) -> int:
    """Return systemd's version; a large one when it cannot be told."""
    found = re.match(r"systemd (\d+)", shown)
    return int(found[1]) if found else 1 << 16


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} h"
