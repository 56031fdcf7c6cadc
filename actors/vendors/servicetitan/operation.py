"""What can be called at ServiceTitan: the closed set that metrics go by."""

from enum import StrEnum


class Operation(StrEnum):
    """One kind of call."""

    EXPORT = "export"
    LIST = "list"
    COUNT = "count"
    READ = "read"
    CREATE = "create"
    FIND = "find"
    PROBE = "probe"
    TOKEN = "token"  # noqa: S105  the name of a call


OPERATIONS: tuple[str, ...] = tuple(Operation)
