"""What can be called at Housecall Pro: the closed set that metrics go by."""

from enum import StrEnum


class Operation(StrEnum):
    """One kind of call."""

    LIST = "list"
    COUNT = "count"
    READ = "read"
    CREATE = "create"
    FIND = "find"
    COMPANY = "company"
    TOKEN = "token"  # noqa: S105  the name of a call


OPERATIONS: tuple[str, ...] = tuple(Operation)
