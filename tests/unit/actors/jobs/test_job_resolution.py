"""What becomes of routed work, by what rows say: properties over worlds of offers, jobs and invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from actors.jobs.resolution import Ref, Row, Rows, matched_jobs, named_jobs, offer_of, progress
from actors.vendors.dispatching import Sighting
from store.job_models import Routing, RoutingProgress, RoutingStatus

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DONE_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANY_STATUS = some.sampled_from(
    [None, *(each for each in RoutingStatus if each is not RoutingStatus.FAILED)]
)


SEVEN, EIGHT = ("jobs", "7"), ("jobs", "8")


def routing(number: int = 1, **known: object) -> Routing:
    base = Routing(
        f"routing-{number}",
        f"job-{number}",
        "account",
        "vendor",
        RoutingStatus.SYNCED,
        external_type="leads",
        external_id=f"{number}",
    )
    return replace(base, **known)  # type: ignore[arg-type]


def linked(number: int = 1, **known: object) -> Routing:
    return routing(number, external_job_type="jobs", external_job_id="7", **known)


def lead(number: int = 1, job_id: str | None = None, **known: object) -> Row:
    ref = ("leads", f"{number}")
    job = None if job_id is None else ("jobs", job_id)
    return Row(ref, replace(Sighting(offer=ref, job=job), **known))  # type: ignore[arg-type]


def job(job_id: str = "7", *, of: int | None = None, gone: bool = False, **known: object) -> Row:
    ref = ("jobs", job_id)
    offer = None if of is None else ("leads", f"{of}")
    says = Sighting(offer=offer, job=ref, since=AT)
    return Row(ref, replace(says, **known), gone)  # type: ignore[arg-type]


def invoice(number: str, job_id: str, amount: str | None, *, gone: bool = False) -> Row:
    ref = ("invoices", number)
    amounts = {ref: None if amount is None else Decimal(amount)}
    return Row(ref, Sighting(job=("jobs", job_id), amounts=amounts), gone)


def found(at: Routing, became: Ref | None, *rows: Row) -> RoutingProgress:
    said = progress(at, became, rows, AT)
    assert said is not None
    return said


def test_a_job_outranks_the_lead_that_it_came_of() -> None:
    rows = [lead(job_id="7", status=RoutingStatus.CANCELED), job(status=RoutingStatus.SCHEDULED)]
    said = found(routing(), SEVEN, *rows)
    assert (said.status, said.external_job_id) == (RoutingStatus.SCHEDULED, "7")


def test_a_lead_says_where_it_stands_until_its_job_is_there() -> None:
    said = found(routing(), SEVEN, lead(job_id="7", status=RoutingStatus.ACCEPTED))
    assert (said.status, said.external_job_id) == (RoutingStatus.ACCEPTED, "7")


def test_a_job_that_is_reopened_takes_the_routing_back() -> None:
    done = linked(status=RoutingStatus.COMPLETED, completed_at=DONE_AT)
    said = found(done, SEVEN, job(status=RoutingStatus.IN_PROGRESS))
    assert (said.status, said.completed_at) == (RoutingStatus.IN_PROGRESS, None)


def test_only_what_is_completed_was_done_at_some_time() -> None:
    canceled = job(status=RoutingStatus.CANCELED, completed_at=DONE_AT)
    completed = job(status=RoutingStatus.COMPLETED, completed_at=DONE_AT)
    assert found(routing(), SEVEN, canceled).completed_at is None
    assert found(routing(), SEVEN, completed).completed_at == DONE_AT


def test_a_word_that_nobody_knows_changes_nothing() -> None:
    known = linked(status=RoutingStatus.SCHEDULED)
    rows = [lead(job_id="7", status=RoutingStatus.ACCEPTED), job()]
    assert progress(known, SEVEN, rows, AT) is None


def test_a_job_that_is_deleted_is_called_off_and_brings_nothing() -> None:
    known = linked(status=RoutingStatus.SCHEDULED)
    said = found(known, SEVEN, job(gone=True, amounts={("jobs", "7"): Decimal(5)}))
    assert (said.status, said.amounts) == (RoutingStatus.CANCELED, {("jobs", "7"): None})
    assert said.cause == "jobs 7 was deleted there"


def test_what_a_lead_was_turned_into_speaks_for_it_in_either_order() -> None:
    dismissed = lead(status=RoutingStatus.CANCELED)
    says = Sighting(offer=("leads", "1"), match_key="customer 5", status=RoutingStatus.ACCEPTED)
    heir = Row(("deals", "9"), says)
    together = found(routing(), None, dismissed, heir)
    assert (together.status, together.match_key) == (RoutingStatus.ACCEPTED, "customer 5")
    taken = routing(status=RoutingStatus.ACCEPTED, match_key="customer 5")
    assert progress(taken, None, [dismissed], AT) is None


def test_an_undelivered_routing_learns_nothing() -> None:
    unsent = routing(external_type=None, external_id=None)
    assert progress(unsent, None, [lead(status=RoutingStatus.ACCEPTED)], AT) is None
    assert named_jobs([unsent], Rows([lead(job_id="7")])) == {}


def test_an_invoices_amount_counts_for_the_job_that_it_is_of() -> None:
    known = linked(status=RoutingStatus.COMPLETED)
    rows = [invoice("1", "7", "850.10"), invoice("2", "8", "3"), invoice("3", "7", "1", gone=True)]
    said = found(known, SEVEN, *rows)
    assert said.amounts == {("invoices", "1"): Decimal("850.10"), ("invoices", "3"): None}


def test_what_another_row_says_of_a_jobs_amount_counts_more_than_its_own() -> None:
    own = job(amounts={("jobs", "7"): Decimal(100)})
    says = Sighting(job=("jobs", "7"), amounts={("jobs", "7"): None, ("invoices", "1"): Decimal(9)})
    for rows in ([own, Row(("invoices", "1"), says)], [Row(("invoices", "1"), says), own]):
        assert found(routing(), SEVEN, *rows).amounts[("jobs", "7")] is None


def test_no_job_is_taken_from_another_routing() -> None:
    first, second = linked(1), routing(2)
    assert named_jobs([first, second], Rows([lead(2, job_id="7")])) == {"routing-1": SEVEN}
    assert named_jobs([first, second], Rows([job("7", of=2)])) == {"routing-1": SEVEN}


def test_the_offers_own_word_moves_it_to_another_job() -> None:
    known = linked()
    rows = [lead(job_id="8"), job("7"), job("8")]
    assert named_jobs([known], Rows(rows)) == {"routing-1": EIGHT}


def test_a_second_job_of_one_offer_does_not_replace_the_first_while_that_is_there() -> None:
    known = linked()
    assert named_jobs([known], Rows([job("8", of=1)])) == {"routing-1": SEVEN}
    rows = [job("8", of=1), job("7", of=1, gone=True)]
    assert named_jobs([known], Rows(rows)) == {"routing-1": EIGHT}


KEY = "customer 5"
OFFERED = {f"routing-{number}": AT for number in range(1, 4)}


def matched(waiting: Sequence[Routing], *jobs: Row, taken: frozenset[Ref] = frozenset()) -> object:
    return matched_jobs({KEY: waiting}, jobs, OFFERED, taken)


def test_a_key_in_common_links_where_it_leaves_no_choice() -> None:
    newer = job("7", match_key=KEY, since=AT + timedelta(minutes=1))
    older = job("6", match_key=KEY, since=AT - timedelta(days=400))
    assert matched([routing(match_key=KEY)], older, newer) == {"routing-1": SEVEN}
    assert matched([routing(match_key=KEY)], older) == {}
    assert matched([routing(match_key=KEY)], newer, taken=frozenset({SEVEN})) == {}
    assert matched([routing(match_key=KEY)], newer, job("8", match_key=KEY)) == {}
    assert matched([routing(1), routing(2)], newer) == {}
    assert matched([routing(1), routing(2, status=RoutingStatus.CANCELED)], newer) == {
        "routing-1": SEVEN
    }
    assert matched([routing()], replace(newer, gone=True)) == {}
    assert matched([routing()], job("7", match_key=KEY, since=None)) == {}


@dataclass
class World:
    """Routings as a store keeps them, brought up to date with whatever rows are shown."""

    routings: dict[str, Routing]
    rows: dict[Ref, Row] = field(default_factory=dict)
    amounts: dict[str, dict[Ref, Decimal]] = field(default_factory=dict)

    def show(self, rows: Sequence[Row]) -> int:
        """Store rows, follow them, and return how many routings made a step."""
        self.rows.update({row.ref: row for row in rows})
        known = list(self.rows.values())
        jobs = named_jobs(self.routings.values(), Rows(known))
        said = [progress(each, jobs.get(each.id), known, AT) for each in self.routings.values()]
        return sum(self._note(each) for each in said if each is not None)

    def _note(self, said: RoutingProgress) -> bool:
        before = self.routings[said.routing_id]
        amounts = {**self.amounts.get(before.id, {}), **said.amounts}
        kept = {ref: amount for ref, amount in amounts.items() if amount is not None}
        self.amounts[before.id] = kept
        after = replace(
            before,
            status=said.status or before.status,
            external_job_type=said.external_job_type or before.external_job_type,
            external_job_id=said.external_job_id or before.external_job_id,
            match_key=said.match_key or before.match_key,
            completed_at=said.completed_at or before.completed_at,
            revenue=sum(kept.values(), Decimal(0)),
        )
        self.routings[before.id] = after
        return after != before

    def standing(self) -> Mapping[str, object]:
        return {
            each.id: (each.status, each.external_job_id, each.revenue)
            for each in self.routings.values()
        }


@some.composite
def worlds(draw: some.DrawFn) -> tuple[list[Routing], list[Row]]:
    """Draw offers, a job of its own for some of them, and invoices of those."""
    rows: list[Row] = []
    routings = [routing(number) for number in range(1, draw(some.integers(1, 4)) + 1)]
    for number, _ in enumerate(routings, start=1):
        named_by = draw(some.sampled_from(["nobody", "offer", "job", "both"]))
        job_id = f"{70 + number}"
        by_offer = named_by in ("offer", "both")
        rows.append(lead(number, job_id if by_offer else None, status=draw(ANY_STATUS)))
        if named_by == "nobody":
            continue
        of = number if named_by in ("job", "both") else None
        gone = draw(some.booleans())
        rows.append(job(job_id, of=of, status=draw(ANY_STATUS), gone=gone and by_offer))
        amounts = draw(some.lists(some.integers(1, 999).map(str), max_size=2))
        rows += [invoice(f"{number}{each}", job_id, cents) for each, cents in enumerate(amounts)]
    return routings, rows


@given(worlds(), some.randoms(use_true_random=False), some.integers(1, 4))
def test_neither_order_nor_batches_nor_repeats_change_where_it_ends(
    world: tuple[list[Routing], list[Row]], random: object, size: int
) -> None:
    routings, rows = world
    at_once = World({each.id: each for each in routings})
    at_once.show(rows)
    shuffled = [*rows, *rows]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    in_parts = World({each.id: each for each in routings})
    for start in range(0, len(shuffled), size):
        in_parts.show(shuffled[start : start + size])
    unsaid = {row.ref for row in rows if row.is_job and not row.gone and row.says.status is None}
    for each in routings:
        job_id = at_once.routings[each.id].external_job_id
        if ("jobs", job_id) not in unsaid:  # then what was known before it came stays
            assert in_parts.standing()[each.id] == at_once.standing()[each.id]
    assert in_parts.show(rows) == 0


@given(worlds())
def test_no_job_belongs_to_two_and_what_says_nothing_moves_nothing(
    world: tuple[list[Routing], list[Row]],
) -> None:
    routings, rows = world
    played = World({each.id: each for each in routings})
    played.show(rows)
    jobs = [each.external_job_id for each in played.routings.values() if each.external_job_id]
    assert len(jobs) == len(set(jobs))
    for each in played.routings.values():
        job_row = played.rows.get(("jobs", each.external_job_id or ""))
        own = played.rows.get(offer_of(each) or ("", ""))
        if job_row is not None and job_row.says.status and not job_row.gone:
            assert each.status is job_row.says.status
        if job_row is None and own is not None and own.says.status is None:
            assert each.status is RoutingStatus.SYNCED
