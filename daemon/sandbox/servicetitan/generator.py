"""Made-up tenants, and what their people do all day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.servicetitan.office import Office
from daemon.sandbox.servicetitan.tenant import PROVIDER, Json, Tenant
from daemon.sandbox.servicetitan.times import instant_text

DEFAULT_SIZES: Mapping[str, int] = {
    "business-units": 3,
    "technicians": 6,
    "employees": 4,
    "customers": 30,
    "locations": 35,
    "jobs": 40,
    "appointments": 50,
    "leads": 12,
    "bookings": 10,
    "estimates": 20,
    "invoices": 30,
}
"""In an order in which each kind finds what it refers to."""

_NAMES = ("Ada Park", "Ben O'Hara", "Chloé Dubois", "Dan Müller", "Eve Santos", "Fay Wong")
_TROUBLES = ("No hot water", "Drain is slow", "Furnace won't start", "AC leaks", "Annual tune-up")
_HISTORY = timedelta(days=300)


@dataclass(slots=True)
class Business:
    """One tenant at work. All chance is `chance`'s.

    Attributes:
        office: what answers bookings and leads.
    """

    tenant: Tenant
    chance: Random
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        """Open its office."""
        self.office = Office(self.tenant)

    def found(self, sizes: Mapping[str, int], now: datetime) -> None:
        """Fill an empty tenant with objects of the last months."""
        total = max(1, sum(sizes.values()))
        begun, step = now - _HISTORY, _HISTORY / (total + 1)
        made = 0
        for kind in DEFAULT_SIZES:
            for _ in range(sizes.get(kind, 0)):
                made += 1
                self.make(kind, begun + step * made)

    def make(self, kind: str, at: datetime) -> int:
        """Make an object of a kind."""
        return self.tenant.put(kind, self._body(kind, at), at)

    def churn(self, times: int, at: datetime) -> None:
        """Let some things happen at a time."""
        for _ in range(times):
            self.chance.choice(
                (
                    self._new_job,
                    self._job_goes_on,
                    self._job_goes_on,
                    self._customer_moves,
                    self._customer_leaves,
                    self._customers_merge,
                    self._appointment_is_deleted,
                    self._office_works,
                    self._technician_rests,
                )
            )(at)

    def _new_job(self, at: datetime) -> None:
        self.make("jobs", at)
        self.make("appointments", at)

    def _job_goes_on(self, at: datetime) -> None:
        job_id = self._one("jobs")
        if job_id is None or job_id in self.office.jobs:
            return
        status = self.chance.choice(
            ("Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled", "Rerouted")
        )
        done = status in {"Completed", "Canceled"}  # A cancelled one has its date, too (§1.4).
        total = round(self.chance.uniform(0, 4000), 2) if status == "Completed" else None
        self.tenant.change(
            "jobs",
            job_id,
            at,
            jobStatus=status,
            completedOn=instant_text(at) if done else None,
            total=total,
        )
        if status == "Completed":
            self.make("invoices", at)

    def _customer_moves(self, at: datetime) -> None:
        customer = self._one("customers")
        if customer is not None:
            street = f"{self.chance.randint(1, 999)} New Road"
            self.tenant.change("customers", customer, at, address=_address(street))

    def _customer_leaves(self, at: datetime) -> None:
        customer = self._one("customers")
        if customer is not None:
            active = not self.tenant.objects["customers"][customer]["active"]
            self.tenant.change("customers", customer, at, active=active)

    def _customers_merge(self, at: datetime) -> None:
        loser, winner = self._one("customers"), self._one("customers")
        if loser is not None and winner is not None and loser != winner:
            self.tenant.merge("customers", loser, winner, at)

    def _appointment_is_deleted(self, at: datetime) -> None:
        appointment = self._one("appointments")
        if appointment is not None:
            self.tenant.delete("appointments", appointment, at)

    def _office_works(self, at: datetime) -> None:
        self.office.work(self.chance, at)

    def _technician_rests(self, at: datetime) -> None:
        technician = self._one("technicians")
        if technician is not None:
            active = not self.tenant.objects["technicians"][technician]["active"]
            self.tenant.change("technicians", technician, at, active=active)

    def _one(self, kind: str) -> int | None:
        ids = sorted(self.tenant.objects[kind])
        return self.chance.choice(ids) if ids else None

    def _body(self, kind: str, at: datetime) -> Json:
        name = self.chance.choice(_NAMES)
        if kind == "jobs":
            return self._job(name)
        if kind in {"appointments", "estimates", "invoices"}:
            return self._of_a_job(kind, at)
        return self._person(kind, name) or self._offer(kind, name)

    def _person(self, kind: str, name: str) -> Json:
        """Return a customer, or something of the tenant's own; nothing when it is neither."""
        match kind:
            case "business-units" | "employees":
                return {"name": f"{name} {self.chance.randint(1, 99)}", "officialName": name}
            case "technicians":
                user_id = self.chance.randint(1, 9999)
                return {"userId": user_id, "name": name, "phoneNumber": "555-0100"}
            case "customers":
                return {
                    "name": name,
                    "type": "Residential",
                    "address": _address("1 Main St"),
                    "balance": round(self.chance.uniform(0, 900), 2),
                    "mergedToId": None,
                }
            case "locations":
                return {
                    "customerId": self._one("customers"),
                    "name": name,
                    "address": _address("1 Main St"),
                    "mergedToId": None,
                }
        return {}

    def _offer(self, kind: str, name: str) -> Json:
        """Return a lead or a booking."""
        trouble = self.chance.choice(_TROUBLES)
        if kind == "leads":
            return {"status": "Open", "summary": trouble, "campaignId": 7}
        return {
            "source": "Web",
            "name": name,
            "status": "New",
            "jobId": None,
            "externalId": f"seed-{self.chance.getrandbits(32):08x}",
            "bookingProviderId": PROVIDER,
            "summary": trouble,
        }

    def _job(self, name: str) -> Json:
        return {
            "jobNumber": str(self.chance.randint(10_000, 99_999)),
            "customerId": self._one("customers"),
            "locationId": self._one("locations"),
            "jobStatus": "Scheduled",
            "completedOn": None,
            "businessUnitId": self._one("business-units"),
            "priority": "Normal",
            "summary": f"<p>{self.chance.choice(_TROUBLES)} at {name}'s</p>",
            "bookingId": None,
            "total": None,
            "tagTypeIds": [],
        }

    def _of_a_job(self, kind: str, at: datetime) -> Json:
        job_id = self._one("jobs")
        if kind == "appointments":
            return {
                "jobId": job_id,
                "appointmentNumber": f"{job_id}-1",
                "start": instant_text(at + timedelta(days=2)),
                "end": instant_text(at + timedelta(days=2, hours=2)),
                "status": "Scheduled",
            }
        total = f"{self.chance.uniform(40, 4000):.2f}"
        if kind == "estimates":
            return {"jobId": job_id, "name": "Option A", "status": {"value": 0, "name": "Open"}}
        # Money is a number in a job and a text in an invoice (§1.5).
        return {
            "job": {"id": job_id, "number": str(job_id)},
            "total": total,
            "balance": total,
            "adjustmentToId": None,
            "invoiceDate": instant_text(at),
        }


def _address(street: str) -> Json:
    return {
        "street": street,
        "unit": None,
        "city": "Springfield",
        "state": "IL",
        "zip": "62701",
        "country": "USA",
    }
