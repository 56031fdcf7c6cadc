"""References from one object to another: that they lead somewhere, and how they are printed."""

from collections.abc import Sequence

from daemon.sandbox.quickbooks.api_fault import (
    ApiFault,
    invalid_reference,
    missing_parameter,
    object_not_found,
    transaction_deleted,
)
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType, Family
from daemon.sandbox.quickbooks.json_text import Document

_FAMILY_NAMES = {Family.NAME: "Names", Family.ACCOUNT: "Accounts", Family.ITEM: "Items"}
_VALUE_ONLY = frozenset({"ParentRef", "DepositToAccountRef"})


def resolve(changes: ChangeSet, name: str, object_types: Sequence[str], sent: object) -> Document:
    """Return a reference as replies print it.

    Raises:
        ApiFault: 2020, it has no value; 2500, it leads nowhere; 610, to something inactive.
    """
    object_id = reference_id(sent)
    if not object_id:
        raise missing_parameter(name)
    for object_type in object_types:
        target = changes.find(object_type, object_id)
        if target is None:
            continue
        if not target.get("Active", True):
            raise object_not_found()
        if name in _VALUE_ONLY:
            return {"value": object_id}
        return {"value": object_id, "name": target[ENTITIES[object_type].name_property]}
    family = ENTITIES[object_types[0]].family
    raise invalid_reference(_FAMILY_NAMES.get(family, "Txn"), object_id)


def reference_id(sent: object) -> str:
    """Return the id inside a reference, or nothing."""
    value = sent.get("value") if isinstance(sent, dict) else None
    return str(value).strip() if value is not None else ""


def gone(company: Company, entity: EntityType, object_id: str) -> ApiFault:
    """Return the refusal for an id that is not there: deleted, or never was."""
    if entity.is_transaction and object_id in company.tables[entity.name].deleted:
        return transaction_deleted()
    return object_not_found()
