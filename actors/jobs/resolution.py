"""What rows of a company's own objects say about the work that was routed to it. Pure.

Everything follows from the rows as they are, never from the order in which they came: a row that is
seen again changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from actors.vendors.dispatching import Sighting
from store.job_models import Routing, RoutingProgress, RoutingStatus

Ref = tuple[str, str]
"""An object's type and id."""

_OVER = frozenset({RoutingStatus.COMPLETED, RoutingStatus.CANCELED, RoutingStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the replica, and what it says.

    Attributes:
        gone: the vendor has it no more.
    """

    ref: Ref
    says: Sighting
    gone: bool = False

    @property
    def is_job(self) -> bool:
        """Whether it is a job itself."""
        return self.says.job == self.ref


class Rows:
    """Rows of one company, found by what they are and by what they name. No object twice."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows: dict[Ref, Row] = {}
        self._of_offer: defaultdict[Ref, list[Row]] = defaultdict(list)
        self._of_job: defaultdict[Ref, list[Row]] = defaultdict(list)
        for row in rows:
            self.add(row)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def add(self, row: Row) -> None:
        """Take a row in, unless it is there."""
        if row.ref in self._rows:
            return
        self._rows[row.ref] = row
        if row.says.offer is not None:
            self._of_offer[row.says.offer].append(row)
        if row.says.job is not None:
            self._of_job[row.says.job].append(row)

    def get(self, ref: Ref | None) -> Row | None:
        """Return an object's own row."""
        return None if ref is None else self._rows.get(ref)

    def of_offer(self, offer: Ref | None) -> Sequence[Row]:
        """Return the rows that name an offer, its own among them."""
        return () if offer is None else self._of_offer.get(offer, ())

    def about(self, offer: Ref | None, *jobs: Ref | None) -> Sequence[Row]:
        """Return all that is about an offer or one of these jobs."""
        found = [self.get(offer), *map(self.get, jobs), *self.of_offer(offer)]
        for job in jobs:
            found += self._of_job.get(job, ()) if job is not None else ()
        return list({row.ref: row for row in found if row is not None}.values())


def offer_of(routing: Routing) -> Ref | None:
    """Return what the vendor made of a routing; None while nothing is known of that."""
    if routing.external_type is None or routing.external_id is None:
        return None
    return routing.external_type, routing.external_id


def job_of(routing: Routing) -> Ref | None:
    """Return the job that a routing became; None while it is not known to have become one."""
    if routing.external_job_type is None or routing.external_job_id is None:
        return None
    return routing.external_job_type, routing.external_job_id


def named_jobs(routings: Iterable[Routing], rows: Rows) -> Mapping[str, Ref]:
    """Return the jobs that routings became, by routing id, as far as rows name them.

    The offer's own row has the last word. Else a routing stays with its job while that is there, and
    becomes the first of those whose rows name the offer. No job is taken from another routing.

    Args:
        routings: all that hang on anything these rows name.
        rows: what is known.
    """
    found = {each.id: job for each in routings if (job := job_of(each)) is not None}
    owners = {job: routing_id for routing_id, job in found.items()}
    for routing in sorted(routings, key=lambda each: each.id):
        for job in _candidates(routing, rows):
            if owners.get(job, routing.id) == routing.id:
                if (left := found.get(routing.id)) is not None:
                    owners.pop(left, None)
                owners[job], found[routing.id] = routing.id, job
                break
    return found


def matched_jobs(
    waiting: Mapping[str, Sequence[Routing]],
    jobs: Sequence[Row],
    offered_at: Mapping[str, datetime],
    taken: AbstractSet[Ref],
) -> Mapping[str, Ref]:
    """Return the jobs that routings became by what the two have in common, by routing id.

    That is believed only where it leaves no choice: one routing waits under a key, and one job has
    it that was made after the offer and is nobody's yet.

    Args:
        waiting: by match key, all routings of the company that have no job.
        jobs: all of the company's jobs that have one of these keys.
        offered_at: when each of the routings was offered.
        taken: jobs that other routings became.
    """
    by_key: defaultdict[str, list[Row]] = defaultdict(list)
    for row in jobs:
        if row.is_job and not row.gone and row.ref not in taken and row.says.match_key:
            by_key[row.says.match_key].append(row)
    found = {}
    for key, routings in waiting.items():
        open_ones = [each for each in routings if each.status not in _OVER]
        if len(open_ones) != 1:
            continue
        (routing,) = open_ones
        since = offered_at.get(routing.id)
        newer = [
            row
            for row in by_key[key]
            if since is not None and row.says.since is not None and row.says.since >= since
        ]
        if len(newer) == 1:
            found[routing.id] = newer[0].ref
    return found


def progress(
    routing: Routing, job: Ref | None, rows: Sequence[Row], at: datetime
) -> RoutingProgress | None:
    """Return what became of a routing; None when that is known already.

    Its job's row says where it stands. As long as that is not there, what the offer was turned into
    says so, else the offer's own row. All may go back: a job is reopened, a cancellation taken back.

    Args:
        routing: as it is stored.
        job: the job that it became, if any.
        rows: those about it, and about the job that it was known to have become; each object once.
        at: when this became known.
    """
    offer = offer_of(routing)
    if offer is None:
        return None
    done = next((row for row in rows if row.is_job and row.ref == job), None)
    own = next((row for row in rows if row.ref == offer), None)
    heir = next((row for row in rows if _is_heir(row, offer)), None)
    teller = _teller(routing, done, heir, own)
    status, cause, completed_at = _standing(teller)
    key = next((row.says.match_key for row in (heir, own) if row and row.says.match_key), None)
    others = [row for row in rows if row is not done]
    linked = None if job == job_of(routing) else job
    amounts = _amounts(job, others if done is None else [done, *others])
    if linked is not None:  # what another job brought is none of it any more
        amounts = {**dict.fromkeys(_amounts(job_of(routing), rows)), **amounts}
    found = RoutingProgress(
        routing_id=routing.id,
        at=at,
        cause=cause,
        status=None if status is routing.status else status,
        external_job_type=None if linked is None else linked[0],
        external_job_id=None if linked is None else linked[1],
        match_key=None if key == routing.match_key else key,
        completed_at=None if completed_at == routing.completed_at else completed_at,
        amounts=amounts,
    )
    known = (found.status, found.external_job_id, found.match_key, found.completed_at)
    return found if any(each is not None for each in known) or amounts else None


def _is_heir(row: Row, offer: Ref) -> bool:
    """Tell whether the row is what the offer was turned into, other than a job: it names the offer."""
    return row.says.offer == offer != row.ref and not row.is_job


def _teller(routing: Routing, job: Row | None, heir: Row | None, own: Row | None) -> Row | None:
    """Return the row that says where the routing stands."""
    for row in (job, heir):
        if row is not None:
            return row
    if own is None:
        return None
    # A key that its own row never had came of an heir. That one took over, seen just now or not.
    says = own.says
    is_replaced = routing.match_key and not says.match_key and says.job is None
    return None if is_replaced else own


def _amounts(job: Ref | None, rows: Sequence[Row]) -> dict[tuple[str, str], Decimal | None]:
    """Return what each object brings, by the last of the rows that speaks of it: the job's own is first."""
    amounts: dict[tuple[str, str], Decimal | None] = {}
    for row in rows:
        if job is not None and row.says.job == job:
            found = row.says.amounts
            amounts.update(dict.fromkeys(found) if row.gone else found)
    return amounts


def _candidates(routing: Routing, rows: Rows) -> Iterator[Ref]:
    offer = offer_of(routing)
    if offer is None:
        return
    linked = job_of(routing)
    own, done = rows.get(offer), rows.get(linked)
    if own is not None and not own.gone and own.says.job is not None:
        yield own.says.job
    if linked is not None and (done is None or not done.gone):
        yield linked
    naming = [row for row in rows.of_offer(offer) if row.is_job and not row.gone]
    for row in sorted(naming, key=_by_age):
        yield row.ref


def _by_age(row: Row) -> tuple[bool, float, str]:
    since = row.says.since
    return since is None, 0.0 if since is None else since.timestamp(), row.ref[1]


def _standing(teller: Row | None) -> tuple[RoutingStatus | None, str, datetime | None]:
    """Return where it stands by a row, why, and when it was done; only what is completed is done."""
    if teller is None:
        return None, "", None
    object_type, object_id = teller.ref
    if teller.gone:
        return RoutingStatus.CANCELED, f"{object_type} {object_id} was deleted there", None
    says = teller.says
    done_at = says.completed_at if says.status is RoutingStatus.COMPLETED else None
    return says.status, f"{object_type} {object_id}: {says.cause}".removesuffix(": "), done_at
