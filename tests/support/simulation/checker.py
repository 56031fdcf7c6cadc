"""The history checker: whether a replica is what it claims to be. Pure.

The claim, for each account and its `exact_as_of` T: of every object the replica holds the last
version that the vendor committed at or before T, or a newer one; what was gone by T is gone; and
it holds nothing that never was. T never goes back.

Only what may have become wrong is looked at again: objects of which the vendor has a version that
T newly covers, and objects that the replica changed. The rest was right before and still is.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from support.simulation.history import History, Key, Version


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of the replica."""

    body: bytes
    updated_us: int
    deleted: bool


class Step(msgspec.Struct, frozen=True, gc=False):
    """One entry of the change feed."""

    seq: int
    account_id: str
    key: Key
    deleted: bool


class AccountChecker:
    """Follows one account's replica through a run.

    Attributes:
        exact_as_of_us: the last T that was claimed; None before there was one.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.exact_as_of_us: int | None = None
        self._touched: set[Key] = set()

    def touched(self, key: Key) -> None:
        """Note that the replica changed this row."""
        self._touched.add(key)

    def claim(self, exact_as_of_us: int | None) -> tuple[set[Key], list[str]]:
        """Take a claim; return the objects that it has to be held against, and what is wrong by itself."""
        before = self.exact_as_of_us
        if exact_as_of_us is None:
            return set(), [] if before is None else ["exact_as_of was known and is unknown now"]
        wrong = []
        if before is not None and exact_as_of_us < before:
            wrong.append(f"exact_as_of went back from {before} to {exact_as_of_us}")
        self.exact_as_of_us = exact_as_of_us
        keys = self.history.ripened(exact_as_of_us) | self._touched
        self._touched.clear()
        return keys, wrong

    def breaches(self, rows: Mapping[Key, Row | None]) -> list[str]:
        """Hold rows (None: not there) against the claim; return what is wrong with each."""
        if self.exact_as_of_us is None:
            return []
        found = []
        for key, row in sorted(rows.items()):
            problem = breach(self.history.versions(key), row, self.exact_as_of_us)
            if problem is not None:
                found.append(f"{key[0]} {key[1]} {problem}")
        return found


def breach(versions: Sequence[Version], row: Row | None, exact_as_of_us: int) -> str | None:
    """Say what is wrong with one row at T, if anything."""
    covered = [place for place, each in enumerate(versions) if each.at_us <= exact_as_of_us]
    allowed = versions[covered[-1] :] if covered else versions
    if row is None or row.deleted:
        if any(version.body is None for version in allowed):
            return None
        if row is None:
            return "is missing" if covered else None
        return "is deleted here and was not at the vendor"
    if any(_same(version, row) for version in allowed):
        return None
    return _what_else(versions, row, gone=bool(covered) and allowed[0].body is None)


def _what_else(versions: Sequence[Version], row: Row, *, gone: bool) -> str:
    """Say how a row came to be that is no version it may be."""
    if any(_same(version, row) for version in versions):
        return "is here and gone at the vendor" if gone else "is out of date"
    if any(version.body == row.body for version in versions):
        return "has a time that it never had at the vendor"
    return "holds bytes that the vendor never showed"


def _same(version: Version, row: Row) -> bool:
    return version.body == row.body and version.updated_us == row.updated_us


def differences(
    living: Mapping[Key, bytes], gone: set[Key], rows: Mapping[Key, Row], ever: set[Key]
) -> list[str]:
    """Compare a replica at rest with the vendor, byte for byte.

    Args:
        living: what is there at the vendor.
        gone: what was there once.
        rows: the replica.
        ever: what the change feed ever called alive.
    """
    held = {key: row.body for key, row in rows.items() if not row.deleted}
    buried = {key for key, row in rows.items() if row.deleted}
    return [
        *(f"{_named(key)} is missing at rest" for key in sorted(living.keys() - held.keys())),
        *(f"{_named(key)} is extra at rest" for key in sorted(held.keys() - living.keys())),
        *(
            f"{_named(key)} differs at rest"
            for key in sorted(held.keys() & living.keys())
            if held[key] != living[key]
        ),
        *(f"{_named(key)} is buried alive" for key in sorted(buried - gone)),
        *(f"{_named(key)} has no tombstone" for key in sorted((gone & ever) - buried)),
    ]


def _named(key: Key) -> str:
    return f"{key[0]} {key[1]}"


class FeedChecker:
    """Replays the change feed as a consumer would: from `seq` 1, without a gap."""

    def __init__(self) -> None:
        self.last_seq = 0
        self.alive: dict[str, set[Key]] = {}
        self.ever: dict[str, set[Key]] = {}

    def take(self, steps: Iterable[Step]) -> list[str]:
        """Take the next entries; return what is wrong with them."""
        wrong = []
        for step in steps:
            if step.seq != self.last_seq + 1:
                wrong.append(f"the change feed goes from {self.last_seq} to {step.seq}")
            self.last_seq = step.seq
            alive = self.alive.setdefault(step.account_id, set())
            if not step.deleted:
                alive.add(step.key)
                self.ever.setdefault(step.account_id, set()).add(step.key)
            elif step.key in alive:
                alive.discard(step.key)
            else:
                wrong.append(f"change {step.seq} deletes what was not there")
        return wrong

    def mismatch(
        self, account_id: str, rows: Mapping[Key, Row], lost: AbstractSet[Key] = frozenset()
    ) -> list[str]:
        """Hold what the feed leads to against the replica.

        Of rows that were `lost` past the store the feed cannot tell when the vendor deletes them.
        """
        held = {key for key, row in rows.items() if not row.deleted}
        odd = held.symmetric_difference(self.alive.get(account_id, set())) - lost
        return [f"{_named(key)} is not where the change feed leads" for key in sorted(odd)]
