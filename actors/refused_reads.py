"""What is known of a vendor that says that the month's reads are used up. Pure: takes `now`.

It is asked again: what we took for that may have been something else, and plans are upgraded. One
call, ever more seldom, by one node.
"""

from collections.abc import Sequence
from math import inf

from actors.read_state import Refusal
from actors.vendor_word import HeardWord, ToldRefusal

_FIRST_PROBE_S = 900.0
_LONGEST_PROBE_S = 6 * 3600.0
_PROBE_APART_S = 60.0
"""Nodes that know of a refusal try again one after the other, this far apart."""


class RefusedReads:
    """One vendor's refusal, as this node and the others know it.

    Attributes:
        refusal: the one that holds; None while reads pass.
    """

    __slots__ = ("_behind_s", "_resumed_s", "refusal")

    def __init__(self) -> None:
        self.refusal: Refusal | None = None
        self._resumed_s = -inf
        self._behind_s = 0.0

    def refused(self, now_s: float) -> None:
        """Take in that a call was refused."""
        if self.refusal is None:
            self.refusal = Refusal(now_s, _FIRST_PROBE_S, now_s + _FIRST_PROBE_S)
            self._behind_s = 0.0

    def probed(self, now_s: float) -> None:
        """Take in that a call is about to try again."""
        if (known := self.refusal) is not None:
            wait_s = min(_LONGEST_PROBE_S, 2 * known.wait_s)
            self.refusal = Refusal(known.since_s, wait_s, now_s + wait_s, known.probes + 1)

    def passed(self, began_s: float, now_s: float) -> None:
        """Take in that a call was answered. Only one that was begun since knows better."""
        if self.refusal is not None and began_s >= self.refusal.since_s:
            self.refusal, self._resumed_s = None, now_s

    def forget(self) -> None:
        """Know nothing any more: the month turned."""
        self.refusal, self._resumed_s = None, -inf

    def wait_s(self, now_s: float) -> float:
        """Return how long it is until a call of this node tries again; 0 when one may."""
        if self.refusal is None:
            return 0.0
        return max(0.0, self.refusal.probe_at_s + self._behind_s - now_s)

    def told(self, now_s: float) -> ToldRefusal | None:
        """Say it to the other nodes."""
        if (known := self.refusal) is None:
            return None
        return ToldRefusal(
            now_s - known.since_s, known.wait_s, known.probe_at_s - now_s, known.probes
        )

    def resumed_ago_s(self, now_s: float) -> float | None:
        """Say how long ago a read last passed after a refusal; None when none did."""
        return None if self._resumed_s == -inf else now_s - self._resumed_s

    def hear(self, node: str, heard: Sequence[HeardWord], month: str, now_s: float) -> None:
        """Take in what the other nodes know.

        What happened last counts: a refusal, or a read that passed. Of one refusal, whoever has tried
        more often knows best when the next try is due. Among those who know of one, the node of the
        lowest id tries first.

        Args:
            node: our id.
            heard: the others' words.
            month: of which; words of another month say nothing.
            now_s: the time, on the clock that never jumps.
        """
        before_us = 0
        for each in heard:
            reads = each.word.reads
            if reads is None or reads.month != month:
                continue
            then_s = now_s - each.age_s
            if reads.resumed_ago_s is not None:
                self._resumed_s = max(self._resumed_s, then_s - reads.resumed_ago_s)
            if (told := reads.refusal) is not None:
                before_us += each.node < node
                self._hear_of(told, then_s)
        if self.refusal is not None and self.refusal.since_s < self._resumed_s:
            self.refusal = None
        self._behind_s = _PROBE_APART_S * before_us

    def _hear_of(self, told: ToldRefusal, then_s: float) -> None:
        since_s = then_s - told.ago_s
        if since_s <= self._resumed_s:
            return
        if self.refusal is None or told.probes > self.refusal.probes:
            probe_at_s = then_s + told.probe_in_s
            self.refusal = Refusal(since_s, told.wait_s, probe_at_s, told.probes)
