"""Small charts as numbers that a template draws as SVG. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AGE_BOUNDS_S = (60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
AGE_LABELS = ("< 1 min", "1-5 min", "5-15 min", "15-60 min", "1-6 h", "6-24 h", "> 1 day")

LINE_WIDTH, LINE_HEIGHT = 600, 90


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        share: its height or length, of the longest one: 0 to 1.
    """

    label: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line over time.

    Attributes:
        points: as SVG's `points`, in a box of `LINE_WIDTH` and `LINE_HEIGHT`; empty for no values.
        most: the largest value.
        last: the newest value.
        total: their sum.
    """

    points: str
    most: float
    last: float
    total: float


def histogram(ages_s: Iterable[float]) -> tuple[Bar, ...]:
    """Count ages (seconds) by how old they are."""
    counts = [0] * len(AGE_LABELS)
    for age_s in ages_s:
        counts[bisect_right(AGE_BOUNDS_S, age_s)] += 1
    most = max(counts)
    return tuple(
        Bar(label, count, count / most if most else 0.0)
        for label, count in zip(AGE_LABELS, counts, strict=True)
    )


def line(values: Sequence[float], places: int) -> Line:
    """Draw values, the newest at the right end, in a box with room for so many."""
    most = max(values, default=0.0)
    step = LINE_WIDTH / max(places - 1, 1)
    first_x = LINE_WIDTH - step * (len(values) - 1)
    points = " ".join(
        f"{first_x + step * index:.1f},{LINE_HEIGHT - (LINE_HEIGHT * value / (most or 1)):.1f}"
        for index, value in enumerate(values)
    )
    return Line(points, most, values[-1] if values else 0.0, sum(values))
