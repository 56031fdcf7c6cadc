"""One user act: every object that it changes, applied together or not at all, in one second."""

from dataclasses import dataclass
from datetime import datetime

from daemon.sandbox.quickbooks.api_fault import object_not_found
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.json_text import Document, decode_document, encode
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind, MutationLog
from daemon.sandbox.quickbooks.table import Row, row_of
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_us, stamp


@dataclass
class _Draft:
    document: Document
    original: bytes | None
    kind: MutationKind | None = None
    bumps_token: bool = False
    keeps_time: bool = False
    is_deleted: bool = False
    merged_into: str | None = None


class ChangeSet:
    """Drafts of the objects that one act reads and changes; nothing shows before `commit`."""

    def __init__(
        self, company: Company, log: MutationLog, now: datetime, delay_s: float = 0.0
    ) -> None:
        self.company = company
        self.now = now
        self._log = log
        self._at_us = epoch_us(now)
        self._updated_s = self._at_us // SECOND_US
        self._visible_us = self._at_us + round(delay_s * SECOND_US)
        self._drafts: dict[tuple[str, str], _Draft] = {}

    def find(self, object_type: str, object_id: str) -> Document | None:
        """Return the draft of an object, or None when it does not exist."""
        key = (object_type, object_id)
        draft = self._drafts.get(key)
        if draft is None:
            row = self.company.tables[object_type].rows.get(object_id)
            if row is None:
                return None
            draft = self._drafts[key] = _Draft(decode_document(row.body), row.body)
        return None if draft.is_deleted else draft.document

    def read(self, object_type: str, object_id: str) -> Document:
        """Return the draft of an object.

        Raises:
            ApiFault: 610, it does not exist.
        """
        document = self.find(object_type, object_id)
        if document is None:
            raise object_not_found()
        return document

    def create(self, object_type: str, document: Document) -> Document:
        """Add a new object under the next id of its family, and return it."""
        document["Id"] = self.company.next_id(ENTITIES[object_type].family)
        document["SyncToken"] = "0"
        document["MetaData"] = {"CreateTime": stamp(self._updated_s)}
        self._drafts[object_type, document["Id"]] = _Draft(document, None, MutationKind.CREATE)
        return document

    def amend(
        self, object_type: str, object_id: str, kind: MutationKind = MutationKind.UPDATE
    ) -> None:
        """Mark a draft as changed by a user: its SyncToken moves."""
        draft = self._drafts[object_type, object_id]
        draft.kind = draft.kind or kind
        draft.bumps_token = draft.original is not None

    def touch(
        self, object_type: str, object_id: str, kind: MutationKind = MutationKind.SIDE_EFFECT
    ) -> None:
        """Mark a draft as changed by the ledger: its time moves and its SyncToken does not."""
        draft = self._drafts[object_type, object_id]
        draft.kind = draft.kind or kind

    def replace(self, object_type: str, document: Document) -> None:
        """Put another document in the place of a draft that was read before."""
        self._drafts[object_type, document["Id"]].document = document

    def rewrite(self, object_type: str, object_id: str) -> None:
        """Mark a draft as changed without a trace: neither its time nor its SyncToken moves."""
        draft = self._drafts[object_type, object_id]
        draft.kind = draft.kind or MutationKind.MERGE
        draft.keeps_time = True

    def delete(self, object_type: str, object_id: str, *, merged_into: str | None = None) -> None:
        """Mark a draft as gone: deleted, or merged into another object."""
        draft = self._drafts[object_type, object_id]
        draft.kind = MutationKind.MERGE if merged_into else MutationKind.DELETE
        draft.is_deleted = True
        draft.merged_into = merged_into

    def commit(self) -> list[Mutation]:
        """Apply every changed draft; one that came out as it was is left alone."""
        return [
            self._apply(object_type, object_id, draft.kind, draft)
            for (object_type, object_id), draft in self._drafts.items()
            if draft.kind is not None and self._differs(object_type, draft)
        ]

    def _differs(self, object_type: str, draft: _Draft) -> bool:
        if draft.original is None or draft.is_deleted:
            return True
        return encode(self.company.shown(ENTITIES[object_type], draft.document)) != draft.original

    def _apply(
        self, object_type: str, object_id: str, kind: MutationKind, draft: _Draft
    ) -> Mutation:
        row = None if draft.is_deleted else self._render(object_type, draft)
        mutation = Mutation(
            sequence=self._log.next_sequence,
            realm_id=self.company.realm_id,
            object_type=object_type,
            object_id=object_id,
            kind=kind,
            at_us=self._at_us,
            updated_s=self._updated_s if row is None else row.updated_s,
            visible_us=self.company.visible_from(object_type, object_id, self._visible_us),
            body=None if row is None else row.body,
            merged_into=draft.merged_into,
        )
        self._log.append(mutation)
        self.company.apply(mutation, row)
        return mutation

    def _render(self, object_type: str, draft: _Draft) -> Row:
        entity = ENTITIES[object_type]
        document = draft.document
        if draft.keeps_time:
            older = self.company.tables[object_type].rows[document["Id"]]
            return row_of(entity, self.company.shown(entity, document), older.updated_s)
        if draft.bumps_token:
            document["SyncToken"] = str(int(document["SyncToken"]) + 1)
        metadata = {"CreateTime": document["MetaData"]["CreateTime"]}
        if entity.is_transaction:
            metadata["LastModifiedByRef"] = {"value": self.company.user_id}
        metadata["LastUpdatedTime"] = stamp(self._updated_s)
        document["MetaData"] = metadata
        return row_of(entity, self.company.shown(entity, document), self._updated_s)
