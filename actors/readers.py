"""What an actor remembers of those who read its account, and when that asks for a look. Pure.

Who reads an account will read it again soon: it is looked at sooner then. The next look waits for as
long as the last one was behind the last reading: an account that is read all the time is looked at
in the shortest interval, one that was read once is looked at after ever longer ones, until they are
as long as those of an account that nobody reads. The month's reads stretch them like all others.

Who reads may also want a look that begins no earlier than at some instant. All who wait for one
share it; one that began too early for somebody is followed by another.
"""

from collections.abc import Iterable, Mapping
from math import inf
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

_NEVER: Mapping[str, float] = MappingProxyType({})


class Readers(msgspec.Struct, frozen=True, gc=False):
    """Those who read one account. Times are monotonic seconds.

    Attributes:
        read_at_s: when it was last read.
        wanted_s: looks that begin then or later are waited for; minus infinity when nobody waits.
        looked_s: when the last look for changes that is stored began, by its key.
        before_s: when all was looked at before anybody read.
    """

    read_at_s: float = -inf
    wanted_s: float = -inf
    looked_s: Mapping[str, float] = _NEVER
    before_s: float = -inf

    @property
    def wait(self) -> bool:
        """Whether somebody waits for a look."""
        return self.wanted_s > -inf


NO_READERS = Readers()
"""Shared by all accounts that nobody reads. It does not outlive the actor: the next reading tells."""


def read(readers: Readers, now_s: float, since_s: float) -> Readers:
    """Take in that the account is read, by somebody who wants looks that begin at `since_s` or later.

    Minus infinity wants none.
    """
    return replace(readers, read_at_s=now_s, wanted_s=max(readers.wanted_s, since_s))


def looked(readers: Readers, key: str, began_s: float, idle_s: float) -> Readers:
    """Take in that a look for changes is stored.

    Args:
        readers: what was there.
        key: the look's.
        began_s: when it began.
        idle_s: the longest interval of an account that nobody reads: after as long, nothing is
            left to remember.
    """
    if not readers.wait and began_s - readers.read_at_s >= idle_s:
        return NO_READERS
    return replace(readers, looked_s={**readers.looked_s, key: began_s})


def wants(readers: Readers, key: str) -> bool:
    """Tell whether somebody waits for this look to be made."""
    return readers.looked_s.get(key, -inf) < readers.wanted_s


def served_s(readers: Readers, keys: Iterable[str]) -> float:
    """Return since when all of these looks were made: who wants no later ones has what they want."""
    return min((readers.looked_s.get(key, -inf) for key in keys), default=-inf)


def next_look_s(readers: Readers, key: str, shortest_s: float, stretch: float) -> float:
    """Return when readers have a look made that nobody waits for.

    Args:
        readers: those who read the account.
        key: the look's.
        shortest_s: the shortest interval.
        stretch: by how much intervals are stretched so that the month's reads last.
    """
    if readers is NO_READERS:
        return inf
    last_s = readers.looked_s.get(key, readers.before_s)
    return last_s + stretch * max(shortest_s, last_s - readers.read_at_s)
