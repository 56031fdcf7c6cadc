"""Whether one vendor's changes still come in and go out, and which link is silent. Pure."""

from dataclasses import dataclass, replace
from math import inf

SILENT_AFTER_INTERVALS = 2.0
"""Pages that stay away for longer than this many expected intervals are told as an error."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one check saw. Instants are seconds since 1970.

    Attributes:
        now_s: when; `monotonic_s` is the same moment by the clock that never jumps.
        interval_s: how often a page is to be expected; infinite while polls rest, None when no
            account polls at all.
        look_s: when a page was last stored, or None when that is unknown: never, or not to be read.
        feed_ok: whether the changes could be read up to the newest, without a gap.
    """

    now_s: float
    monotonic_s: float
    interval_s: float | None
    look_s: float | None
    feed_ok: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is remembered of one vendor between checks.

    Attributes:
        look_s: when a page was last stored, as far as it could be read.
        feed_s: when the feed of changes was last read to its end.
        interval_s: how often a page was expected when the last one came; for one that was planned
            when accounts looked more seldom.
        moved_s: when something last moved, by the clock that never jumps: a page came, or pages
            were expected again.
        fed_s: the same for the feed.
        silent: which link is silent for too long: `look` or `feed`; empty when none is.
    """

    look_s: float
    feed_s: float
    interval_s: float
    moved_s: float
    fed_s: float
    silent: str = ""

    @property
    def oldest_s(self) -> float:
        """The instant of the oldest link of the chain: what the metric shows."""
        return min(self.look_s, self.feed_s)


def beat(before: Pulse | None, sight: Sight) -> Pulse | None:
    """Fold one check in; None when no account polls, so that nothing is to be expected.

    A vendor whose accounts all rested is given a whole interval before silence counts.
    """
    if sight.interval_s is None:
        return None
    look_s = -inf if sight.look_s is None else min(sight.look_s, sight.now_s)
    if before is None:
        return Pulse(
            look_s=max(0.0, look_s),
            feed_s=sight.now_s if sight.feed_ok else 0.0,
            interval_s=sight.interval_s,
            moved_s=sight.monotonic_s,
            fed_s=sight.monotonic_s,
        )
    after = before
    if look_s > before.look_s:
        after = replace(
            after, look_s=look_s, interval_s=sight.interval_s, moved_s=sight.monotonic_s
        )
    elif inf in (before.interval_s, sight.interval_s):
        after = replace(after, interval_s=sight.interval_s, moved_s=sight.monotonic_s)
    if sight.feed_ok:
        after = replace(after, feed_s=sight.now_s, fed_s=sight.monotonic_s)
    return replace(after, silent=_silent(after, sight))


def _silent(pulse: Pulse, sight: Sight) -> str:
    expected_s = max(pulse.interval_s, sight.interval_s or 0.0)
    feed_expected_s = expected_s if expected_s < inf else 0.0
    if sight.monotonic_s - pulse.moved_s > SILENT_AFTER_INTERVALS * expected_s:
        return "look"
    if not sight.feed_ok and sight.monotonic_s - pulse.fed_s > (
        SILENT_AFTER_INTERVALS * feed_expected_s
    ):
        return "feed"
    return ""
