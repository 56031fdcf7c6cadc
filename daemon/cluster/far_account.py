"""How an account does that another node hosts: what is told of it, and what stands for it here.

Only what is shown or decided on is told, and nothing that changes from second to second: accounts in
good health have equal documents, and each is kept once, however many accounts it is about.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from actors.breaker import BreakerState
from actors.state import Failure
from actors.status import ActorStatus, VerificationProgress
from daemon.health.checks import Finding
from daemon.hosted import Condition, Hosted
from store.models import Cursor, HeldDeletes

_BEGUN, _COMPLETE, _COVERED = 1, 2, 4
_COVERED_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for an instant that is not told: how far a type is covered is in the store."""


class ToldType(Struct, frozen=True, array_like=True):
    """An object type, and how far its cursor has come: three bits."""

    name: str
    bits: int


class ToldStatus(Struct, frozen=True, omit_defaults=True):
    """`ActorStatus`, as far as it is told."""

    types: tuple[ToldType, ...]
    breaker: BreakerState = BreakerState.CLOSED
    breaker_failures: int = 0
    trouble: tuple[str, ...] = ()
    reads_whole: bool = False
    failures: dict[str, Failure] = {}
    verification: VerificationProgress | None = None
    verification_error: str | None = None
    verification_failures: int = 0
    held: tuple[HeldDeletes, ...] = ()
    token_failures: int = 0


class Told(Struct, frozen=True, omit_defaults=True, weakref=True):
    """A document: all that one node tells the others of an account."""

    vendor: str
    condition: Condition
    restarts: int = 0
    last_error: str | None = None
    status: ToldStatus | None = None


_encoder = Encoder()
_decoder = Decoder(Told)


def told(hosted: Hosted) -> bytes:
    """Write down how an account does."""
    status = hosted.status()
    document = _encoder.encode(
        Told(
            hosted.vendor,
            hosted.condition,
            hosted.restarts,
            hosted.last_error,
            None if status is None else _told_status(status),
        )
    )
    # What a vendor answered may be in it, and no database keeps U+0000.
    return document.replace(b"\\u0000", b"\\ufffd")


def read_told(document: bytes) -> Told:
    """Read it. Raises `msgspec.MsgspecError`."""
    return _decoder.decode(document)


class FarAccount:
    """`daemon.hosted.HostedAccount` of an account that another node hosts."""

    __slots__ = ("account_id", "node", "read_at_s", "told")

    def __init__(self, account_id: str, node: str, told: Told, read_at_s: float = -inf) -> None:
        self.account_id = account_id
        self.node = node
        self.told = told
        self.read_at_s = read_at_s

    @property
    def vendor(self) -> str:
        """At whom it is."""
        return self.told.vendor

    @property
    def condition(self) -> Condition:
        """What its supervisor is doing about it."""
        return self.told.condition

    @property
    def restarts(self) -> int:
        """How often its actor crashed."""
        return self.told.restarts

    @property
    def last_error(self) -> str | None:
        """How the last crash read, for the operator."""
        return self.told.last_error

    def status(self) -> ActorStatus | None:
        """Describe the actor as its node last told."""
        known = self.told.status
        return None if known is None else _status(known)

    def overdue_s(self) -> float:
        """Return 0: its own node sees to that."""
        return 0.0

    def findings(self) -> Sequence[Finding] | None:
        """Return None: it was not asked."""
        return None


def _told_status(status: ActorStatus) -> ToldStatus:
    return ToldStatus(
        types=tuple(ToldType(name, _bits(cursor)) for name, cursor in status.cursors.items()),
        breaker=status.breaker,
        breaker_failures=status.breaker_failures,
        trouble=status.trouble,
        reads_whole=status.reads_whole,
        failures=dict(status.failures),
        verification=status.verification,
        verification_error=status.verification_error,
        verification_failures=status.verification_failures,
        held=status.held,
        token_failures=status.token_failures,
    )


def _status(known: ToldStatus) -> ActorStatus:
    return ActorStatus(
        breaker=known.breaker,
        breaker_failures=known.breaker_failures,
        bucket=None,
        cursors={each.name: _cursor(each) for each in known.types},
        trouble=known.trouble,
        reads_whole=known.reads_whole,
        failures=known.failures,
        verification=known.verification,
        verification_error=known.verification_error,
        verification_failures=known.verification_failures,
        held=known.held,
        token_failures=known.token_failures,
    )


def _bits(cursor: Cursor) -> int:
    return (
        _BEGUN * bool(cursor.position)
        + _COMPLETE * cursor.complete
        + _COVERED * (cursor.covered_until is not None)
    )


def _cursor(known: ToldType) -> Cursor:
    return Cursor(
        known.name,
        position="told" if known.bits & _BEGUN else "",
        complete=bool(known.bits & _COMPLETE),
        covered_until=_COVERED_ONCE if known.bits & _COVERED else None,
    )
