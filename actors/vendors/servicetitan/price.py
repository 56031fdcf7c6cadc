"""What a full reading costs. Pure."""

_PAGE_ROWS = 5000
"""As many rows were seen on a page of an export feed (§1.9)."""


def reading_calls(records: int) -> int:
    """Return how many calls it takes at the least to read one type that has so many rows."""
    return records // _PAGE_ROWS + 1
