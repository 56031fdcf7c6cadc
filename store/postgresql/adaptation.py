"""How values cross the border to PostgreSQL: as the other stores' rows have them."""

from datetime import UTC, datetime, timedelta
from struct import Struct

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import BytesBinaryDumper, StrDumperUnknown

from store.relational.instants import to_text

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECONDS = Struct("!q")


class InstantLoader(Loader):
    """Loads an instant as the text that `store.relational.instants` reads."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        """Read microseconds since 2000."""
        (microseconds,) = _MICROSECONDS.unpack(data)
        return to_text(_EPOCH + timedelta(microseconds=microseconds))


class TextDumper(StrDumperUnknown):
    """Writes a text, of whichever type its place wants. U+0000, which none can hold, becomes U+FFFD."""

    def dump(self, obj: str) -> Buffer | None:
        """Encode it."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def adapters() -> AdaptersMap:
    """Return what a connection is to adapt values with.

    One type for each of Python's, whatever the value: a statement is prepared once.
    """
    adapted = AdaptersMap(psycopg.adapters)
    adapted.register_dumper(bytes, BytesBinaryDumper)
    adapted.register_dumper(int, Int8BinaryDumper)
    adapted.register_dumper(str, TextDumper)
    adapted.register_loader("timestamptz", InstantLoader)
    return adapted
