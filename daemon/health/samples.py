"""The checks of the last day, packed: 22 bytes an account and check. Pure.

Accounts are told apart by 8 bytes of a hash of their ids, and spread over 64 parts by it: a check of
one part is one row of a few kilobytes, whatever the number of accounts (decision 008).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from actors.status import AccountState
from daemon.health.checks import Check, Finding, Level
from store.watch_models import PackedSamples

PARTS = 64

_STATES = (
    AccountState.CONNECTING,
    AccountState.BACKFILLING,
    AccountState.LIVE,
    AccountState.DEGRADED,
    AccountState.PAUSED,
    AccountState.REAUTH_REQUIRED,
    AccountState.QUARANTINED,
    AccountState.DISCONNECTED,
)
"""By their numbers in what is stored: add at the end only."""
_CHECKS = tuple(Check)
_RECORD = struct.Struct("<8sBxIII")
_KEY_BYTES = 8
_UNKNOWN = 0xFFFF_FFFF
_MOST = _UNKNOWN - 1
_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How one account was found.

    Attributes:
        age_s: how far behind its replica was known to be; None when that was not known.
        response_s: the slowest response of its vendor since the check before.
        levels: of the checks that did not come out well.
    """

    at: datetime
    state: AccountState
    age_s: int | None
    response_s: float
    levels: Mapping[Check, Level] = field(default_factory=dict)


def key_of(account_id: str) -> bytes:
    """Return what stands for an account."""
    return hashlib.blake2b(account_id.encode(), digest_size=_KEY_BYTES).digest()


def part_of(account_id: str) -> int:
    """Return which of the parts an account belongs to."""
    return key_of(account_id)[0] % PARTS


def pack(
    account_id: str,
    state: AccountState,
    age_s: float | None,
    response_s: float,
    findings: Iterable[Finding],
) -> bytes:
    """Pack what was found of one account."""
    levels = 0
    for each in findings:
        shift = 2 * _CHECKS.index(each.check)
        known = (levels >> shift) & 3
        levels += (max(known, int(each.level)) - known) << shift
    age = _UNKNOWN if age_s is None else min(_MOST, int(age_s))
    response = min(_MOST, int(response_s * _MS))
    return _RECORD.pack(key_of(account_id), _STATES.index(state), levels, age, response)


def unpack(account_id: str, packed: Sequence[PackedSamples]) -> Iterator[Sample]:
    """Yield what was found of one account, in the order in which it is given."""
    key = key_of(account_id)
    for each in packed:
        offset = _offset(each.body, key)
        if offset is None:
            continue
        _, state, levels, age, response = _RECORD.unpack_from(each.body, offset)
        found = ((check, levels >> 2 * number & 3) for number, check in enumerate(_CHECKS))
        yield Sample(
            at=each.at,
            state=_STATES[state],
            age_s=None if age == _UNKNOWN else age,
            response_s=response / _MS,
            levels={check: Level(level) for check, level in found if level},
        )


def _offset(body: bytes, key: bytes) -> int | None:
    """Return where the account's record begins, if there is one."""
    offset = body.find(key)
    while offset >= 0 and offset % _RECORD.size:
        offset = body.find(key, offset + 1)
    return offset if offset >= 0 else None
