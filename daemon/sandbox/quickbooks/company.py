"""One company: its objects, its id sequences, its standing, and what is not visible yet."""

import enum
import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.entity import EntityType, Family
from daemon.sandbox.quickbooks.json_text import Document
from daemon.sandbox.quickbooks.mutation_log import Mutation
from daemon.sandbox.quickbooks.table import Row, Table
from daemon.sandbox.quickbooks.timestamps import epoch_us


class Environment(enum.StrEnum):
    """Which keys open a company."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Subscription(enum.StrEnum):
    """What the company's subscription still allows."""

    SUBSCRIBED = "SUBSCRIBED"
    EXPIRED = "EXPIRED"
    """Read-only: writes are refused with code 6190."""


@dataclass
class Company:
    """One company file.

    Attributes:
        realm_id: Its id in paths.
        name: Its display name.
        environment: Whose keys open it.
        user_id: Who is shown as having changed transactions.
        user_name: The colleague whom a stale write (5010) names.
        subscription: Whether writes are allowed.
        admin_lost: The connecting user is no longer an admin (code 120).
        deleted: The company is gone.
        tables: Its objects by type.
        ids: The last id drawn, by family.
        doc_numbers: The last document number drawn, by type.
        new_fields: Properties that the vendor has since added to a type, and their value.
        ledger_accounts: Ids of the posting accounts found so far, by sub-type.
    """

    realm_id: str
    name: str
    environment: Environment = Environment.SANDBOX
    user_id: str = "9130347596842384"
    user_name: str = "Christian Moreau"
    subscription: Subscription = Subscription.SUBSCRIBED
    admin_lost: bool = False
    deleted: bool = False
    tables: Mapping[str, Table] = field(
        default_factory=lambda: {name: Table(entity) for name, entity in ENTITIES.items()}
    )
    ids: Counter[Family] = field(default_factory=Counter)
    doc_numbers: Counter[str] = field(default_factory=Counter)
    new_fields: dict[str, Document] = field(default_factory=dict)
    ledger_accounts: dict[str, str] = field(default_factory=dict)
    _pending: list[tuple[int, int, Mutation, Row | None]] = field(default_factory=list)
    _visible_us: dict[tuple[str, str], int] = field(default_factory=dict)

    def next_id(self, family: Family) -> str:
        """Draw the next id of a family."""
        self.ids[family] += 1
        return str(self.ids[family])

    def next_doc_number(self, object_type: str) -> str:
        """Draw the next document number of a type; the first is 1001."""
        self.doc_numbers[object_type] += 1
        return str(1000 + self.doc_numbers[object_type])

    def shown(self, entity: EntityType, document: Document) -> Document:
        """Return the document as replies show it: in order, with what the vendor has added."""
        return entity.ordered(document) | self.new_fields.get(entity.name, {})

    def accepted(self, entity: EntityType) -> frozenset[str]:
        """Return every property that a request may carry."""
        return entity.accepted | frozenset(self.new_fields.get(entity.name, {}))

    def visible_from(self, object_type: str, object_id: str, proposed_us: int) -> int:
        """Return when a new version may become visible: never before an older one of its own."""
        return max(proposed_us, self._visible_us.get((object_type, object_id), 0))

    def apply(self, mutation: Mutation, row: Row | None) -> None:
        """Make a change: by id at once, in queries when its time comes."""
        table = self.tables[mutation.object_type]
        if row is None:
            table.remove(mutation.object_id)
        else:
            table.store(row)
        if mutation.visible_us <= mutation.at_us:
            self._reveal(mutation, row)
        else:
            key = (mutation.object_type, mutation.object_id)
            self._visible_us[key] = mutation.visible_us
            heapq.heappush(self._pending, (mutation.visible_us, mutation.sequence, mutation, row))

    def settle(self, now: datetime) -> None:
        """Reveal every change whose time has come."""
        if not self._pending:
            return
        limit = epoch_us(now)
        while self._pending and self._pending[0][0] <= limit:
            _, _, mutation, row = heapq.heappop(self._pending)
            self._reveal(mutation, row)
        if not self._pending:
            self._visible_us.clear()

    def truth(self) -> dict[str, dict[str, bytes]]:
        """Return the bytes that queries show now, by type and id, inactive objects included."""
        return {
            name: {object_id: row.body for object_id, row in table.listed.items()}
            for name, table in self.tables.items()
            if table.listed
        }

    def _reveal(self, mutation: Mutation, row: Row | None) -> None:
        table = self.tables[mutation.object_type]
        if row is None:
            table.reveal_deletion(mutation.object_id, mutation.updated_s)
        else:
            table.reveal(row)
