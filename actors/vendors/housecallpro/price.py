"""What a full reading costs. Pure."""

PAGE_ROWS = 100
"""As many are surely given at once; the vendor's own cap is not documented (§2.2)."""


def reading_calls(records: int) -> int:
    """Return how many calls it takes at the least to read one type that has so many rows."""
    return max(1, -(-records // PAGE_ROWS))
