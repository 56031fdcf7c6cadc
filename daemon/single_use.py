"""Texts that may be used once: the `state` that we hand out, and the codes that are handed to us."""

import hashlib
import secrets
from collections import OrderedDict
from math import inf
from typing import Protocol

from actors.clock import Clock

STATE_LIVES_S = 600.0
_MOST = 1000


class SingleUse(Protocol):
    """Both. Any method may raise `StoreUnavailableError`."""

    async def issue(self, vendor: str) -> str:
        """Return a fresh `state` for a vendor."""
        ...

    async def take(self, vendor: str, state: str) -> bool:
        """Tell whether it was issued for this vendor and is still good; it is not afterwards."""
        ...

    async def spend(self, code: str) -> None:
        """Note that the vendor took a code."""
        ...

    async def is_spent(self, code: str) -> bool:
        """Tell whether it did."""
        ...


class SingleUseHere:
    """`SingleUse` of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states = States()
        self._spent = SpentCodes()

    async def issue(self, vendor: str) -> str:
        """Return a fresh `state` for a vendor."""
        return self._states.issue(vendor, self._clock.now().monotonic_s)

    async def take(self, vendor: str, state: str) -> bool:
        """Tell whether it was issued for this vendor and is still good; it is not afterwards."""
        return self._states.take(vendor, state, self._clock.now().monotonic_s)

    async def spend(self, code: str) -> None:
        """Note that the vendor took a code."""
        self._spent.add(code)

    async def is_spent(self, code: str) -> bool:
        """Tell whether it did."""
        return code in self._spent


class States:
    """Unguessable texts that come back from a consent page. Each is taken once, within ten minutes."""

    def __init__(self) -> None:
        self._issued: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def issue(self, vendor: str, now_s: float) -> str:
        """Return a fresh one; of very many, the oldest is forgotten."""
        state = new_state()
        self._issued[state] = (vendor, now_s + STATE_LIVES_S)
        if len(self._issued) > _MOST:
            self._issued.popitem(last=False)
        return state

    def take(self, vendor: str, state: str, now_s: float) -> bool:
        """Tell whether it was issued for this vendor and is still good; it is not afterwards."""
        issued_for, until_s = self._issued.pop(state, ("", -inf))
        return issued_for == vendor and now_s < until_s


class SpentCodes:
    """The last authorization codes that a vendor took, by their hashes."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, None] = OrderedDict()

    def add(self, code: str) -> None:
        """Note that the code was spent; of very many, the oldest is forgotten."""
        self._spent[_digest(code)] = None
        if len(self._spent) > _MOST:
            self._spent.popitem(last=False)

    def __contains__(self, code: str) -> bool:
        return _digest(code) in self._spent


def new_state() -> str:
    """Return an unguessable text."""
    return secrets.token_urlsafe(32)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
