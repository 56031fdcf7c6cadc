"""What an actor can be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from store.notice import OpenNotices


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Look for changes now. Empty `object_types` means all of them.

    What a person asked for (`by_user`) does not rest because the month's reads are short.
    """

    object_types: tuple[str, ...] = ()
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class RescanRequested:
    """Full readings of these types were asked for by a person and are noted in the store."""

    object_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hinted:
    """There are notices that no look has answered; they are in the store. By type, the newest."""

    notices: Sequence[OpenNotices]

    def joined(self, unread: object) -> "Hinted | None":
        """Return what this and an unread message tell together; None when that is another one."""
        return unread.and_later(self) if isinstance(unread, Hinted) else None

    def and_later(self, other: "Hinted") -> "Hinted":
        """Return what both tell together."""
        newest: dict[str, int] = {}
        for each in (*self.notices, *other.notices):
            newest[each.object_type] = max(each.newest, newest.get(each.object_type, 0))
        return Hinted(tuple(OpenNotices(*item) for item in newest.items()))


@dataclass(frozen=True, slots=True)
class VerificationRequested:
    """A comparison with the vendor was asked for and is noted in the store under this number."""

    number: int
    repair: bool


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody reads the account.

    Attributes:
        since_s: they wait for looks that begin then or later (monotonic seconds), and are told in
            a `ReadersTold`; minus infinity when they wait for none.
    """

    since_s: float = -inf

    def joined(self, unread: object) -> "Read | None":
        """Return what this and an unread message tell together; None when that is another one."""
        return Read(max(self.since_s, unread.since_s)) if isinstance(unread, Read) else None


@dataclass(frozen=True, slots=True)
class ActionsWaiting:
    """Users' writes are in the store and wait to be carried out."""

    def joined(self, unread: object) -> "ActionsWaiting | None":
        """Return what this and an unread message tell together; None when that is another one."""
        return self if isinstance(unread, ActionsWaiting) else None


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin nothing new until `Resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish what is in hand, then end."""


Message = (
    SyncNow
    | Hinted
    | RescanRequested
    | VerificationRequested
    | ActionsWaiting
    | Read
    | Pause
    | Resume
    | Stop
)
