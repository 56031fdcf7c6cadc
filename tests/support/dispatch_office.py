"""What the companies do with what they were offered, and what is to come back of it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType

from store.job_models import Routing, RoutingStatus
from support.routed_house import TITAN, Partner, RoutedHouse

S = RoutingStatus
Standing = tuple[RoutingStatus, Decimal | None]

_OFFER_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {
        **dict.fromkeys(("New", "Open", "open"), S.SYNCED),
        **dict.fromkeys(("Accepted", "Converted", "won"), S.ACCEPTED),
        **dict.fromkeys(("Dismissed", "lost"), S.CANCELED),
    }
)
_JOB_WORDS: Mapping[str, RoutingStatus] = MappingProxyType(
    {
        "needs scheduling": S.ACCEPTED,
        **dict.fromkeys(("Scheduled", "Dispatched", "scheduled"), S.SCHEDULED),
        **dict.fromkeys(("InProgress", "in progress"), S.IN_PROGRESS),
        **dict.fromkeys(("Completed", "complete unrated"), S.COMPLETED),
        **dict.fromkeys(("Canceled", "pro canceled"), S.CANCELED),
    }
)


class Offices:
    """All companies' offices. What they do with an offer is chance."""

    def __init__(self, house: RoutedHouse, random: Random) -> None:
        self._house = house
        self._random = random
        self._jobs: dict[tuple[str, str], str] = {}
        """By company and offer, the job that it became."""
        self._totals: dict[str, defaultdict[int, Decimal]] = {}

    def work(self, partner: Partner, offer: str) -> None:
        """Take an offer, or the job that it became, one step further."""
        if partner.vendor == TITAN:
            self._titan(partner, int(offer))
        else:
            self._housecall(partner, offer)

    def expected(self, partner: Partner, routing: Routing) -> Standing:
        """Return where a routing is to stand, and what it is to bring, by the vendor's own rows."""
        offer = routing.external_id or ""
        job_id = self._jobs.get((partner.company, offer))
        if partner.vendor == TITAN:
            tenant = self._house.titan.tenants[partner.company]
            if job_id is None:
                kind = routing.external_type or ""
                return _OFFER_WORDS[str(tenant.objects[kind][int(offer)]["status"])], None
            status = _JOB_WORDS[str(tenant.objects["jobs"][int(job_id)]["jobStatus"])]
            return status, self._invoiced(partner.company).get(int(job_id), Decimal(0))
        objects = self._house.housecall.businesses[partner.company].objects
        if job_id is None:
            return _OFFER_WORDS[str(objects["leads"][offer]["status"])], None
        job = objects["jobs"][job_id]
        status = _JOB_WORDS[str(job["work_status"])]
        if status is S.CANCELED:
            return status, None
        return status, Decimal(str(job["total_amount"])).scaleb(-2)

    def _invoiced(self, company: str) -> Mapping[int, Decimal]:
        """Return what a tenant's invoices come to, by job."""
        if (found := self._totals.get(company)) is None:
            found = self._totals[company] = defaultdict(Decimal)
            for each in self._house.titan.tenants[company].objects["invoices"].values():
                if isinstance(job := each.get("job"), dict):
                    found[int(job["id"])] += Decimal(str(each["total"]))
        return found

    def _titan(self, partner: Partner, offer: int) -> None:
        sandbox, now = self._house.titan, self._house.titan.now()
        tenant, office = sandbox.tenants[partner.company], sandbox.business(partner.company).office
        kind = "bookings" if "booking_provider" in partner.options else "leads"
        job = self._jobs.get((partner.company, str(offer)))
        amount = Decimal(self._random.randint(4_000, 400_000)).scaleb(-2)
        acts: list[Callable[[], object]]
        if job is None:
            if tenant.objects[kind][offer]["status"] == "Dismissed":
                return
            convert = office.convert_booking if kind == "bookings" else office.convert_lead
            if self._random.random() < 0.15:
                office.dismiss(kind, offer, now)
            else:
                self._jobs[partner.company, str(offer)] = str(convert(offer, now))
            return
        status = str(tenant.objects["jobs"][int(job)]["jobStatus"])
        match status:
            case "Scheduled" | "Dispatched":
                acts = [lambda: office.go_on(int(job), now)] * 4
                acts.append(lambda: office.cancel(int(job), now))
            case "InProgress":
                acts = [lambda: office.complete(int(job), amount, now)]
            case "Completed":
                acts = [
                    lambda: office.adjust(int(job), amount / -100, now),
                    lambda: tenant.change(
                        "jobs", int(job), now, jobStatus="InProgress", completedOn=None
                    ),
                ]
            case _:
                return
        self._random.choice(acts)()

    def _housecall(self, partner: Partner, offer: str) -> None:
        sandbox, now = self._house.housecall, self._house.housecall.now()
        business, office = sandbox.businesses[partner.company], sandbox.offices[partner.company]
        job = self._jobs.get((partner.company, offer))
        if job is None:
            lead = business.objects["leads"][offer]
            if lead["status"] == "open" and self._random.random() < 0.15:
                office.lose(offer, now)
            elif lead["status"] == "open":
                self._jobs[partner.company, offer] = office.convert(offer, now)
            return
        status = str(business.objects["jobs"][job]["work_status"])
        if status in {"needs scheduling", "scheduled"} and self._random.random() < 0.1:
            office.cancel(job, now)
        elif status in {"needs scheduling", "scheduled"}:
            office.go_on(job, now)
        elif status == "in progress" or (
            status == "complete unrated" and self._random.random() < 0.5
        ):
            office.complete(job, self._random.randint(4_000, 400_000), now, silently=False)
