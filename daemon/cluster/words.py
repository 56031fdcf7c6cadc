"""The topics under which nodes say quick words to each other, and how words are written. Pure."""

from dataclasses import dataclass
from math import inf, isfinite

from actors.jobs.resolution import Ref
from actors.messages import Hinted, Read
from store.notice import OpenNotices

ERRANDS = "errands"
"""Accounts for which errands were left."""
ACTIONS = "actions"
"""Accounts for which users' writes were asked."""
NOTICES = "notices"
"""Accounts of which vendors' webhooks told."""
READS = "reads"
"""Accounts that are read, and who waits."""
ACTED = "acted"
"""Actions to which something happened."""
READ_ANSWERS = "read_answers"
"""Readers who need wait no longer."""
STANDINGS = "standings"
"""Nodes that published how their accounts do."""
ACCOUNTS = "accounts"
"""Accounts that somebody changed."""
SHOW = "show"
"""Accounts of which somebody wants to see how they do this moment."""
SHOWN = "shown"
"""How they do."""

SIGNED_OUT = "signed_out"
"""Sessions of browsers that ended, by their hashes."""
DELIVERED = "delivered"
"""Objects that routed work was delivered as."""

_BETWEEN = "\t"
_GLANCE = "glance "
"""Begins the marks of who wants nothing stored; a node of the version before gives any mark back as it is."""


def notice_words(account_id: str, hinted: Hinted) -> list[str]:
    """Return a word for each type that notices are about."""
    return [
        _BETWEEN.join([account_id, str(each.newest), each.object_type]) for each in hinted.notices
    ]


def read_notice(word: str) -> tuple[str, Hinted] | None:
    """Return whose notices a word tells of; None when it cannot be read."""
    parts = word.split(_BETWEEN)
    if len(parts) != 3 or not parts[1].isdecimal():  # noqa: PLR2004 - as it is written
        return None
    account_id, newest, object_type = parts
    return account_id, Hinted((OpenNotices(object_type, int(newest)),))


def delivered_word(vendor: str, account_id: str, ref: Ref) -> str:
    """Return the word for an object that a delivery left."""
    return _BETWEEN.join([vendor, account_id, *ref])


def read_delivered(word: str) -> tuple[str, str, Ref] | None:
    """Return vendor, account and object; None when it cannot be read."""
    parts = word.split(_BETWEEN)
    if len(parts) != 4:  # noqa: PLR2004 - as it is written
        return None
    vendor, account_id, object_type, object_id = parts
    return vendor, account_id, (object_type, object_id)


@dataclass(frozen=True, slots=True)
class Showing:
    """Somebody at a node wants to see something, or is shown it.

    Attributes:
        node: which one.
        mark: what that node knows the wait by; see `mark_of`.
        what: the account, or what there is to see of it.
    """

    node: str
    mark: str
    what: str

    def word(self) -> str:
        """Write it."""
        return _BETWEEN.join([self.node, self.mark, self.what])

    @property
    def stored(self) -> bool:
        """Whether what is shown is to be stored first, as far as it ever is."""
        return not self.mark.startswith(_GLANCE)


def mark_of(number: int, *, stored: bool) -> str:
    """Return a mark that says whether what is shown is to be stored first."""
    return str(number) if stored else f"{_GLANCE}{number}"


def read_showing(word: str) -> Showing | None:
    """Read such a word; None when it cannot be read."""
    parts = word.split(_BETWEEN, 2)
    return Showing(*parts) if len(parts) == 3 else None  # noqa: PLR2004 - as it is written


@dataclass(frozen=True, slots=True)
class FarRead:
    """Somebody reads an account through another node.

    Attributes:
        node: which one; "" when nobody waits for a look.
        mark: what that node knows the wait by: its own instant from which a look has to begin.
        age_s: how long ago that was when the word was said.
    """

    account_id: str
    node: str = ""
    mark: str = ""
    age_s: float = 0.0

    def word(self) -> str:
        """Write it."""
        return _BETWEEN.join([self.account_id, self.node, self.mark, repr(self.age_s)])

    def message(self, now_s: float) -> Read:
        """Return what the account's actor is told. The way of the word only makes it ask for more."""
        return Read(now_s - self.age_s) if self.node else Read()


def far_read(account_id: str, read: Read, node: str, now_s: float) -> FarRead:
    """Say in words who reads here."""
    if not isfinite(read.since_s):
        return FarRead(account_id)
    return FarRead(account_id, node, repr(read.since_s), now_s - read.since_s)


def read_far_read(word: str) -> FarRead | None:
    """Read such a word; None when it cannot be read."""
    parts = word.split(_BETWEEN)
    if len(parts) != 4:  # noqa: PLR2004 - as it is written
        return None
    seconds = number(parts[3])
    return None if seconds is None else FarRead(parts[0], parts[1], parts[2], seconds)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A look was made that serves those who wait by a mark, or can't be made now."""

    node: str
    account_id: str
    mark: str
    served: bool

    def word(self) -> str:
        """Write it."""
        return _BETWEEN.join([self.node, self.account_id, self.mark, "1" if self.served else "0"])

    @property
    def served_s(self) -> float:
        """Since when all was looked at, by the clock of the node that asked."""
        return (number(self.mark) or -inf) if self.served else -inf


def read_answer(word: str) -> ReadAnswer | None:
    """Read such a word; None when it cannot be read."""
    parts = word.split(_BETWEEN)
    if len(parts) != 4:  # noqa: PLR2004 - as it is written
        return None
    return ReadAnswer(parts[0], parts[1], parts[2], parts[3] == "1")


def number(text: str) -> float | None:
    """Read a number; None when it is none."""
    try:
        return float(text)
    except ValueError:
        return None
