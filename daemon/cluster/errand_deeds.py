"""What an errand says: a message to an actor, or that one is to be started or stopped. Pure.

A kind and what goes with it are read by other versions, too: fields are only ever added, with defaults.
"""

from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite

import msgspec
from msgspec import Struct

from actors.messages import (
    ActionsWaiting,
    Hinted,
    Message,
    Pause,
    Read,
    RescanRequested,
    Resume,
    SyncNow,
    VerificationRequested,
)
from store.cluster_models import NewErrand
from store.notice import OpenNotices


@dataclass(frozen=True, slots=True)
class Start:
    """Start the account's actor afresh."""


@dataclass(frozen=True, slots=True)
class StopAccount:
    """Stop the account's actor, unless the company was connected again since.

    Attributes:
        connected_at: when it was connected that is to be stopped; None, as an earlier version leaves
            it, for whenever.
    """

    connected_at: datetime | None = None


Deed = Message | Start | StopAccount

IN_THE_STORE = frozenset({"rescan", "verify", "pause", "resume", "actions", "hinted", "read"})
"""Kinds that whoever starts the account's actor finds in the store, or that nobody waits for."""


class BadErrandError(Exception):
    """Nobody here knows what is to be done; a newer version may have left it."""


class _Sync(Struct):
    object_types: tuple[str, ...] = ()
    by_user: bool = False


class _Rescan(Struct):
    object_types: tuple[str, ...] = ()


class _Verify(Struct):
    number: int
    repair: bool = True


class _Stop(Struct):
    connected_at: datetime | None = None


class _Hinted(Struct):
    notices: tuple[tuple[str, int], ...] = ()


class _Read(Struct):
    age_s: float | None = None


_PLAIN: dict[str, Deed] = {
    "actions": ActionsWaiting(),
    "pause": Pause(),
    "resume": Resume(),
    "start": Start(),
}
_KINDS = {type(deed): kind for kind, deed in _PLAIN.items()}


def errand(account_id: str, deed: Deed, now_s: float) -> NewErrand:
    """Write it down. Instants of this process's clock become ages."""
    encode = msgspec.json.encode
    match deed:
        case SyncNow():
            kind, payload = "sync", encode(_Sync(deed.object_types, deed.by_user))
        case RescanRequested():
            kind, payload = "rescan", encode(_Rescan(deed.object_types))
        case VerificationRequested():
            kind, payload = "verify", encode(_Verify(deed.number, deed.repair))
        case StopAccount():
            kind, payload = "stop", encode(_Stop(deed.connected_at))
        case Hinted():
            notices = tuple((each.object_type, each.newest) for each in deed.notices)
            kind, payload = "hinted", encode(_Hinted(notices))
        case Read():
            age_s = now_s - deed.since_s if isfinite(deed.since_s) else None
            kind, payload = "read", encode(_Read(age_s))
        case _:
            kind, payload = _KINDS[type(deed)], b"{}"
    return NewErrand(account_id, kind, payload)


def deed(kind: str, payload: bytes, now_s: float) -> Deed:
    """Read it again.

    Raises:
        BadErrandError: it cannot be read.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    decode = msgspec.json.decode
    found: Deed
    try:
        match kind:
            case "sync":
                sync = decode(payload, type=_Sync)
                found = SyncNow(sync.object_types, sync.by_user)
            case "rescan":
                found = RescanRequested(decode(payload, type=_Rescan).object_types)
            case "verify":
                verify = decode(payload, type=_Verify)
                found = VerificationRequested(verify.number, verify.repair)
            case "stop":
                found = StopAccount(decode(payload, type=_Stop).connected_at)
            case "hinted":
                hinted = decode(payload, type=_Hinted)
                found = Hinted(tuple(OpenNotices(*each) for each in hinted.notices))
            case "read":
                age_s = decode(payload, type=_Read).age_s
                found = Read(-inf if age_s is None else now_s - age_s)
            case _:
                raise BadErrandError(f"nobody here knows what {kind} is")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadErrandError(f"what goes with {kind} can't be read: {error}") from error
    return found
