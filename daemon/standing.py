"""How an account stands: its state of the contract and, in words, why.

Built from one stored row and what is in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from actors.status import AccountState, ActorStatus, account_state
from daemon.hosted import Condition, HostedAccount
from store.models import Account

WORST_FIRST = (
    AccountState.QUARANTINED,
    AccountState.REAUTH_REQUIRED,
    AccountState.DEGRADED,
    AccountState.CONNECTING,
    AccountState.BACKFILLING,
    AccountState.PAUSED,
    AccountState.DISCONNECTED,
    AccountState.LIVE,
)

_NOT_RUNNING: Mapping[Condition, str] = MappingProxyType(
    {
        Condition.RESTARTING: "its actor crashed and is started again soon",
        Condition.STOPPED: "its actor was stopped",
        Condition.OWNER_NEEDED: "its tokens are gone; connect it again",
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's state, and the reasons for it when it is not simply live.

    Attributes:
        status: its actor's own view, when there is an actor.
    """

    state: AccountState
    reasons: tuple[str, ...]
    status: ActorStatus | None


def standing(account: Account, hosted: HostedAccount | None) -> Standing:
    """Say how the account stands.

    Args:
        account: as stored.
        hosted: what the supervisor knows of it; None when it does not have it.
    """
    status = None if hosted is None else hosted.status()
    trouble = tuple(_trouble(hosted, status))
    state = account_state(
        account,
        () if status is None else status.cursors.values(),
        trouble=bool(trouble),
        quarantined=hosted is not None and hosted.condition is Condition.QUARANTINED,
    )
    if status is None and state is AccountState.CONNECTING and account.exact_as_of is not None:
        state = AccountState.LIVE  # its actor is about to begin
    return Standing(state, tuple(_reasons(state, account, hosted, status, trouble)), status)


def _trouble(hosted: HostedAccount | None, status: ActorStatus | None) -> Iterator[str]:
    if hosted is None:
        yield "no actor looks after it: its vendor is not configured, or it could not be started"
        return
    if hosted.condition in _NOT_RUNNING:
        why = f": {hosted.last_error}" if hosted.last_error else ""
        yield f"{_NOT_RUNNING[hosted.condition]}{why}"
    if status is not None:
        yield from status.trouble


def _reasons(
    state: AccountState,
    account: Account,
    hosted: HostedAccount | None,
    status: ActorStatus | None,
    trouble: tuple[str, ...],
) -> Iterator[str]:
    match state:
        case AccountState.REAUTH_REQUIRED:
            yield account.reauth_cause or ""
        case AccountState.QUARANTINED:
            last_error = None if hosted is None else hosted.last_error
            yield f"its actor crashed too often: {last_error}"
        case AccountState.PAUSED:
            yield "somebody paused it"
        case AccountState.DEGRADED:
            yield from trouble
        case AccountState.BACKFILLING if status is not None:
            complete = sum(cursor.complete for cursor in status.cursors.values())
            yield f"{complete} of {len(status.cursors)} object types are complete"
