"""Copies a database over and over while others use it, by SQLite's own online backup."""

import sqlite3
import sys
import threading
from contextlib import closing
from itertools import count
from pathlib import Path

_PAGES_AT_ONCE = 20
_PAUSE_S = 0.2


def main(source: Path, folder: Path) -> None:
    """Copy until killed."""
    for number in count():
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(folder / f"{number}.db")) as copy,
        ):
            original.backup(copy, pages=_PAGES_AT_ONCE, sleep=0)
        threading.Event().wait(_PAUSE_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
