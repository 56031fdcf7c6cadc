"""Merges of two names or accounts: the loser goes, and what referred to it refers to the survivor.

Over the API only the webhook tells of it; in change data capture the loser is deleted or
inactive (`Behaviour.merge_leaves_inactive`).
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.completion import DELETED_SUFFIX
from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.json_text import Document, money
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind
from daemon.sandbox.quickbooks.world import World

_BALANCES = ("Balance", "BalanceWithJobs", "CurrentBalance", "CurrentBalanceWithSubAccounts")

_REFERS: dict[str, Callable[[str], bool]] = {
    "Customer": lambda name: name == "CustomerRef",
    "Vendor": lambda name: name == "VendorRef",
    "Account": lambda name: name.endswith("AccountRef"),
}


def merge(
    world: World,
    company: Company,
    entity: EntityType,
    loser_id: str,
    survivor_id: str,
    now: datetime,
) -> list[Mutation]:
    """Merge one object into another of its type, and return all changes.

    Raises:
        ApiFault: 610, one of them does not exist.
        ValueError: Objects of this type cannot be merged, or they are the same.
    """
    if entity.name not in _REFERS or loser_id == survivor_id:
        raise ValueError(f"cannot merge {entity.name} {loser_id} into {survivor_id}")
    changes = world.change(company, now)
    loser = changes.read(entity.name, loser_id)
    survivor = changes.read(entity.name, survivor_id)
    _repoint(changes, entity, loser_id, survivor, touch=world.behaviour.merge_touches_transactions)
    for name in _BALANCES:
        if name in survivor:
            survivor[name] = money(Decimal(survivor[name]) + Decimal(loser.get(name, 0)))
    changes.touch(entity.name, survivor_id, MutationKind.MERGE)
    if world.behaviour.merge_leaves_inactive:
        _deactivate(entity, loser)
        changes.amend(entity.name, loser_id, MutationKind.MERGE)
    else:
        changes.delete(entity.name, loser_id, merged_into=survivor_id)
    return changes.commit()


def _repoint(
    changes: ChangeSet, entity: EntityType, loser_id: str, survivor: Document, *, touch: bool
) -> None:
    trace = b'"value":"%s"' % loser_id.encode()
    for object_type, table in changes.company.tables.items():
        for object_id in [key for key, row in table.rows.items() if trace in row.body]:
            document = changes.read(object_type, object_id)
            if not _replace(document, object_type, entity, loser_id, survivor):
                continue
            if touch:
                changes.touch(object_type, object_id, MutationKind.MERGE)
            else:
                changes.rewrite(object_type, object_id)


def _replace(
    value: object, inside: str, entity: EntityType, loser_id: str, survivor: Document
) -> bool:
    """Replace references below a value, in place; return whether there were any."""
    found = False
    if isinstance(value, list):
        for item in value:
            found |= _replace(item, inside, entity, loser_id, survivor)
    elif isinstance(value, dict):
        for name, item in value.items():
            own_parent = name == "ParentRef" and inside == entity.name
            if (own_parent or _REFERS[entity.name](name)) and item.get("value") == loser_id:
                item["value"] = survivor["Id"]
                if "name" in item:
                    item["name"] = survivor[entity.name_property]
                found = True
            else:
                found |= _replace(item, inside, entity, loser_id, survivor)
    return found


def _deactivate(entity: EntityType, loser: Document) -> None:
    loser["Active"] = False
    for name in (entity.name_property, "FullyQualifiedName"):
        if name in loser:
            loser[name] += DELETED_SUFFIX
    for name in _BALANCES:
        if name in loser:
            loser[name] = 0
