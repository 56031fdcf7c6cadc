"""What one object type is: its properties, references and rules, as a value."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

ENVELOPE = ("domain", "sparse", "Id", "SyncToken", "MetaData")
ALWAYS_READ_ONLY = frozenset({"domain", "sparse", "Id", "SyncToken", "MetaData", "status"})


class Family(enum.StrEnum):
    """Families of types; ids are drawn from one sequence per family."""

    NAME = "name"
    ACCOUNT = "account"
    ITEM = "item"
    TRANSACTION = "transaction"
    LIST = "list"
    COMPANY = "company"


class VoidForm(enum.StrEnum):
    """How a transaction type is voided."""

    NONE = "none"
    OPERATION = "operation=void"
    INCLUDE = "operation=update&include=void"


@dataclass(frozen=True)
class EntityType:
    """One object type of the accounting API.

    Attributes:
        name: Its name, as in queries and replies.
        family: Decides ids, the Active rule and the default order.
        shown: Properties that replies carry, in the vendor's order.
        ignored: Properties a request may carry that are taken and not shown.
        read_only: Properties set by the vendor alone; sent ones are silently ignored.
        required: Properties without which a create is refused (code 2020).
        required_in_update: Properties that an update must carry too, sparse or not.
        references: Reference property → the types that it may name.
        name_property: The property that names a list object.
        gives_total_count: Query answers carry ``totalCount`` (seen for these types only).
        has_cdc: Change data capture covers it.
        void: How it is voided.
        not_queryable: Shown properties that a query must not use.
    """

    name: str
    family: Family
    shown: tuple[str, ...]
    ignored: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    required_in_update: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name_property: str = ""
    gives_total_count: bool = False
    has_cdc: bool = True
    void: VoidForm = VoidForm.NONE
    not_queryable: frozenset[str] = frozenset()

    @property
    def segment(self) -> str:
        """Its path segment: the lower-case name."""
        return self.name.lower()

    @property
    def is_transaction(self) -> bool:
        """Transactions can be deleted; list objects can only be made inactive."""
        return self.family is Family.TRANSACTION

    @property
    def has_active(self) -> bool:
        """Inactive rows are hidden from queries unless Active is asked for."""
        return "Active" in self.shown

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Every property that a request may carry."""
        return frozenset(self.shown) | self.ignored | ALWAYS_READ_ONLY

    @cached_property
    def not_writable(self) -> frozenset[str]:
        """Properties that a client cannot set."""
        return ALWAYS_READ_ONLY | self.read_only

    @cached_property
    def property_by_lower(self) -> Mapping[str, str]:
        """Property names as queries find them: case-insensitively."""
        return {name.lower(): name for name in self.shown}

    def ordered(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document's shown properties in the vendor's order."""
        return {name: document[name] for name in self.shown if name in document}


def words(text: str) -> tuple[str, ...]:
    """Split a table cell into property names."""
    return tuple(text.split())


def word_set(*groups: str | Iterable[str]) -> frozenset[str]:
    """Join property names from cells into one set."""
    return frozenset(
        name for group in groups for name in (group.split() if isinstance(group, str) else group)
    )
