"""What can be called at QuickBooks: the closed set that metrics go by."""

from enum import StrEnum


class Operation(StrEnum):
    """One kind of call."""

    QUERY = "query"
    COUNT = "count"
    CDC = "cdc"
    READ = "read"
    COMPANY = "company"
    WRITE = "write"
    SEND = "send"
    BATCH_READ = "batch_read"
    BATCH_WRITE = "batch_write"
    TOKEN_EXCHANGE = "token_exchange"  # noqa: S105  the name of a call
    TOKEN_REFRESH = "token_refresh"  # noqa: S105
    TOKEN_REVOKE = "token_revoke"  # noqa: S105


OPERATIONS: tuple[str, ...] = tuple(Operation)

METERED: frozenset[str] = frozenset(
    {
        Operation.QUERY,
        Operation.COUNT,
        Operation.CDC,
        Operation.READ,
        Operation.COMPANY,
        Operation.BATCH_READ,
    }
)
"""What Intuit classes as data going out and counts against the app's month (§7.1). Writes and OAuth
are free. Whether a batch counts once or for each query in it, and whether a call that failed counts,
is not known: we count as much as it can be."""
