"""Many rows as one parameter.

A statement that takes its rows from `json_each(?)` works on a whole page in a single call into
SQLite. Each such call lets go of the interpreter, and a busy event loop gives it back only
milliseconds later: one call a row, as with `executemany`, would pay that for each row.
"""

from collections.abc import Iterable

import msgspec


def json_rows(rows: Iterable[object]) -> str:
    """Write the rows as a JSON array.

    Raises:
        ValueError: a text holds U+0000, at which SQLite would cut it off.
    """
    encoded = msgspec.json.encode(rows)
    if b"\\u0000" in encoded:
        raise ValueError("a key holds U+0000, which the database cannot keep")
    return encoded.decode()
