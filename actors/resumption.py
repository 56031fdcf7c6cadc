"""Where an actor goes on: the state that a claim stands for. Pure."""

import hashlib

from msgspec.structs import replace

from actors import access_token, verification_plan
from actors.action_turns import NO_ACTIONS
from actors.hints import NO_HINTS, Hints, heard
from actors.moment import Moment
from actors.polling import NEW_ACCOUNT_S
from actors.settings import AccountSettings
from actors.state import State
from store.models import ClaimedAccount, Cursor, SealedCredential

_EARLIER_CALL_S = 30.0
"""For how long at most an earlier owner's call for tokens is waited for."""
_ANSWER_STORED_S = 5.0


def phase(account_id: str) -> float:
    """Return an account's place in the poll interval, from 0 up to 1: the same after each start."""
    digest = hashlib.blake2b(account_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2.0**64


def initial_state(
    claimed: ClaimedAccount,
    sealed: SealedCredential,
    settings: AccountSettings,
    now: Moment,
    first_look_in_s: float,
) -> State:
    """Return what an actor knows before its first event.

    Args:
        claimed: what the store holds of the account.
        sealed: its tokens.
        settings: how it is kept in sync.
        now: the time.
        first_look_in_s: how long looks that come round, and the tokens with them, wait at first.
    """
    known = {cursor.object_type: cursor for cursor in claimed.cursors}
    token = access_token.loaded(now.monotonic_s, lifetime_s(sealed, now), settings)
    if claimed.open_refresh is not None:
        token = replace(token, refresh_at_s=earlier_call_over_s(claimed, settings, now))
    else:
        # After a long stop all tokens have ended: renewing them is spread like the looks are.
        earliest_s = now.monotonic_s + first_look_in_s
        token = replace(token, refresh_at_s=max(token.refresh_at_s, earliest_s))
    cursors = {name: known.get(name, Cursor(name)) for name in settings.object_types}
    complete = all(cursor.complete for cursor in cursors.values())
    return State(
        cursors=cursors,
        token=token,
        first_look_at_s=now.monotonic_s + first_look_in_s,
        paused=claimed.account.paused,
        hints=_hints_left(claimed, settings, now.monotonic_s),
        trusts_from_s=now.monotonic_s + NEW_ACCOUNT_S,
        held=tuple(each for each in claimed.held if each.object_type in settings.object_types),
        actions=NO_ACTIONS.asked() if claimed.has_open_actions else NO_ACTIONS,
        verification=verification_plan.loaded(
            claimed.verification,
            claimed.account.connected_at if complete else None,
            now,
            settings,
            phase(claimed.account.id),
        ),
    )


def earlier_call_over_s(claimed: ClaimedAccount, settings: AccountSettings, now: Moment) -> float:
    """Return when no earlier owner can be about to get new tokens any more, in monotonic seconds.

    Of several attempts the journal knows when the first began: the last may have begun just now.
    """
    entry = claimed.open_refresh
    if entry is None or not claimed.is_contested:
        return now.monotonic_s
    longest_s = min(settings.timeout_s + _ANSWER_STORED_S, _EARLIER_CALL_S)
    ago_s = (now.utc - entry.started_at).total_seconds() if entry.attempts == 1 else 0.0
    return now.monotonic_s + min(max(0.0, longest_s - ago_s), longest_s)


def _hints_left(claimed: ClaimedAccount, settings: AccountSettings, now_s: float) -> Hints:
    """Return what an earlier actor did not answer: it is looked after at once."""
    left = [each for each in claimed.open_notices if each.object_type in settings.object_types]
    return heard(NO_HINTS, left, now_s, settings.overlap_s) if left else NO_HINTS


def names_uncovered_types(claimed: ClaimedAccount, settings: AccountSettings) -> bool:
    """Tell whether `exact_as_of` was published before a type was added that is not covered yet."""
    covered = {each.object_type for each in claimed.cursors if each.covered_until is not None}
    return claimed.account.exact_as_of is not None and not covered.issuperset(settings.object_types)


def lifetime_s(sealed: SealedCredential, now: Moment) -> float:
    """Return for how long the access token still opens the account."""
    return (sealed.access_expires_at - now.utc).total_seconds()
