"""The move itself: copied while a daemon may run, compared and handed over while none does.

Wherever it dies, it goes on when it is called again. Of the two databases one can be used at most:
the file until it is marked, the other one from then on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from store.errors import MoveError, StoreOpenError
from store.moving.source import (
    CHUNK_ROWS,
    Chunk,
    Damage,
    SourceFile,
    note_begin,
    read_source,
    write_source,
)
from store.moving.tables import Table, moved_tables
from store.moving.target import Target
from store.postgresql.move_note import COPYING, DONE, VERIFIED, MoveNote
from store.sqlite.lock import holder, locked

DAMAGES_KEPT = 1000
_NAMED_DAMAGES = 10

Told = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much is."""

Wait = Callable[[int | None], bool]
"""Waits a moment for the process that uses the file; False when that is to be given up."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """What became of a table.

    Attributes:
        rows: how many are in both databases.
        sha256: of all of them, in both.
    """

    name: str
    rows: int
    sha256: str


@dataclass(slots=True)
class MoveReport:
    """What became of a move.

    Attributes:
        to: the database, without secrets.
        already: it had been done before, and nothing was.
        damages: rows that were not moved as they are, at most `DAMAGES_KEPT`.
        damaged: how many those are.
        corrected: rows in chunks that had changed since they were copied.
    """

    to: str
    already: bool = False
    tables: list[MovedTable] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    damaged: int = 0
    corrected: int = 0

    @property
    def rows(self) -> int:
        """How many rows are in both."""
        return sum(table.rows for table in self.tables)

    def take(self, damages: Sequence[Damage]) -> None:
        """Note rows that are not moved as they are."""
        self.damaged += len(damages)
        self.damages += damages[: DAMAGES_KEPT - len(self.damages)]


class Move:
    """Moves what one file holds into one database."""

    def __init__(
        self,
        path: Path,
        target: Target,
        *,
        told: Told,
        wait: Wait,
        now: Callable[[], datetime],
        rows_at_once: int = CHUNK_ROWS,
    ) -> None:
        self._path = path.resolve()
        self._target = target
        self._told = told
        self._wait = wait
        self._now = now
        self._rows_at_once = rows_at_once

    def run(self) -> MoveReport:
        """Move what was not moved yet; return when nothing is left to be done.

        Raises:
            MoveError: it cannot be moved, or not now; the message says why and what to do.
        """
        report = MoveReport(self._target.name)
        if self._was_handed_over():
            report.already = True
            return report
        self._begin()
        self._copy()
        with self._file_to_itself():
            with write_source(self._path) as source:
                tables = self._tables(source)
                self._compare(source, tables, report)
                for done, steps in self._target.put_together(source.last_numbers()):
                    self._told("building indexes", done, steps)
                self._told("handing over", 0, 2)
                source.hand_over(self._target.name)
            self._told("handing over", 1, 2)
            self._target.finish(self._now())
            self._told("handing over", 2, 2)
        return report

    def look(self) -> MoveReport:
        """Say what a move would do: read all that is to be moved, and change nothing.

        Raises:
            MoveError: it could not be moved; the message says why and what to do.
        """
        report = MoveReport(self._target.name)
        with read_source(self._path) as source:
            note = self._target.note()
            if source.moved_to is not None:
                report.already = True
                self._refuse_other(source, note)
                return report
            with self._target.tried():
                self._refuse_occupied(source, note)
                tables = self._tables(source)
            done, total = 0, sum(map(source.count, tables))
            vital: list[Damage] = []
            for table in tables:
                rows = 0
                for chunk in source.chunks(table):
                    rows += chunk.rows
                    report.take(chunk.damages)
                    vital += _vital(table, chunk)
                    self._told("reading", done + rows, total)
                done += rows
                report.tables.append(MovedTable(table.name, rows, ""))
        _refuse_vital(vital)
        return report

    def _was_handed_over(self) -> bool:
        """Say whether nothing is left to be done but to say so in the database."""
        with read_source(self._path) as source:
            if source.moved_to is None:
                return False
            note = self._target.note()
            self._refuse_other(source, note)
            if note is not None and note.state == VERIFIED:
                self._target.finish(self._now())
            return True

    def _refuse_other(self, source: SourceFile, note: MoveNote | None) -> None:
        known = note is not None and note.id == source.move_id and note.state in {VERIFIED, DONE}
        if not known:
            raise MoveError(
                f"what {self._path} holds was moved to {source.moved_to} already, which is another"
                " database or was emptied since"
            )

    def _begin(self) -> None:
        with read_source(self._path) as source:
            note = self._target.note()
            if note is not None:
                self._refuse_occupied(source, note)
                if note.state == VERIFIED:
                    with self._target.transaction():
                        self._target.take_apart()
                return
            self._target.refuse_schema()
            self._target.make_schema()
            self._refuse_occupied(source, note)
        self._target.begin(note_begin(self._path), str(self._path), self._now())

    def _refuse_occupied(self, source: SourceFile, note: MoveNote | None) -> None:
        """See that there is nothing in the database but what this very move brought."""
        self._target.refuse_schema()
        if note is None:
            self._target.refuse_rows()
        elif note.id != source.move_id or note.state not in {COPYING, VERIFIED}:
            raise MoveError(
                f"the database {self._target.name} holds what another move brought (of"
                f" {note.source}): name an empty one"
            )

    def _tables(self, source: SourceFile) -> Sequence[Table]:
        return moved_tables(source.schema(), self._target.tables())

    def _copy(self) -> None:
        """Copy what is there at this moment, from where an earlier call broke off."""
        vital: list[Damage] = []
        with read_source(self._path) as source:
            tables, positions = self._tables(source), self._target.positions()
            total = sum(map(source.count, tables))
            done = sum(rows for _, rows in positions.values())
            for table in tables:
                after, _ = positions.get(table.name, (None, 0))
                if table.name in positions and after is None:
                    continue
                for chunk in source.chunks(table, after, self._rows_at_once):
                    self._target.write(table, chunk, replace=False)
                    done += chunk.rows
                    self._told("copying", min(done, total), total)
                    vital += _vital(table, chunk)
        _refuse_vital(vital)
        self._target.analyze()

    @contextmanager
    def _file_to_itself(self) -> Iterator[None]:
        """Wait until no daemon has the file, and keep it so."""
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(locked(self._path))
                except StoreOpenError as error:
                    if self._wait(holder(self._path)):
                        continue
                    raise MoveError(
                        "all that was there is copied; to end the move the daemon must be stopped:"
                        f" {error}, then call this again"
                    ) from error
                except OSError as error:
                    raise MoveError(f"{self._path} cannot be locked: {error.strerror}") from error
                break
            yield

    def _compare(self, source: SourceFile, tables: Sequence[Table], report: MoveReport) -> None:
        """Hold each piece of the one against the other, and copy it anew where they differ.

        Raises:
            MoveError: they still do, or there are rows that may not be left out.
        """
        vital: list[Damage] = []
        done, total = 0, sum(map(source.count, tables))
        for table in tables:
            ours, theirs, rows, left_out = sha256(), sha256(), 0, 0
            for chunk in source.chunks(table, None, self._rows_at_once):
                held = self._target.read(table, chunk)
                if held != chunk.data:
                    self._target.write(table, chunk, replace=True)
                    held = self._target.read(table, chunk)
                    report.corrected += chunk.rows
                ours.update(chunk.data)
                theirs.update(held)
                rows += chunk.rows
                left_out += sum(damage.left_out for damage in chunk.damages)
                report.take(chunk.damages)
                vital += _vital(table, chunk)
                self._told("comparing", done + rows, total)
            done += rows
            counts = source.count(table) - left_out, self._target.count(table)
            if ours.digest() != theirs.digest() or counts != (rows, rows):
                raise MoveError(
                    f"{table.name} is not the same in both: {counts[0]} rows and {counts[1]},"
                    f" SHA-256 {ours.hexdigest()} and {theirs.hexdigest()}"
                )
            report.tables.append(MovedTable(table.name, rows, ours.hexdigest()))
        _refuse_vital(vital)


def _vital(table: Table, chunk: Chunk) -> Sequence[Damage]:
    if table.may_lose_rows:
        return ()
    return [damage for damage in chunk.damages if damage.left_out]


def _refuse_vital(damages: Sequence[Damage]) -> None:
    if not damages:
        return
    first = "; ".join(
        f"{damage.table} ({damage.key}): {damage.wrong}" for damage in damages[:_NAMED_DAMAGES]
    )
    raise MoveError(
        f"{len(damages)} rows cannot be held by PostgreSQL and may not be left out: {first}. Mend them"
        " in the file, then call this again"
    )
