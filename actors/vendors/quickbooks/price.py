"""What a full reading costs. Pure."""

from actors.vendors.quickbooks.keyset import PAGE_ROWS


def reading_calls(records: int) -> int:
    """Return how many calls it takes at the least to read one type that has so many rows.

    Each page begins with the last rows of the one before. A type without rows is counted, before it
    is believed to have none.
    """
    return records // (PAGE_ROWS - 1) + 1 if records else 2
