"""A restore drill: proves that a backup could be restored, without touching the live database."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from actors.credential import Sealer
from actors.errors import CredentialError
from daemon.backup import Backup, BackupError, checked_backup
from daemon.durable_file import copy_file
from store.errors import StoreOpenError
from store.sqlite.backup import sealed_tokens, troubles_of
from store.sqlite.connection import open_writer
from store.sqlite.drill import Comparison, compare_with_live

_BUSY_TIMEOUT_S = 5.0

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much is."""


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found.

    Attributes:
        at: when it ended.
        backup: which backup.
        passed: whether it is sound, is what the live database was, and its tokens can be opened.
        problems: what is wrong, one by one.
        taken_at: when the backup was made; None when that is unknown.
        age_s: how old it was then, seconds.
        oldest_exact_as_of: its T: the earliest instant up to which an account in it is exact.
        newest_exact_as_of: the latest one.
        last_seq: the newest change in it.
        accounts: how many accounts were compared with the live database.
        objects: how many objects of theirs it has.
        tokens: how many accounts' tokens it has.
        tokens_opened: how many of those the keys at hand open.
        took_s: how long a restore takes: copying, checking, bringing it up to date.
    """

    at: datetime
    backup: str
    passed: bool
    problems: Sequence[str]
    taken_at: datetime | None = None
    age_s: float | None = None
    oldest_exact_as_of: datetime | None = None
    newest_exact_as_of: datetime | None = None
    last_seq: int = 0
    accounts: int = 0
    objects: int = 0
    tokens: int = 0
    tokens_opened: int = 0
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RestoreDrill:
    """One drill.

    Attributes:
        live: the database that the backup was made from.
        sealer: opens tokens; None when there are no keys at hand.
        within: in which folder to restore; the system's one for temporary files when None.
        now: tells the time.
        monotonic_s: a clock that never jumps.
        progress: told how it goes.
    """

    live: Path
    sealer: Sealer | None
    within: Path | None
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    progress: Progress

    def run(self, path: Path) -> DrillReport:
        """Restore the backup elsewhere and compare it."""
        began_s = self.monotonic_s()
        try:
            self.progress("checking the backup", 0, 1)
            backup = checked_backup(path)
            with TemporaryDirectory(prefix="syncline-drill-", dir=self.within) as folder:
                restored = Path(folder) / "syncline.db"
                self.progress("restoring it", 0, 1)
                _restore(backup, restored)
                took_s = self.monotonic_s() - began_s
                return self._report(backup, restored, took_s)
        except (BackupError, OSError, sqlite3.Error, StoreOpenError) as error:
            return DrillReport(at=self.now(), backup=str(path), passed=False, problems=[str(error)])

    def _report(self, backup: Backup, restored: Path, took_s: float) -> DrillReport:
        sealed = sealed_tokens(restored)
        opened = sum(map(self._opens, sealed))
        found = compare_with_live(
            self.live, restored, lambda done, of: self.progress("comparing accounts", done, of)
        )
        problems = _problems(found, len(sealed), opened)
        facts, now = backup.facts, self.now()
        return DrillReport(
            at=now,
            backup=str(backup.path),
            passed=not problems,
            problems=problems,
            taken_at=facts.taken_at,
            age_s=None if facts.taken_at is None else (now - facts.taken_at).total_seconds(),
            oldest_exact_as_of=facts.oldest_exact_as_of,
            newest_exact_as_of=facts.newest_exact_as_of,
            last_seq=found.last_seq,
            accounts=found.accounts,
            objects=found.objects,
            tokens=len(sealed),
            tokens_opened=opened,
            took_s=took_s,
        )

    def _opens(self, sealed: bytes) -> bool:
        try:
            if self.sealer is not None:
                self.sealer.check(sealed)
        except CredentialError:
            return False
        return self.sealer is not None


def _restore(backup: Backup, restored: Path) -> None:
    """Do what a restore does: copy, bring up to this version's schema, read all of it.

    Raises:
        BackupError, OSError, sqlite3.Error, StoreOpenError: it cannot be restored.
    """
    copy_file(backup.path, restored)
    with closing(open_writer(restored, durable=False, busy_timeout_s=_BUSY_TIMEOUT_S)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        broken = writer.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise BackupError(f"{len(broken)} rows of {backup.path} refer to rows that are not there")
    if troubles := troubles_of(restored):
        raise BackupError(f"{backup.path} is damaged once restored: {troubles[0]}")


def _problems(found: Comparison, tokens: int, opened: int) -> Sequence[str]:
    problems = []
    if found.differences:
        listed = "; ".join(found.examples)
        problems.append(f"{found.differences} differences that nothing explains: {listed}")
    if opened < tokens:
        problems.append(
            f"{tokens - opened} of {tokens} accounts' tokens cannot be opened with the keys at hand:"
            " put the key that sealed them behind the others in secrets.keys"
        )
    return problems
