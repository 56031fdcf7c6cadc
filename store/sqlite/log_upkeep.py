"""When the write-ahead log is carried over into the database's file.

SQLite would do it in the commit that fills the log, whoever waits for that one: tens of milliseconds
once in a while. So it is done after a commit instead, when nobody waits, and can be broken off. It
stays on the writer's own connection: two connections, one of which writes while the other carries
over, are what SQLite's WAL-reset defect (up to 3.51.2) needs.
"""

import sqlite3
from contextlib import suppress

_PAUSE_S = 0.02
"""A writer that had nothing to do for so long is taken to have a moment."""

_WORTHWHILE_BYTES = 8 * 1024 * 1024
_DUE_BYTES = 32 * 1024 * 1024
"""Then it is done between two commits, even if the next one waits."""

_BACKSTOP_PAGES = 16_000
"""Where SQLite does it by itself after all: when we were broken off too often."""


class LogUpkeep:
    """Decides when. All methods are called on the thread of the writer's connection.

    Attributes:
        pause_s: how long the writer must have rested before it is done early.
    """

    pause_s = _PAUSE_S

    def __init__(self) -> None:
        self._written_bytes = 0
        self._began = False

    def wrote(self, size_bytes: int) -> None:
        """Note that roughly so much went into the log."""
        self._written_bytes += size_bytes

    @property
    def worthwhile(self) -> bool:
        """Whether there is enough in the log to be carried over in a quiet moment."""
        return self._written_bytes >= _WORTHWHILE_BYTES

    @property
    def due(self) -> bool:
        """Whether there is so much in it that nobody is waited for."""
        return self._written_bytes >= _DUE_BYTES

    def carry_over(self, connection: sqlite3.Connection) -> None:
        """Do it. When it is broken off, or a reader is in the way, the next time does more."""
        with suppress(sqlite3.Error):
            if not self._began:
                connection.execute(f"PRAGMA wal_autocheckpoint = {_BACKSTOP_PAGES}")
                self._began = True
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._written_bytes = 0
