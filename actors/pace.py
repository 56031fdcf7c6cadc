"""How fast one account may look, as its vendor's month allows. Pure."""

from dataclasses import dataclass
from math import inf

from actors.polling import next_round_s
from actors.vendors.base import Priority


@dataclass(frozen=True, slots=True)
class Pace:
    """What the month's reads mean for one account now. Times are monotonic seconds.

    Attributes:
        stretch: by how much its poll interval is longer than configured.
        turn_s: when the month turns and all may be otherwise.
        rests_s: how long looks of each priority rest, by the priority's number; none do when empty.
        refused_s: how long even a person's wish waits: the vendor itself says that nothing is left.
        is_short: whether polls and verifications together need more than there is.
    """

    stretch: float = 1.0
    turn_s: float = inf
    rests_s: tuple[float, ...] = ()
    refused_s: float = 0.0
    is_short: bool = False

    def rest_s(self, priority: Priority, spread_s: float) -> float:
        """Return how long looks of this priority are not begun; 0 when they are.

        Args:
            priority: of the look.
            spread_s: what keeps this account from coming back at once with all others.
        """
        rest_s = self.rests_s[priority] if self.rests_s else 0.0
        return rest_s + spread_s if rest_s > 0 else 0.0

    def poll_s(self, now_s: float, interval_s: float, place: float) -> float:
        """Return when to poll next: after the stretched interval, or soon after the month's turn.

        A stretch changes all the time: it is counted from now on. Places in an interval that changes
        would be new ones each time, and come twice as often.

        Args:
            now_s: the time.
            interval_s: as configured.
            place: this account's in the interval, from 0 up to 1.
        """
        if self.stretch <= 1.0:
            return next_round_s(now_s, interval_s, place)
        stretched_s = now_s + interval_s * self.stretch
        turned_s = self.turn_s + place * interval_s
        return stretched_s if self.turn_s <= now_s else min(stretched_s, turned_s)


UNHINDERED = Pace()
