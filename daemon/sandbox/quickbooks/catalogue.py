"""Every object type of the sandbox, found by name or by path segment."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.name_entities import NAME_ENTITIES
from daemon.sandbox.quickbooks.transaction_entities import TRANSACTION_ENTITIES

ENTITIES: Mapping[str, EntityType] = MappingProxyType(
    {entity.name: entity for entity in (*NAME_ENTITIES, *TRANSACTION_ENTITIES)}
)
"""Object types by name."""

BY_SEGMENT: Mapping[str, EntityType] = MappingProxyType(
    {entity.segment: entity for entity in ENTITIES.values()}
)
"""Object types by path segment, which is also their case-insensitive name in queries."""
