"""The vendor's own record of every change, from which a checker derives what was true when."""

import enum
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from daemon.sandbox.quickbooks.timestamps import epoch_us, from_epoch_s


class MutationKind(enum.StrEnum):
    """Why an object changed."""

    GENERATE = "generate"
    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    DELETE = "delete"
    MERGE = "merge"
    EMAIL = "email"
    SIDE_EFFECT = "side_effect"


class Mutation(msgspec.Struct, frozen=True, gc=False):
    """One change of one object.

    Attributes:
        sequence: Position in the log of the whole sandbox, from 1.
        realm_id: Company.
        object_type: Type.
        object_id: Id.
        kind: Why it changed.
        at_us: Instant of the change, microseconds since 1970, by the sandbox's clock.
        updated_s: The LastUpdatedTime that it carries, epoch seconds.
        visible_us: Instant from which queries show it.
        body: The bytes from then on; None for a deletion.
        merged_into: For the loser of a merge, the id of the survivor.
    """

    sequence: int
    realm_id: str
    object_type: str
    object_id: str
    kind: MutationKind
    at_us: int
    updated_s: int
    visible_us: int
    body: bytes | None
    merged_into: str | None = None

    @property
    def at(self) -> datetime:
        """The instant of the change, to the second."""
        return from_epoch_s(self.at_us // 1_000_000)


class MutationLog:
    """An append-only list of mutations.

    Attributes:
        on_append: Called behind each new one; None when nobody waits.
    """

    def __init__(self) -> None:
        self.on_append: Callable[[], None] | None = None
        self._mutations: list[Mutation] = []

    def __len__(self) -> int:
        return len(self._mutations)

    @property
    def next_sequence(self) -> int:
        """The sequence number of the next change."""
        return len(self._mutations) + 1

    def append(self, mutation: Mutation) -> None:
        """Record one change, which carries the next sequence number."""
        self._mutations.append(mutation)
        if self.on_append is not None:
            self.on_append()

    def since(self, sequence: int = 0, realm_id: str | None = None) -> Iterator[Mutation]:
        """Yield the changes after a sequence number, oldest first."""
        for mutation in self._mutations[sequence:]:
            if realm_id is None or mutation.realm_id == realm_id:
                yield mutation

    def truth(self, realm_id: str, as_of: datetime) -> dict[str, dict[str, bytes]]:
        """Return what queries showed of a company at an instant: bytes by type and id."""
        limit = epoch_us(as_of)
        shown: dict[str, dict[str, bytes]] = {}
        visible = [item for item in self.since(0, realm_id) if item.visible_us <= limit]
        for mutation in sorted(visible, key=lambda item: (item.visible_us, item.sequence)):
            objects = shown.setdefault(mutation.object_type, {})
            if mutation.body is None:
                objects.pop(mutation.object_id, None)
            else:
                objects[mutation.object_id] = mutation.body
        return shown
