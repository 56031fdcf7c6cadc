"""What is wrong with a job as somebody entered it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing: where, what should be there, and what is."""

    path: str
    expected: str
    found: str
