"""What the vendor did to one company, object by object. Pure.

A version counts from the instant at which it was committed (`at_us`), not from when queries began
to show it: a row that becomes visible late belongs to the past nevertheless.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from daemon.sandbox.quickbooks import Mutation

Key = tuple[str, str]
"""An object's type and id."""

SECOND_US = 1_000_000


class Version(msgspec.Struct, frozen=True, gc=False):
    """One state of one object, from `at_us` on; `body` is None once it is gone."""

    at_us: int
    updated_us: int
    body: bytes | None


class History:
    """All versions of a company's objects of the replicated types, each in the vendor's order."""

    def __init__(self, object_types: Collection[str]) -> None:
        self._object_types = frozenset(object_types)
        self._versions: defaultdict[Key, list[Version]] = defaultdict(list)
        self._unripe: list[tuple[int, Key]] = []
        self.newest_us = 0

    def take(self, mutation: Mutation) -> None:
        """Add what happened next."""
        if mutation.object_type not in self._object_types:
            return
        key = (mutation.object_type, mutation.object_id)
        body = None if mutation.body is None else as_stored(mutation.body)
        version = Version(mutation.at_us, mutation.updated_s * SECOND_US, body)
        self._versions[key].append(version)
        heapq.heappush(self._unripe, (mutation.at_us, key))
        self.newest_us = max(self.newest_us, mutation.at_us)

    def versions(self, key: Key) -> Sequence[Version]:
        """Return the object's versions; none when it never was."""
        return self._versions.get(key, ())

    def ripened(self, until_us: int) -> set[Key]:
        """Return the objects with versions from up to this instant that were not returned before."""
        keys: set[Key] = set()
        while self._unripe and self._unripe[0][0] <= until_us:
            keys.add(heapq.heappop(self._unripe)[1])
        return keys

    def living(self) -> dict[Key, bytes]:
        """Return the bytes of all objects that are there in the end."""
        last = {key: versions[-1].body for key, versions in self._versions.items()}
        return {key: body for key, body in last.items() if body is not None}

    def gone(self) -> set[Key]:
        """Return the objects that are not there any more in the end."""
        return {key for key, versions in self._versions.items() if versions[-1].body is None}


def as_stored(body: bytes) -> bytes:
    """Return the form in which a payload is kept: its own bytes; what is no UTF-8 is ISO-8859-1."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("iso-8859-1").encode()
    return body
