"""What a company's office and its people do with leads that come in.

A lead is lost, or won by a job or an estimate, which it names unless the company does not tell
(§2.4). A job goes on step by step. Its words are those of bodies (§2.3).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from daemon.sandbox.housecallpro.business import Business, Json, instant_text

_NEXT = {"needs scheduling": "scheduled", "scheduled": "in progress"}
_MOST_CENTS = 400_000


@dataclass(slots=True)
class Office:
    """One company's.

    Attributes:
        jobs: those that leads became.
    """

    business: Business
    jobs: list[str] = field(default_factory=list)

    def convert(self, lead_id: str, at: datetime) -> str:
        """Win a lead by a job; return the job."""
        job_id = self._job(self.business.objects["leads"][lead_id], at)
        self._won(lead_id, {"id": job_id, "type": "Job"}, at)
        return job_id

    def estimate(self, lead_id: str, at: datetime) -> str:
        """Win a lead by an estimate; return that."""
        lead = self.business.objects["leads"][lead_id]
        members = {"work_status": "scheduled", "options": [], "customer": lead.get("customer")}
        estimate_id = self.business.add("estimates", members, at)
        self._won(lead_id, {"id": estimate_id, "type": "Estimate"}, at)
        return estimate_id

    def copy_to_job(self, estimate_id: str, at: datetime) -> str:
        """Make a job of an estimate; return the job."""
        estimate = self.business.objects["estimates"][estimate_id]
        return self._job(estimate, at, original_estimate_id=estimate_id)

    def lose(self, lead_id: str, at: datetime) -> None:
        """Give a lead up."""
        self.business.change("leads", lead_id, at, status="lost", lost_at=instant_text(at))

    def go_on(self, job_id: str, at: datetime) -> None:
        """Take a job one step further, up to being worked on."""
        status = str(self.business.objects["jobs"][job_id]["work_status"])
        self.business.change("jobs", job_id, at, work_status=_NEXT.get(status, status))

    def complete(self, job_id: str, cents: int, at: datetime, *, silently: bool = False) -> None:
        """Complete a job, for so much; `silently` without moving its time (§2.3)."""
        change = self.business.change_silently if silently else self.business.change
        done = {"completed_at": instant_text(at)}
        change(
            "jobs",
            job_id,
            at,
            work_status="complete unrated",
            work_timestamps=done,
            total_amount=cents,
        )

    def cancel(self, job_id: str, at: datetime) -> None:
        """Call a job off."""
        told = instant_text(at)
        self.business.change("jobs", job_id, at, work_status="pro canceled", deleted_at=told)

    def work(self, at: datetime) -> None:
        """Take something that came in, or came of it, one step further."""
        chance = self.business.chance
        acts: list[Callable[[], object]] = []
        for write in self.business.writes:
            lead_id = write.object_id
            lead = self.business.objects["leads"].get(lead_id, {})
            if lead.get("status") == "open":
                acts += self._answers(lead_id, at)
        for job_id in self.jobs:
            status = str(self.business.objects["jobs"].get(job_id, {}).get("work_status"))
            acts += self._steps(job_id, status, chance.randint(4_000, _MOST_CENTS), at)
        if acts:
            chance.choice(acts)()

    def _answers(self, lead_id: str, at: datetime) -> list[Callable[[], object]]:
        return [lambda: self.convert(lead_id, at), lambda: self.lose(lead_id, at)]

    def _steps(
        self, job_id: str, status: str, cents: int, at: datetime
    ) -> list[Callable[[], object]]:
        if status in _NEXT:
            return [lambda: self.go_on(job_id, at)]
        if status == "in progress":
            return [lambda: self.complete(job_id, cents, at)]
        return []

    def _won(self, lead_id: str, became: Json, at: datetime) -> None:
        told: Json = {"conversions": [became]} if self.business.tells_conversions else {}
        self.business.change("leads", lead_id, at, status="won", **told)

    def _job(self, offer: Json, at: datetime, **links: object) -> str:
        members = {
            "description": "Routed work",
            "customer": offer.get("customer"),
            "address": offer.get("address"),
            "work_status": "needs scheduling",
            "work_timestamps": {"completed_at": None},
            "total_amount": 0,
            "canceled_at": None,
            "deleted_at": None,
            **links,
        }
        job_id = self.business.add("jobs", members, at)
        self.jobs.append(job_id)
        return job_id
