"""One company's data: every object as it is, everything that ever happened, and a day's work."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from daemon.sandbox.applied_write import AppliedWrite

Json = dict[str, object]

DEFAULT_SIZES: Mapping[str, int] = {
    "employees": 5,
    "customers": 30,
    "jobs": 40,
    "estimates": 15,
    "leads": 12,
    "invoices": 20,
}
"""In an order in which each kind finds what it refers to."""

TIMED = frozenset({"customers", "estimates", "jobs"})
"""Kinds whose rows say when they were made and changed."""

NAMED_BY = ("first_name", "last_name", "email", "mobile_number", "home_number", "work_number")
"""What of a customer a search looks at."""

_PREFIXES = {
    "employees": "pro",
    "customers": "cus",
    "jobs": "job",
    "estimates": "csr",
    "leads": "lea",
    "invoices": "invoice",
}
_NAMES = ("Ada", "Ben", "Chloé", "Dan", "Eve", "Fay")
_HISTORY = timedelta(days=200)
_FEW = 3
"""So few of a kind are never deleted."""


def encoded(document: object) -> bytes:
    """Write JSON as the vendor does."""
    return msgspec.json.encode(document)


def instant_text(moment: datetime) -> str:
    """Write an instant: in UTC, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Version:
    """One state of an object; without a body it is gone by it.

    Attributes:
        is_new: whether there was none before.
    """

    kind: str
    object_id: str
    at: datetime
    body: bytes | None
    is_new: bool = False


@dataclass(slots=True)
class Business:
    """One company. All chance is `chance`'s.

    Attributes:
        objects: by kind and id, in the order in which they were made.
        versions: everything that happened, in its order.
        writes: what others made through the API, in its order.
        made_at: when each object was made, by its id.
        tells_conversions: whether leads say what they became, which is not documented (§2.4).
    """

    company_id: str
    name: str
    api_key: str
    chance: Random
    objects: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {kind: {} for kind in DEFAULT_SIZES}
    )
    versions: list[Version] = field(default_factory=list)
    writes: list[AppliedWrite] = field(default_factory=list)
    made_at: dict[str, datetime] = field(default_factory=dict)
    tells_conversions: bool = True
    _of_customer: defaultdict[str, dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _called: dict[str, str] = field(default_factory=dict)
    _sent: dict[str, tuple[Json, msgspec.Raw]] = field(default_factory=dict)

    def found(self, sizes: Mapping[str, int], now: datetime) -> None:
        """Fill an empty company with objects of the last months."""
        total = max(1, sum(sizes.values()))
        step, made = _HISTORY / (total + 1), 0
        for kind in DEFAULT_SIZES:
            for _ in range(sizes.get(kind, 0)):
                made += 1
                self.make(kind, now - _HISTORY + step * made)

    def make(self, kind: str, at: datetime) -> str:
        """Make an object of a kind; return its id."""
        return self.add(kind, self._body(kind), at)

    def add(self, kind: str, members: Json, at: datetime) -> str:
        """Make an object with these members; return its id."""
        object_id = f"{_PREFIXES[kind]}_{self.chance.getrandbits(128):032x}"
        self.made_at[object_id] = at
        body: Json = {"id": object_id, "company_id": self.company_id, **members}
        if kind in TIMED:
            body["created_at"] = instant_text(at)
        self._put(kind, object_id, body, at)
        return object_id

    def change(self, kind: str, object_id: str, at: datetime, **fields: object) -> None:
        """Change some fields of an object."""
        self._put(kind, object_id, {**self.objects[kind][object_id], **fields}, at)

    def change_silently(self, kind: str, object_id: str, at: datetime, **fields: object) -> None:
        """Change some fields without moving the object's time (§2.3)."""
        body = {**self.objects[kind][object_id], **fields}
        self.objects[kind][object_id] = body
        self.versions.append(Version(kind, object_id, at, encoded(body)))

    def delete(self, kind: str, object_id: str, at: datetime) -> None:
        """Delete an object: nothing shows it any more."""
        del self.objects[kind][object_id]
        self.versions.append(Version(kind, object_id, at, None))

    def churn(self, times: int, at: datetime) -> None:
        """Let some things happen at a time."""
        for _ in range(times):
            kind = self.chance.choice(sorted(self.objects))
            known = list(self.objects[kind])
            match self.chance.choice(("make", "change", "change", "delete")):
                case "delete" if len(known) > _FEW:
                    self.delete(kind, self.chance.choice(known), at)
                case "change" if known:
                    note = f"Called at {at.isoformat()}"
                    self.change(kind, self.chance.choice(known), at, description=note)
                case _:
                    self.make(kind, at)

    def truth(self, at: datetime | None = None) -> dict[str, dict[str, bytes]]:
        """Return what was there at a time, now by default: bytes by kind and id."""
        found: dict[str, dict[str, bytes]] = {kind: {} for kind in DEFAULT_SIZES}
        for version in self.versions:
            if at is not None and version.at > at:
                continue
            if version.body is None:
                found[version.kind].pop(version.object_id, None)
            else:
                found[version.kind][version.object_id] = version.body
        return found

    def of_customer(self, kind: str, customer_id: str) -> Iterable[tuple[str, Json]]:
        """Return a customer's objects of a kind by id, in the order in which they became theirs."""
        objects = self.objects[kind]
        for object_id in self._of_customer[f"{kind} {customer_id}"]:
            body = objects.get(object_id)
            if body is not None and _customer_of(body) == customer_id:
                yield object_id, body

    def sent(self, object_id: str, body: Json) -> msgspec.Raw:
        """Return how lists write an object; it is written once for each of its states."""
        known = self._sent.get(object_id)
        if known is None or known[0] is not body:
            known = self._sent[object_id] = (body, msgspec.Raw(encoded(body)))
        return known[1]

    def called(self, sought: str) -> Iterable[tuple[str, Json]]:
        """Return the customers by id whose name, email or numbers have this in them."""
        wanted, customers = sought.casefold(), self.objects["customers"]
        for object_id, known in self._called.items():
            if wanted in known and object_id in customers:
                yield object_id, customers[object_id]

    def _index(self, kind: str, object_id: str, body: Json) -> None:
        if kind == "customers":
            name = f"{body.get('first_name')} {body.get('last_name')}"
            known = (name, *(str(body.get(each) or "") for each in NAMED_BY))
            self._called[object_id] = "\0".join(known).casefold()
        elif (customer_id := _customer_of(body)) is not None:
            self._of_customer[f"{kind} {customer_id}"][object_id] = None

    def _put(self, kind: str, object_id: str, body: Json, at: datetime) -> None:
        if kind in TIMED:
            body = {**body, "updated_at": instant_text(at)}
        is_new = object_id not in self.objects[kind]
        self.objects[kind][object_id] = body
        self._index(kind, object_id, body)
        self.versions.append(Version(kind, object_id, at, encoded(body), is_new))

    def _body(self, kind: str) -> Json:
        chance, name = self.chance, self.chance.choice(_NAMES)
        match kind:
            case "customers":
                return {"first_name": name, "last_name": "Park", "email": None, "addresses": []}
            case "jobs":
                return {
                    "description": "Leak",
                    "work_status": "needs scheduling",
                    "work_timestamps": {"completed_at": None},
                    "total_amount": chance.randint(0, 900_000),
                    "canceled_at": None,
                    "deleted_at": None,
                }
            case "leads":
                return {"number": str(chance.randint(1, 9999)), "status": "open", "tags": []}
            case "invoices":
                amount = chance.randint(0, 900_000)
                return {"status": "open", "amount": amount, "due_amount": amount}
            case "employees":
                return {"first_name": name, "role": "field tech", "permissions": {}}
        return {"work_status": "scheduled", "options": [], "number": chance.randint(1, 999)}


def _customer_of(body: Json) -> str | None:
    customer = body.get("customer")
    found = customer.get("id") if isinstance(customer, dict) else None
    return found if isinstance(found, str) else None
