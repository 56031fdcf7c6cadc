"""How often an idle account is looked at. Pure: takes `now`.

With webhooks that work, polling is only there to find what they missed, and is stretched. They work
as long as the vendor delivered within the last day and no change was missed since; an account that
missed one itself, or was connected only minutes ago, goes on at its normal interval.
"""

from math import inf

import msgspec

QUIET_AFTER_S = 86_400.0
"""A vendor that delivered nothing for so long may have forgotten us."""
DISTRUST_S = 86_400.0
"""How long an account that missed a webhook is polled at its normal interval."""
NEW_ACCOUNT_S = 600.0
"""A vendor may begin to deliver for a new account this late."""
LATE_S = 120.0
"""A notice may be this late before its change counts as missed."""


def next_round_s(now_s: float, interval_s: float, phase: float) -> float:
    """Return the first time after now that is `phase` of an interval behind a multiple of the interval.

    Accounts keep their distance from each other however often their rhythm was disturbed.
    """
    offset_s = phase * interval_s
    rounds = (now_s - offset_s) // interval_s
    following_s = (rounds + 1) * interval_s + offset_s
    return following_s if following_s > now_s else following_s + interval_s


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """By how much the polls of one account are put off.

    Attributes:
        interval_s: the normal interval.
        stretched_s: the interval while webhooks work; None never stretches.
        phase: the account's place in an interval.
    """

    interval_s: float
    stretched_s: float | None
    phase: float

    def due_s(self, normal_s: float, works_until_s: float) -> float:
        """Return when to poll.

        Args:
            normal_s: when it would be due without webhooks.
            works_until_s: when they stop counting as working, unless something is heard of them.

        When they stop, accounts come back one after the other, over one normal interval.
        """
        if self.stretched_s is None or works_until_s <= normal_s:
            return normal_s
        longer_s = normal_s + max(0.0, self.stretched_s - self.interval_s)
        return min(longer_s, next_round_s(works_until_s, self.interval_s, self.phase))


def expected_interval_s(
    interval_s: float, stretched_s: float | None, works_until_s: float, now_s: float
) -> float:
    """Return how often idle accounts are looked at now."""
    if stretched_s is None or now_s >= works_until_s:
        return interval_s
    return max(interval_s, stretched_s)


class WebhookHealth:
    """Whether one vendor's webhooks work, as far as all its accounts have seen.

    Attributes:
        since_s: since when they do without a break; infinite while they don't.
        delivered_s: when the vendor last delivered to this process.
        missed_s: when an account of this process last missed a change.
    """

    __slots__ = ("_works_until_s", "delivered_s", "missed_s", "since_s")

    def __init__(self) -> None:
        self.since_s = inf
        self._works_until_s = -inf
        self.delivered_s = self.missed_s = -inf

    def delivered(self, now_s: float) -> None:
        """Take in that a signed delivery came that could be read, and is durable."""
        self.delivered_s = now_s
        self._work_from(now_s)

    def missed(self, now_s: float) -> None:
        """Take in that an account found a change by itself that it should have been told of."""
        self.missed_s = now_s
        self._stop()

    def hear(self, delivered_s: float, missed_s: float) -> None:
        """Take in what another node saw last, and when."""
        known_s = self._works_until_s - QUIET_AFTER_S
        if missed_s > max(known_s, self.missed_s):
            self._stop()
        elif missed_s >= self.since_s:
            self.since_s = known_s
        if delivered_s > max(known_s, missed_s, self.missed_s):
            self._work_from(delivered_s)

    @property
    def works_until_s(self) -> float:
        """Until when they count as working if nothing more is heard; in the past when they don't."""
        return self._works_until_s

    def _work_from(self, at_s: float) -> None:
        if at_s >= self._works_until_s:
            self.since_s = at_s
        self._works_until_s = at_s + QUIET_AFTER_S

    def _stop(self) -> None:
        self.since_s = inf
        self._works_until_s = -inf
