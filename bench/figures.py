"""What came out: numbers with their units and, where there is one, what they should reach."""

from collections.abc import Sequence
from statistics import median

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number.

    Attributes:
        key: names it for programs, in parts: what was measured, the variant, the quantity.
        title: names it for people.
        at_least: the target, when more is better.
        at_most: the target, when less is better.
        samples: all that were measured, when the value is their median.
        note: how it came about.
    """

    key: str
    title: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    samples: Sequence[float] = ()
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a target and it was not reached."""
        return (self.at_least is not None and self.value < self.at_least) or (
            self.at_most is not None and self.value > self.at_most
        )


def middle(
    samples: Sequence[float],
    *,
    key: str,
    title: str,
    unit: str,
    at_least: float | None = None,
    at_most: float | None = None,
    note: str = "",
) -> Figure:
    """Return the median of what was measured."""
    return Figure(
        key=key,
        title=title,
        value=median(samples),
        unit=unit,
        at_least=at_least,
        at_most=at_most,
        samples=samples,
        note=note,
    )


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of all does not exceed."""
    ordered = sorted(samples)
    place = max(0, min(len(ordered) - 1, round(share * len(ordered) + 0.5) - 1))
    return ordered[place]
