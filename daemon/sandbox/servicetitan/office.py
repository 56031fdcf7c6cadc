"""What a tenant's office and its people do with bookings and leads that come in.

A booking is accepted, dismissed, or converted into a job; a lead is dismissed, or converted, and never
says into which job (§0.2). A job has an invoice from the beginning, goes on step by step, and may be
adjusted when it is long completed (§1.5).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random

from daemon.sandbox.servicetitan.tenant import Json, Tenant
from daemon.sandbox.servicetitan.times import instant_text

_NEXT: Mapping[str, str] = {"Scheduled": "Dispatched", "Dispatched": "InProgress"}
_OPEN = frozenset({"New", "Accepted", "Open"})


@dataclass(slots=True)
class Office:
    """One tenant's.

    Attributes:
        jobs: what became of which job: those that the office booked itself.
    """

    tenant: Tenant
    jobs: list[int] = field(default_factory=list)

    def accept(self, booking_id: int, at: datetime) -> None:
        """Take a booking, without a job for it yet."""
        self.tenant.change("bookings", booking_id, at, status="Accepted")

    def dismiss(self, kind: str, object_id: int, at: datetime) -> None:
        """Turn a booking or a lead down."""
        self.tenant.change(kind, object_id, at, status="Dismissed", dismissingReasonId=1)

    def convert_booking(self, booking_id: int, at: datetime) -> int:
        """Book a job for it; return the job."""
        booking = self.tenant.objects["bookings"][booking_id]
        job_id = self._book(booking, str(booking.get("name")), at, bookingId=booking_id)
        self.tenant.change("bookings", booking_id, at, status="Converted", jobId=job_id)
        return job_id

    def convert_lead(self, lead_id: int, at: datetime) -> int:
        """Book a job for it; return the job. The lead only shows its customer."""
        lead = self.tenant.objects["leads"][lead_id]
        name = str(lead.get("leadCustomerName") or "Somebody")
        job_id = self._book(lead, name, at)
        customer_id = self.tenant.objects["jobs"][job_id]["customerId"]
        self.tenant.change("leads", lead_id, at, status="Converted", customerId=customer_id)
        return job_id

    def go_on(self, job_id: int, at: datetime) -> None:
        """Take a job one step further, up to being worked on."""
        status = str(self.tenant.objects["jobs"][job_id]["jobStatus"])
        self.tenant.change("jobs", job_id, at, jobStatus=_NEXT.get(status, status))

    def complete(self, job_id: int, total: Decimal, at: datetime) -> None:
        """Complete a job, for so much."""
        invoice_id = int(str(self.tenant.objects["jobs"][job_id]["invoiceId"]))
        done = {"jobStatus": "Completed", "completedOn": instant_text(at)}
        self.tenant.change("jobs", job_id, at, **done, total=float(total))
        self.tenant.change("invoices", invoice_id, at, total=f"{total:.2f}", balance="0.00")

    def cancel(self, job_id: int, at: datetime) -> None:
        """Call a job off; it has the date of that as `completedOn` (§1.4)."""
        self.tenant.change("jobs", job_id, at, jobStatus="Canceled", completedOn=instant_text(at))

    def adjust(self, job_id: int, amount: Decimal, at: datetime) -> int:
        """Adjust what a job brings by an invoice of its own, which the job's total follows."""
        job = self.tenant.objects["jobs"][job_id]
        adjustment = self._invoice(job_id, amount, at, adjusts=int(str(job["invoiceId"])))
        total = Decimal(str(job["total"] or 0)) + amount
        self.tenant.change("jobs", job_id, at, total=float(total))
        return adjustment

    def work(self, chance: Random, at: datetime) -> None:
        """Take something that came in, or came of it, one step further."""
        acts: list[Callable[[], object]] = []
        for kind in ("bookings", "leads"):
            for object_id, body in self.tenant.objects[kind].items():
                if body["status"] in _OPEN:
                    acts += self._answers(kind, object_id, at)
        acts += [act for job_id in self.jobs for act in self._steps(job_id, chance, at)]
        if acts:
            chance.choice(acts)()

    def _answers(self, kind: str, object_id: int, at: datetime) -> list[Callable[[], object]]:
        if kind == "leads":
            convert: Callable[[int, datetime], int] = self.convert_lead
        else:
            convert = self.convert_booking
        answers: list[Callable[[], object]] = [
            lambda: convert(object_id, at),
            lambda: self.dismiss(kind, object_id, at),
        ]
        if self.tenant.objects[kind][object_id]["status"] == "New":
            answers.append(lambda: self.accept(object_id, at))
        return answers

    def _steps(self, job_id: int, chance: Random, at: datetime) -> list[Callable[[], object]]:
        job = self.tenant.objects["jobs"].get(job_id)
        status = "" if job is None else str(job["jobStatus"])
        amount = Decimal(chance.randint(4_000, 400_000)).scaleb(-2)
        if status in _NEXT:
            return [lambda: self.go_on(job_id, at), lambda: self.cancel(job_id, at)]
        if status == "InProgress":
            return [lambda: self.complete(job_id, amount, at)]
        return [lambda: self.adjust(job_id, amount / -100, at)] if status == "Completed" else []

    def _book(self, offer: Json, name: str, at: datetime, **links: object) -> int:
        customer_id = self.tenant.put(
            "customers",
            {"name": name, "type": "Residential", "balance": 0.0, "mergedToId": None},
            at,
        )
        job_id, invoice_id = self.tenant.new_id(), self.tenant.new_id()
        job = {
            "id": job_id,
            "jobNumber": str(job_id),
            "customerId": customer_id,
            "locationId": None,
            "jobStatus": "Scheduled",
            "completedOn": None,
            "businessUnitId": offer.get("businessUnitId"),
            "campaignId": offer.get("campaignId"),
            "priority": "Normal",
            "summary": f"<p>{offer.get('summary')}</p>",
            "bookingId": None,
            "total": None,
            "invoiceId": invoice_id,
            "tagTypeIds": [],
            **links,
        }
        self.tenant.put("jobs", job, at)
        self._invoice(job_id, Decimal(0), at, invoice_id=invoice_id)
        self.jobs.append(job_id)
        return job_id

    def _invoice(
        self,
        job_id: int,
        total: Decimal,
        at: datetime,
        *,
        invoice_id: int | None = None,
        adjusts: int | None = None,
    ) -> int:
        invoice = {
            "id": invoice_id or self.tenant.new_id(),
            "job": {"id": job_id, "number": str(job_id)},
            "total": f"{total:.2f}",
            "balance": f"{total:.2f}",
            "adjustmentToId": adjusts,
            "invoiceDate": instant_text(at),
        }
        return self.tenant.put("invoices", invoice, at)
