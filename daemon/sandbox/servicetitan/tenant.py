"""One tenant's data: every object as it is, and everything that ever happened to one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from daemon.sandbox.applied_write import AppliedWrite
from daemon.sandbox.servicetitan.problems import encoded
from daemon.sandbox.servicetitan.times import instant_text

Json = dict[str, object]

PROVIDER = 11
"""The id of a booking provider tag that every tenant has."""

_FOUNDED = datetime(2020, 1, 1, tzinfo=UTC)

MODULES: Mapping[str, str] = {
    "appointments": "jpm",
    "bookings": "crm",
    "business-units": "settings",
    "customers": "crm",
    "employees": "settings",
    "estimates": "sales",
    "invoices": "accounting",
    "jobs": "jpm",
    "leads": "crm",
    "locations": "crm",
    "technicians": "settings",
}
"""Every kind of object, and the module that it belongs to."""

HIDES_INACTIVE = frozenset({"business-units", "customers", "employees", "locations", "technicians"})
"""Kinds whose lists show only active rows unless asked for all."""


@dataclass(slots=True)
class Version:
    """One state of an object.

    Attributes:
        number: its place among everything that happened to the tenant, from 0.
        committed_at: when it became so.
        body: as the export feed shows it.
        deleted: whether it is gone by it.
        shown_at: when the feed comes to show it.
    """

    number: int
    kind: str
    object_id: int
    committed_at: datetime
    body: bytes
    deleted: bool
    shown_at: datetime


@dataclass(slots=True)
class Tenant:
    """One tenant.

    Attributes:
        objects: by kind and id, what is not deleted, as the export feed shows it.
        versions: everything that happened, in its order.
        lag_s: how long after a change the feed shows it, for what changes from now on.
        provider_tags: booking provider tags by id; 11 is there from the beginning.
        writes: what others made through the API, in its order.
        sent: by kind and id, an object and how lists write it.
    """

    tenant_id: str
    name: str
    client_id: str
    client_secret: str
    lag_s: float = 0.0
    objects: dict[str, dict[int, Json]] = field(
        default_factory=lambda: {kind: {} for kind in MODULES}
    )
    versions: list[Version] = field(default_factory=list)
    provider_tags: dict[int, Json] = field(default_factory=dict)
    writes: list[AppliedWrite] = field(default_factory=list)
    sent: dict[tuple[str, object], tuple[Json, msgspec.Raw]] = field(default_factory=dict)
    _next_id: int = 1001

    def __post_init__(self) -> None:
        """Tag the provider that made-up bookings come from."""
        self.add_provider_tag(PROVIDER, "Web", "The tenant's own site", _FOUNDED)

    def add_provider_tag(self, tag_id: int, name: str, description: str, at: datetime) -> None:
        """Make a booking provider tag."""
        self.provider_tags[tag_id] = {
            "id": tag_id,
            "tagName": name,
            "description": description,
            "type": "V2Api",
            "createdOn": instant_text(at),
            "modifiedOn": instant_text(at),
        }

    def new_id(self) -> int:
        """Return an id that no object of the tenant has had."""
        self._next_id += 1
        return self._next_id

    def put(
        self, kind: str, body: Json, at: datetime, *, modified_at: datetime | None = None
    ) -> int:
        """Make or replace an object; return its id.

        Args:
            kind: which table it is in.
            body: without its times. Without an id it is a new object.
            at: when that happens.
            modified_at: what it says about that, if something else.
        """
        object_id = int(str(body.get("id") or self.new_id()))
        known = self.objects[kind].get(object_id)
        created_on = known["createdOn"] if known else instant_text(modified_at or at)
        whole = {
            **body,
            "id": object_id,
            "active": body.get("active", True),
            "createdOn": created_on,
            "modifiedOn": instant_text(modified_at or at),
        }
        self.objects[kind][object_id] = whole
        self._note(kind, object_id, at, whole, deleted=False)
        return object_id

    def change(self, kind: str, object_id: int, at: datetime, **fields: object) -> None:
        """Change some fields of an object."""
        self.put(kind, {**self.objects[kind][object_id], **fields}, at)

    def change_silently(self, kind: str, object_id: int, **fields: object) -> None:
        """Change some fields without moving its time: no feed tells of it again (§1.9)."""
        body = {**self.objects[kind][object_id], **fields}
        self.objects[kind][object_id] = body
        last = max(
            (each for each in self.versions if (each.kind, each.object_id) == (kind, object_id)),
            key=lambda each: each.number,
        )
        last.body = encoded(body)

    def delete(self, kind: str, object_id: int, at: datetime) -> None:
        """Delete an object: lists and reads know it no more, the feed shows it as inactive."""
        body = self.objects[kind].pop(object_id)
        gone = {**body, "active": False, "modifiedOn": instant_text(at)}
        self._note(kind, object_id, at, gone, deleted=True)

    def merge(self, kind: str, loser: int, winner: int, at: datetime) -> None:
        """Merge two customers or locations: the loser becomes inactive and says into which."""
        self.change(kind, loser, at, active=False, mergedToId=winner)

    def truth(self, at: datetime | None = None) -> dict[str, dict[str, bytes]]:
        """Return what was there at a time, now by default: the feed's bytes by kind and id."""
        found: dict[str, dict[str, bytes]] = {kind: {} for kind in MODULES}
        for version in self._until(at):
            rows = found[version.kind]
            if version.deleted:
                rows.pop(str(version.object_id), None)
            else:
                rows[str(version.object_id)] = version.body
        return found

    def _until(self, at: datetime | None) -> Iterator[Version]:
        return (each for each in self.versions if at is None or each.committed_at <= at)

    def _note(self, kind: str, object_id: int, at: datetime, body: Json, *, deleted: bool) -> None:
        number, shown_at = len(self.versions), at + timedelta(seconds=self.lag_s)
        self.versions.append(Version(number, kind, object_id, at, encoded(body), deleted, shown_at))
