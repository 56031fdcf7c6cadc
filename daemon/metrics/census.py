"""What is known of every account, kept in memory.

A scrape reads it here, whatever the database is doing, and whatever the number of accounts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from anyio import lowlevel

from actors.breaker import BreakerState
from actors.events import (
    BreakerChanged,
    Event,
    LookAbandoned,
    OwnerNeeded,
    PageStored,
    RefreshFailed,
    TokenRefreshed,
    VerificationEnded,
)
from actors.status import AccountState
from daemon.hosted import Condition, HostedAccount
from daemon.standing import standing
from store.models import Account, SealedCredential

_AT_ONCE = 200
"""How many accounts are looked at before the loop gets its turn."""

_AT_REST = frozenset({AccountState.DISCONNECTED, AccountState.PAUSED})
_WITHOUT_TOKENS = frozenset({AccountState.DISCONNECTED, AccountState.REAUTH_REQUIRED})


@dataclass(slots=True)
class Counted:
    """One account as the census has it. Times are seconds since 1970, for they are only compared.

    Attributes:
        exact_as_of_s: its watermark, as of its last stored page.
        refresh_end_s: when its refresh token ends if it is not used; infinite when never or unknown.
        hard_end_s: when that ends whatever happens; infinite when unknown.
        state: as of the last `settle`; None before the first.
        is_active: whether it is meant to be fresh.
        has_tokens: whether its tokens are of use.
        is_gone: whether it was forgotten.
        restarts: how many of its actor's crashes were counted.
        certified_at_s: when it was last verified; None when never.
    """

    account: Account
    exact_as_of_s: float | None
    refresh_end_s: float = inf
    hard_end_s: float = inf
    state: AccountState | None = None
    is_active: bool = True
    has_tokens: bool = True
    is_gone: bool = False
    breaker_open: bool = False
    condition: Condition | None = None
    restarts: int = 0
    certified_at_s: float | None = None

    @property
    def knows_token_times(self) -> bool:
        """Whether it was ever told when the refresh token ends."""
        return min(self.refresh_end_s, self.hard_end_s) < inf


class Census:
    """Counts accounts.

    It is told of changes by `put`, `forget` and `note`, and looks at the accounts that changed when
    it is asked to `settle`. What it counts is as of the last `settle`.

    Attributes:
        states: how many accounts there are, by vendor and state.
        open_breakers: of how many the breaker is not closed, by vendor.
        restarts: how often actors crashed, by vendor.
        on_change: is told whom somebody changed through this process.
        is_ours: tells whether this process looks after an account; of several nodes one does.
    """

    def __init__(self) -> None:
        self.is_ours: Callable[[str], bool] = lambda _account_id: True
        self._counted: dict[str, Counted] = {}
        self._touched: set[str] = set()
        self._touched_before: set[str] = set()
        self.states: Counter[tuple[str, AccountState]] = Counter()
        self.open_breakers: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.on_change: Callable[[str], None] = lambda _account_id: None

    def load(self, accounts: Iterable[Account]) -> None:
        """Begin with these accounts."""
        for account in accounts:
            self._put(account)

    def put(self, account: Account) -> None:
        """Take in an account that somebody changed, as it is stored now, new or known."""
        self._put(account)
        self.on_change(account.id)

    def refresh(self, account: Account, *, watermark: bool) -> None:
        """Take in an account as it is stored; its watermark too, if no actor here tells of that."""
        known = self._counted.get(account.id)
        if known is None or _differ(known.account, account):
            self._put(account)
        if known is not None and watermark:
            known.exact_as_of_s = _seconds(account.exact_as_of)

    def _put(self, account: Account) -> None:
        known = self._counted.get(account.id)
        if known is None:
            known = Counted(account, _seconds(account.exact_as_of))
            self._counted[account.id] = known
        known.account = account
        self._touch(account.id)

    def put_token_times(self, account_id: str, credential: SealedCredential) -> None:
        """Take in when an account's tokens end."""
        if counted := self._counted.get(account_id):
            counted.refresh_end_s = _end_s(credential.refresh_expires_at)
            counted.hard_end_s = _end_s(credential.refresh_hard_expires_at)

    def put_certified_at(self, account_id: str, at: datetime) -> None:
        """Take in when an account was last verified."""
        if counted := self._counted.get(account_id):
            counted.certified_at_s = at.timestamp()

    def forget(self, account_id: str) -> None:
        """Leave out an account that somebody had forgotten."""
        self.leave_out(account_id)
        self.on_change(account_id)

    def leave_out(self, account_id: str) -> None:
        """Leave out an account that is no more."""
        if counted := self._counted.pop(account_id, None):
            counted.is_gone = True
            self._tally(counted, -1)

    def look_again(self, account_id: str) -> None:
        """Have an account looked at by the next `settle`: another process told how it does."""
        self._touch(account_id)

    async def part(self) -> "Census":
        """Return a census of those that this process looks after, as of the last `settle`."""
        part = Census()
        part.restarts = self.restarts
        for number, (account_id, counted) in enumerate(list(self._counted.items())):
            if not counted.is_gone and self.is_ours(account_id):
                part._counted[account_id] = counted
                part._tally(counted, 1)
            if number % _AT_ONCE == 0:
                await lowlevel.checkpoint()
        return part

    def note(self, event: Event) -> None:
        """Learn from what an actor did."""
        match event:
            case PageStored():
                if counted := self._touch(event.account_id):
                    counted.exact_as_of_s = _seconds(event.exact_as_of)
            case TokenRefreshed():
                if counted := self._touch(event.account_id):
                    counted.refresh_end_s = _end_s(event.refresh_expires_at)
            case OwnerNeeded():
                if counted := self._touch(event.account_id):
                    counted.account = replace(counted.account, reauth_cause=event.cause)
            case VerificationEnded():
                if counted := self._touch(event.account_id):
                    counted.certified_at_s = event.certificate.finished_at.timestamp()
            case LookAbandoned() | RefreshFailed() | BreakerChanged():
                self._touch(event.account_id)

    async def settle(self, hosted: Mapping[str, HostedAccount]) -> None:
        """Bring the state of every account up to date by looking at those to which something happened.

        An event is told shortly before the actor has taken it in: what was touched is looked at
        this time and the next.
        """
        touched = self._touched | self._touched_before
        self._touched, self._touched_before = set(), self._touched
        looked_at = 0
        for account_id, counted in list(self._counted.items()):
            host = hosted.get(account_id)
            if counted.is_gone:
                continue
            if account_id in touched or _differs(counted, host):
                self._look_at(counted, host)
                looked_at += 1
                if looked_at % _AT_ONCE == 0:
                    await lowlevel.checkpoint()

    def watermarks(self) -> Iterator[tuple[str, float]]:
        """Yield vendor and `exact_as_of` (seconds) of every account that is meant to be fresh."""
        for counted in self._counted.values():
            if counted.exact_as_of_s is not None and counted.is_active:
                yield counted.account.vendor, counted.exact_as_of_s

    @property
    def number(self) -> int:
        """How many accounts there are."""
        return len(self._counted)

    def each(self) -> Iterator[tuple[Account, float | None, AccountState | None]]:
        """Yield every account with its `exact_as_of` (seconds) and its state as of the last `settle`."""
        for counted in self._counted.values():
            yield counted.account, counted.exact_as_of_s, counted.state

    def first_token_ends(self) -> Mapping[str, float]:
        """Return when the first refresh token that is of use ends (seconds), by vendor."""
        first: dict[str, float] = {}
        for counted in self._counted.values():
            end_s = min(counted.refresh_end_s, counted.hard_end_s)
            vendor = counted.account.vendor
            if end_s < first.get(vendor, inf) and counted.has_tokens:
                first[vendor] = end_s
        return first

    def token_ends(self) -> Iterator[tuple[Account, float, float]]:
        """Yield each account whose tokens are of use, with their idle and their hard end (seconds)."""
        for counted in self._counted.values():
            if counted.has_tokens and min(counted.refresh_end_s, counted.hard_end_s) < inf:
                yield counted.account, counted.refresh_end_s, counted.hard_end_s

    def oldest_certificates(self) -> Mapping[str, float]:
        """Return when the account whose last verification is oldest was verified, by vendor.

        Without those that rest and those that never were.
        """
        oldest: dict[str, float] = {}
        for counted in self._counted.values():
            at_s, vendor = counted.certified_at_s, counted.account.vendor
            if at_s is not None and counted.is_active and at_s < oldest.get(vendor, inf):
                oldest[vendor] = at_s
        return oldest

    def without_token_times(self) -> Sequence[str]:
        """Return the accounts whose tokens' ends were never told."""
        return [
            account_id
            for account_id, counted in self._counted.items()
            if counted.account.disconnected_at is None and counted.refresh_end_s == inf
        ]

    def accounts(self) -> Iterator[Counted]:
        """Yield every account, as of the last `settle`."""
        yield from self._counted.values()

    def in_state(self, state: AccountState, limit: int) -> Sequence[str]:
        """Return the ids of at most `limit` accounts in this state, as of the last `settle`."""
        found = (key for key, counted in self._counted.items() if counted.state is state)
        return [account_id for account_id, _ in zip(found, range(limit), strict=False)]

    def counted(self, account_id: str) -> Counted | None:
        """Return what is known of one account; None when it is not known."""
        return self._counted.get(account_id)

    def ids(self) -> Sequence[str]:
        """Return the ids of all accounts."""
        return list(self._counted)

    def _touch(self, account_id: str) -> Counted | None:
        counted = self._counted.get(account_id)
        if counted is not None:
            self._touched.add(account_id)
        return counted

    def _look_at(self, counted: Counted, host: HostedAccount | None) -> None:
        now = standing(counted.account, host)
        self._tally(counted, -1)
        counted.state = now.state
        counted.is_active = now.state not in _AT_REST
        counted.has_tokens = now.state not in _WITHOUT_TOKENS
        counted.breaker_open = (
            now.status is not None and now.status.breaker is not BreakerState.CLOSED
        )
        self._tally(counted, 1)
        counted.condition = None if host is None else host.condition
        restarts = 0 if host is None else host.restarts
        if restarts > counted.restarts and self.is_ours(counted.account.id):
            self.restarts[counted.account.vendor] += restarts - counted.restarts
        counted.restarts = restarts

    def _tally(self, counted: Counted, change: int) -> None:
        if counted.state is not None:
            vendor = counted.account.vendor
            self.states[vendor, counted.state] += change
            self.open_breakers[vendor] += change * counted.breaker_open


def _differ(known: Account, stored: Account) -> bool:
    """Tell whether something else changed than what an actor moves on from minute to minute."""
    return (
        known.paused != stored.paused
        or known.name != stored.name
        or known.connected_at != stored.connected_at
        or known.reauth_cause != stored.reauth_cause
        or known.disconnected_at != stored.disconnected_at
    )


def _differs(counted: Counted, host: HostedAccount | None) -> bool:
    if host is None:
        return counted.condition is not None
    return host.condition is not counted.condition or host.restarts != counted.restarts


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _end_s(at: datetime | None) -> float:
    return inf if at is None else at.timestamp()
