"""Creates, updates, voids and deletes, with all their effects, as one act each."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from daemon.sandbox.quickbooks.api_fault import (
    missing_parameter,
    read_only_company,
    stale_object,
    unsupported_operation,
)
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.company import Company, Subscription
from daemon.sandbox.quickbooks.completion import (
    Draft,
    complete_list_object,
    resolve_references,
)
from daemon.sandbox.quickbooks.deposits import link_deposit, refuse_deposited
from daemon.sandbox.quickbooks.entity import EntityType, Family
from daemon.sandbox.quickbooks.json_text import Document, decode_document
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind
from daemon.sandbox.quickbooks.postings import post
from daemon.sandbox.quickbooks.references import gone
from daemon.sandbox.quickbooks.request_body import is_blank, object_id_of, require
from daemon.sandbox.quickbooks.settlement import release, settle
from daemon.sandbox.quickbooks.transaction_completion import complete_transaction
from daemon.sandbox.quickbooks.voiding import voided
from daemon.sandbox.quickbooks.world import World


class Written(msgspec.Struct, frozen=True, gc=False):
    """What a write left behind.

    Attributes:
        object_type: Type of the object written.
        object_id: Its id.
        mutations: Every change that was made; empty when nothing differed.
        body: The object as it is now; None after a delete.
    """

    object_type: str
    object_id: str
    mutations: tuple[Mutation, ...]
    body: bytes | None


class Writes:
    """Carries out writes; bodies are already checked against their type's table."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(
        self, company: Company, entity: EntityType, sent: Document, now: datetime
    ) -> Written:
        """Add an object.

        Raises:
            ApiFault: What is missing, leads nowhere or breaks a rule.
        """
        changes = self._open(company, now)
        document = self._add(changes, entity, sent)
        return _written(changes, entity, document["Id"])

    def create_many(
        self, company: Company, entity: EntityType, bodies: Iterable[Document], now: datetime
    ) -> list[str]:
        """Add many objects of one type in one act, and return their ids.

        Raises:
            ApiFault: As for one; then none is added.
        """
        changes = self._open(company, now)
        ids = [self._add(changes, entity, sent)["Id"] for sent in bodies]
        changes.commit()
        return ids

    def update(
        self, company: Company, entity: EntityType, sent: Document, now: datetime
    ) -> Written:
        """Change an object: what is left out stays if ``sparse`` is true, else it is cleared.

        Raises:
            ApiFault: 610, it is not there; 5010, its SyncToken is another; or as for a create.
        """
        changes = self._open(company, now)
        current = self._current(changes, entity, sent)
        for name in entity.required_in_update:
            if is_blank(sent.get(name)):
                raise missing_parameter(name)
        if entity.name == "Payment":
            refuse_deposited(current)
        before = decode_document(company.tables[entity.name].rows[current["Id"]].body)
        document = _merged(entity, current, sent)
        require(entity, document)
        self._complete(Draft(entity, document, before, changes, self._world.chance("ids")))
        changes.replace(entity.name, document)
        changes.amend(entity.name, document["Id"])
        _take_effect(changes, entity, before, document)
        return _written(changes, entity, document["Id"])

    def void(self, company: Company, entity: EntityType, sent: Document, now: datetime) -> Written:
        """Void a transaction: it stays, with zero amounts and ``Voided`` in its PrivateNote.

        Raises:
            ApiFault: 610, 5010 or 6540.
        """
        changes = self._open(company, now)
        before = self._current(changes, entity, sent)
        if entity.name == "Payment":
            refuse_deposited(before)
        release(changes, entity.name, before)
        document = voided(before)
        changes.replace(entity.name, document)
        changes.amend(entity.name, document["Id"], MutationKind.VOID)
        _take_effect(changes, entity, before, document)
        return _written(changes, entity, document["Id"])

    def delete(
        self, company: Company, entity: EntityType, sent: Document, now: datetime
    ) -> Written:
        """Delete a transaction for good.

        Raises:
            ApiFault: 500, list objects cannot be deleted; 610, 5010 or 6540.
        """
        if not entity.is_transaction:
            raise unsupported_operation("delete")
        changes = self._open(company, now)
        before = self._current(changes, entity, sent)
        if entity.name == "Payment":
            refuse_deposited(before)
        release(changes, entity.name, before)
        changes.delete(entity.name, before["Id"])
        _take_effect(changes, entity, before, None)
        return _written(changes, entity, before["Id"])

    def _add(self, changes: ChangeSet, entity: EntityType, sent: Document) -> Document:
        if entity.family is Family.COMPANY:
            raise unsupported_operation("create CompanyInfo")
        document = {
            name: value
            for name, value in sent.items()
            if name in entity.shown and not is_blank(value)
        }
        document |= {"domain": "QBO", "sparse": False}
        require(entity, document)
        self._complete(Draft(entity, document, None, changes, self._world.chance("ids")))
        changes.create(entity.name, document)
        _take_effect(changes, entity, None, document)
        return document

    def _open(self, company: Company, now: datetime) -> ChangeSet:
        if company.subscription is not Subscription.SUBSCRIBED:
            raise read_only_company()
        return self._world.change(company, now)

    def _current(self, changes: ChangeSet, entity: EntityType, sent: Document) -> Document:
        object_id = object_id_of(sent)
        if not object_id:
            raise missing_parameter("Id")
        current = changes.find(entity.name, object_id)
        if current is None:
            raise gone(changes.company, entity, object_id)
        if is_blank(sent.get("SyncToken")):
            raise missing_parameter("SyncToken")
        if str(sent["SyncToken"]) != current["SyncToken"]:
            raise stale_object(changes.company.user_name)
        return current

    def _complete(self, draft: Draft) -> None:
        resolve_references(draft)
        if draft.entity.is_transaction:
            complete_transaction(draft)
        else:
            complete_list_object(draft)


def _merged(entity: EntityType, current: Document, sent: Document) -> Document:
    writable = {name: value for name, value in sent.items() if name in entity.shown}
    for name in entity.not_writable:
        writable.pop(name, None)
    kept = current
    if sent.get("sparse") is not True:
        kept = {name: current[name] for name in current if name in entity.not_writable}
        if entity.has_active:
            kept["Active"] = current["Active"]
    return {name: value for name, value in (kept | writable).items() if not is_blank(value)}


def _take_effect(
    changes: ChangeSet, entity: EntityType, before: Document | None, after: Document | None
) -> None:
    settle(changes, entity.name, before, after)
    post(changes, entity.name, before, after)
    if entity.name == "Deposit":
        link_deposit(changes, before, after)


def _written(changes: ChangeSet, entity: EntityType, object_id: str) -> Written:
    mutations = tuple(changes.commit())
    row = changes.company.tables[entity.name].rows.get(object_id)
    return Written(entity.name, object_id, mutations, row.body if row else None)
