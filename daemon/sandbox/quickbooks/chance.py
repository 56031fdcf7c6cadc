"""Seeded randomness: one independent stream per purpose, so that they never disturb each other."""

from random import Random


def stream(seed: int, purpose: str) -> Random:
    """Return the random source of one purpose; the same seed gives the same numbers."""
    return Random(f"{seed}/{purpose}")  # noqa: S311 - a simulation, not a secret
