"""Tells what becomes of one account's writes."""

from dataclasses import replace

from anyio.lowlevel import cancel_shielded_checkpoint

from actors import events
from actors.action_settled import ActionSettled
from actors.premises import Premises
from store.action_models import ENDED, Action, AttemptEnd


class ActionTeller:
    """Makes events of it, once it is stored."""

    def __init__(self, premises: Premises) -> None:
        self._tell = premises.listener
        self._clock = premises.clock
        self._vendor = premises.vendor.name
        self._account_id = premises.account_id

    async def attempt(self, action: Action, end: AttemptEnd) -> None:
        """Tell of an attempt that is over, and where the action stands.

        Whoever waits for the action's end is told first, and goes on first: the rest takes longer
        than to answer them.
        """
        if end.state in ENDED:
            about = (self._account_id, self._vendor, action.id)
            self._tell(ActionSettled(*about, after(action, end)))
            await cancel_shielded_checkpoint()
        attempt = end.attempt
        ended_at = attempt.ended_at or attempt.at
        self._tell(
            events.ActionAttempted(
                account_id=self._account_id,
                vendor=self._vendor,
                action_id=action.id,
                action_type=action.action_type,
                call=attempt.call,
                outcome=attempt.outcome,
                attempt=len(action.attempts) + 1,
                duration_s=max(0.0, (ended_at - attempt.at).total_seconds()),
                error=attempt.error,
                trace_id=attempt.trace_id,
            )
        )
        self.standing(action, end)

    def standing(self, action: Action, end: AttemptEnd) -> None:
        """Tell of an action's end, or that only a person can help."""
        about = (self._account_id, self._vendor, action.id, action.action_type)
        if end.state in ENDED:
            took_s = (self._clock.now().utc - action.created_at).total_seconds()
            ended = after(action, end)
            if end.attempt.ended_at is None:  # it ended without another attempt
                ended = replace(ended, attempts=action.attempts)
            duration_s, why = max(0.0, took_s), end.last_error
            self._tell(events.ActionEnded(*about, end.state, duration_s, why, ended))
        elif end.parked:
            self._tell(events.ActionParked(*about, end.last_error or ""))

    def drift(self, action: Action, end: AttemptEnd) -> None:
        """Say where the vendor has something else than was asked for; the replica has the vendor's."""
        for mismatch in end.mismatches:
            self._tell(
                events.DriftFound(
                    account_id=self._account_id,
                    vendor=self._vendor,
                    action_id=action.id,
                    object_type=mismatch.object_type,
                    object_id=mismatch.object_id,
                    field=mismatch.field,
                    asked=mismatch.asked,
                    found=mismatch.found,
                )
            )


def after(action: Action, end: AttemptEnd) -> Action:
    """Return the action as it stands after the attempt."""
    attempt = end.attempt
    return replace(
        action,
        state=end.state,
        parked=end.parked,
        last_error=end.last_error,
        finished_at=attempt.ended_at or attempt.at if end.state in ENDED else None,
        result=end.result,
        attempts=(*action.attempts, attempt),
    )
