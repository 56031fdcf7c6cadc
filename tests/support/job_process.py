"""A commit of routed work in a process of its own, to be killed at it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path

from store.crash_points import Commit, CrashPoint
from store.job_models import Company, RoutingStatus
from store.ports import Store
from store.sqlite import open_store
from support.jobs import (
    action_of,
    deliver,
    enter,
    new_job,
    new_routing,
    offer,
    progress,
    refuse,
    routing_of,
)
from support.store_fixtures import Owned, at, own

COMPANIES = 3


def account_id(number: int) -> str:
    """Return the id of one of the companies."""
    return f"account of realm-{number}"


async def prepare(store: Store) -> None:
    """Have a job that was delivered to one company, refused by another, and not sent to the third."""
    companies = [await own(store, f"realm-{number}") for number in range(COMPANIES)]
    await enter(store, companies)
    await deliver(store, companies[0])
    await refuse(store, companies[1])
    await enter(store, companies, "over")
    await store.cancel_job("over", at(10))


async def _enter(store: Store) -> None:
    companies = [Owned(account_id(number), 1) for number in range(COMPANIES)]
    new = new_job("entered", key="k")
    await store.accept_job(new, [new_routing(new.id, company) for company in companies])


async def _offer_again(store: Store) -> None:
    refused = Owned(account_id(1), 1)
    instead_of = action_of("job", refused)
    routing_id = routing_of("job", refused)
    await store.offer_again(routing_id, offer("second"), at(20), instead_of=instead_of)


async def _follow(store: Store) -> None:
    routing_id = routing_of("job", Owned(account_id(0), 1))
    amounts = {("invoices", "1"): Decimal("9.90")}
    known = progress(routing_id, RoutingStatus.COMPLETED, job=("jobs", "J"), amounts=amounts)
    await store.note_progress([known], 7)


async def _set_company(store: Store) -> None:
    await store.set_company(Company(account_id(0), is_active=False, options={"tag": "t"}), "Acme")


async def _cancel(store: Store) -> None:
    await store.cancel_job("job", at(20))


async def _archive(store: Store) -> None:
    await store.archive_jobs(at(15), at(30), limit=10)


DEEDS: Mapping[Commit, Callable[[Store], Awaitable[None]]] = {
    Commit.COMPANY_SET: _set_company,
    Commit.JOB_ACCEPTED: _enter,
    Commit.JOB_CANCELED: _cancel,
    Commit.JOBS_ARCHIVED: _archive,
    Commit.ROUTING_OFFERED: _offer_again,
    Commit.ROUTINGS_FOLLOWED: _follow,
}


async def main(path: Path, arming: str) -> None:
    """Do what leads to the commit."""
    async with await open_store(path, crash_point=CrashPoint.parse(arming)) as store:
        await DEEDS[Commit(arming.partition(".")[0])](store)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
