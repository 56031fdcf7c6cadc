"""Keeping the copy that finance views read: what it lacks, and storing what was made of that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from store.finance import FinanceDocument, FinanceSource, Piece, Progress, UnusableObject
from store.relational.accounts import read_account
from store.relational.changes import last_seq
from store.relational.finance_rows import row_of
from store.relational.instants import optional_from_text, optional_to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("finance")

CLEARING, BUILDING, FOLLOWING = "clearing", "building", "following"

_SEQS_PER_PIECE = 20_000
_SEQS_PER_PASS = 100_000
_BYTES_PER_PIECE = 2 * 1024 * 1024
_ROWS_CLEARED_PER_PIECE = 2_000

Key = tuple[str, str]


def read_progress(connection: Session, account_id: str) -> Progress | None:
    """Return how far the account's copy is; a whole one has seen all up to the floor."""
    row = connection.execute(SQL["progress"], (account_id,)).fetchone()
    if row is None:
        return None
    generation, mapping, stage, built_type, built_id, seq, whole, exact_as_of, floor = row
    return Progress(
        generation,
        mapping,
        stage,
        built_type,
        built_id,
        max(seq, floor) if whole else seq,
        bool(whole),
        optional_from_text(exact_as_of),
    )


def begin(connection: Session, account_id: str, mapping: int) -> None:
    """Begin the account's copy anew."""
    connection.execute(SQL["abandon"], (account_id,))
    connection.execute(SQL["begin"], {"account_id": account_id, "mapping": mapping})


def read_piece(
    connection: Session, account_id: str, types: Sequence[str], limit: int
) -> Piece | None:
    """Read the next piece that the copy lacks, in the transaction that the caller has open."""
    before = read_progress(connection, account_id)
    if before is None:
        return None
    if before.stage == CLEARING:
        return Piece(before, before, (), ())
    if before.stage == BUILDING:
        return _piece_held(connection, account_id, before, types, limit)
    return _piece_changed(connection, account_id, before, types, limit)


def _piece_held(
    connection: Session,
    account_id: str,
    before: Progress,
    types: Sequence[str],
    limit: int,
) -> Piece:
    """The next objects in the order of type and id; after the last one, following begins."""
    first, *rest = [kind for kind in sorted(types) if kind >= before.built_type] or [""]
    after_id = before.built_id if first == before.built_type else ""
    sources: list[FinanceSource] = []
    size_bytes = 0
    complete = True
    rows = connection.execute(SQL["sources_page"], (account_id, first, after_id, limit))
    for row in rows:
        sources.append(_source(row))
        size_bytes += len(row[3])
        if len(sources) == limit or size_bytes >= _BYTES_PER_PIECE:
            complete = False
            rows.close()
            break
    if not complete:
        last = sources[-1]
        after = replace(before, built_type=last.object_type, built_id=last.object_id)
    elif rest:
        after = replace(before, built_type=rest[0], built_id="")
    else:
        after = replace(before, stage=FOLLOWING, built_type="", built_id="")
    return Piece(before, after, [_key(source) for source in sources], sources)


def _piece_changed(
    connection: Session,
    account_id: str,
    before: Progress,
    types: Sequence[str],
    limit: int,
) -> Piece | None:
    """What changed behind the copy's place, as it is now. It is whole when that is all there is."""
    newest = last_seq(connection)
    if before.whole and _unchanged(connection, account_id, before.seq):
        return None
    through = min(newest, before.seq + _SEQS_PER_PIECE)
    found = connection.execute(
        SQL["changed_keys"],
        {
            "after": before.seq,
            "through": through,
            "account_id": account_id,
            "types": json_rows(types),
            "limit": limit,
        },
    ).fetchall()
    sources: list[FinanceSource] = []
    size_bytes = 0
    taken = 0
    for object_type, object_id, _ in found:
        source = _held(connection, account_id, (object_type, object_id))
        taken += 1
        if source is not None:
            sources.append(source)
            size_bytes += len(source.payload)
            if size_bytes >= _BYTES_PER_PIECE:
                break
    is_cut = taken < len(found) or taken == limit
    seq = found[taken - 1][2] if is_cut else through
    whole = seq == newest
    exact_as_of = read_account(connection, account_id).exact_as_of if whole else before.exact_as_of
    after = replace(before, seq=seq, whole=whole, exact_as_of=exact_as_of)
    return Piece(before, after, [(row[0], row[1]) for row in found[:taken]], sources)


def keep_piece(
    connection: Session,
    account_id: str,
    piece: Piece,
    made: Sequence[FinanceDocument | UnusableObject],
) -> bool:
    """Store what was made of the piece, unless the copy is not where it was."""
    before, after = piece.before, piece.after
    connection.execute(SQL["lock_progress"], (account_id,)).close()
    held = read_progress(connection, account_id)
    if held != before:
        return False
    if before.stage == CLEARING:
        if forget_some_documents(connection, account_id, _ROWS_CLEARED_PER_PIECE):
            return True
        connection.execute(SQL["forget_totals"], (account_id,))
        after = replace(before, stage=BUILDING)
    if piece.keys:
        connection.execute(SQL["remove"], {"account_id": account_id, "keys": json_rows(piece.keys)})
    if made:
        rows = json_rows([row_of(each) for each in made])
        connection.execute(SQL["add"], {"account_id": account_id, "rows": rows})
    connection.execute(
        SQL["advance"],
        {
            "stage": after.stage,
            "built_type": after.built_type,
            "built_id": after.built_id,
            "seq": after.seq,
            "whole": after.whole,
            "exact_as_of": optional_to_text(after.exact_as_of),
            "generation": before.generation,
        },
    )
    return True


def unbuilt(connection: Session, mappings: Mapping[str, int], limit: int) -> Sequence[str]:
    """Return accounts, read from end to end, without a whole copy by their vendor's mapping."""
    known = json_rows(list(mappings.items()))
    rows = connection.execute(SQL["unbuilt"], {"mappings": known, "limit": limit})
    return [account_id for (account_id,) in rows]


def behind(connection: Session) -> tuple[Sequence[str], int]:
    """Return accounts whose copy lacks changes up to a number, and that number."""
    (floor,) = connection.execute(SQL["floor"]).fetchone()
    through = min(last_seq(connection), floor + _SEQS_PER_PASS)
    rows = connection.execute(SQL["behind"], {"after": floor, "through": through})
    return [account_id for (account_id,) in rows], through


def raise_floor(connection: Session, seq: int) -> None:
    """Note that every whole copy has seen all up to here; not above one that is not whole."""
    connection.execute(SQL["raise_floor"], {"seq": seq})


def forget_some_documents(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some of the account's documents; return whether there may be more."""
    return connection.execute(SQL["forget_some"], (account_id, limit)).rowcount == limit


def forget_copy(connection: Session, account_id: str) -> None:
    """End the account's copy: a piece that was read for it is refused from now on."""
    connection.execute(SQL["abandon"], (account_id,))


def forget_totals(connection: Session, account_id: str) -> None:
    """Delete what is left of the account's sums."""
    connection.execute(SQL["forget_totals"], (account_id,))


def _unchanged(connection: Session, account_id: str, seq: int) -> bool:
    return connection.execute(SQL["changed_since"], (seq, account_id)).fetchone() is None


def _held(connection: Session, account_id: str, key: Key) -> FinanceSource | None:
    row = connection.execute(SQL["source"], (account_id, *key)).fetchone()
    return None if row is None else _source(row)


def _source(row: tuple[str, str, int, bytes]) -> FinanceSource:
    return FinanceSource(row[0], row[1], bool(row[2]), row[3])


def _key(source: FinanceSource) -> Key:
    return source.object_type, source.object_id
