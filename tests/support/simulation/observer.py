"""Watches every account while a run goes on, and holds what it sees against the vendor's history."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from daemon.sandbox.quickbooks import QuickBooksSandbox
from store.models import PageApplied
from support.simulation.checker import AccountChecker, FeedChecker, differences
from support.simulation.history import SECOND_US, History, Key
from support.simulation.replica import ReplicaReader, instant_us

_ENOUGH = 20
"""So many violations tell the story; one bug can make thousands."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be, and when it was seen, in vendor time."""

    at: datetime
    account: str
    problem: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S.%f} {self.account}: {self.problem}"


@dataclass(slots=True)
class Followed:
    """One account under observation.

    Attributes:
        worst_lag_us: how far `exact_as_of` ever was behind vendor time, once there was one.
    """

    account_id: str
    realm: str
    checker: AccountChecker
    worst_lag_us: int = 0


class Observer:
    """Follows all accounts.

    Attributes:
        violations: what was found, oldest first.
    """

    def __init__(
        self,
        sandbox: QuickBooksSandbox,
        reader: ReplicaReader,
        vendor_now: Callable[[], datetime],
        object_types: Iterable[str],
    ) -> None:
        self._sandbox = sandbox
        self._reader = reader
        self._vendor_now = vendor_now
        self._object_types = tuple(object_types)
        self._last_mutation = 0
        self._feed = FeedChecker()
        self._by_realm: dict[str, Followed] = {}
        self.followed: dict[str, Followed] = {}
        self.violations: list[Violation] = []

    def follow(self, account_id: str, realm: str) -> None:
        """Watch this account from now on."""
        checker = AccountChecker(History(self._object_types))
        followed = Followed(account_id, realm, checker)
        self._by_realm[realm] = self.followed[account_id] = followed
        for mutation in self._sandbox.mutations(realm_id=realm):
            if mutation.sequence <= self._last_mutation:
                checker.history.take(mutation)

    def page_stored(self, account_id: str, applied: PageApplied) -> None:
        """Look at what one page made of the replica."""
        claimed = applied.exact_as_of
        self._look(account_id, None if claimed is None else instant_us(claimed))

    def look(self, account_id: str) -> None:
        """Look at the replica as it is, whoever made it so."""
        self._look(account_id, self._reader.exact_as_of_us(account_id))

    def look_at_rest(self, account_id: str, lost: AbstractSet[Key] = frozenset()) -> None:
        """Compare the whole account with the vendor, now that nothing moves any more."""
        self.look(account_id)
        history = self.followed[account_id].checker.history
        rows = self._reader.all_rows(account_id)
        ever = self._feed.ever.get(account_id, set())
        self.report(account_id, differences(history.living(), history.gone(), rows, ever))
        self.report(account_id, self._feed.mismatch(account_id, rows, lost))
        self.report(account_id, self._unlike_truth(account_id, history.living()))

    def versions_of(self, account_id: str, key: Key) -> int:
        """Return how many versions of an object the vendor has had by now."""
        self._catch_up()
        return len(self.followed[account_id].checker.history.versions(key))

    def holds_newest(self, account_id: str, key: Key) -> bool:
        """Tell whether a row is held just as the vendor has it now: no news of it are to come."""
        self._catch_up()
        row = self._reader.rows(account_id, [key])[key]
        newest = self.followed[account_id].checker.history.versions(key)[-1]
        return row is not None and (row.body, row.updated_us) == (newest.body, newest.updated_us)

    def covers(self, account_id: str, moment_us: int) -> bool:
        """Tell whether the account claims to be exact at an instant."""
        exact_as_of_us = self.followed[account_id].checker.exact_as_of_us
        return exact_as_of_us is not None and exact_as_of_us >= moment_us

    def worst_lag_s(self, account_id: str) -> float:
        """Return how far `exact_as_of` ever was behind vendor time, up to now."""
        followed = self.followed[account_id]
        self._note_lag(followed)
        return followed.worst_lag_us / SECOND_US

    def deleted(self, account_id: str, object_type: str) -> set[str]:
        """Return the ids of this type that the feed of changes ever called deleted and still does."""
        ever = self._feed.ever.get(account_id, set())
        gone = ever - self._feed.alive.get(account_id, set())
        return {object_id for name, object_id in gone if name == object_type}

    def report(self, account: str, problems: Iterable[str]) -> None:
        """Note what must not be."""
        for problem in problems:
            if len(self.violations) < _ENOUGH:
                self.violations.append(Violation(self._vendor_now(), account, problem))

    def _look(self, account_id: str, exact_as_of_us: int | None) -> None:
        followed = self.followed[account_id]
        self._catch_up()
        self._note_lag(followed)
        keys, wrong = followed.checker.claim(exact_as_of_us)
        if exact_as_of_us is not None and exact_as_of_us > instant_us(self._vendor_now()):
            wrong.append("exact_as_of is in the future")
        if keys:
            wrong += followed.checker.breaches(self._reader.rows(account_id, keys))
        self.report(account_id, wrong)

    def _catch_up(self) -> None:
        """Take in what happened on both sides."""
        for mutation in self._sandbox.mutations(self._last_mutation):
            self._last_mutation = mutation.sequence
            if mutation.realm_id in self._by_realm:
                self._by_realm[mutation.realm_id].checker.history.take(mutation)
        steps = self._reader.changes(self._feed.last_seq)
        self.report("the change feed", self._feed.take(steps))
        for step in steps:
            if step.account_id in self.followed:
                self.followed[step.account_id].checker.touched(step.key)

    def _note_lag(self, followed: Followed) -> None:
        before = followed.checker.exact_as_of_us
        if before is not None:
            lag_us = instant_us(self._vendor_now()) - before
            followed.worst_lag_us = max(followed.worst_lag_us, lag_us)

    def _unlike_truth(self, account_id: str, living: dict[Key, bytes]) -> list[str]:
        """The history must lead to what the vendor shows: else the checker itself is wrong."""
        truth = self._sandbox.truth(self.followed[account_id].realm)
        shown = {(name, key) for name in self._object_types for key in truth.get(name, {})}
        odd = sorted(shown.symmetric_difference(living))
        return [f"{name} {key} is not what the history leads to" for name, key in odd]
