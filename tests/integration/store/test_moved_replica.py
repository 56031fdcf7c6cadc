"""What real actors, routed jobs and users' writes left in a file reads the same from PostgreSQL."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from store.action_models import ActionFilter
from store.drift import DriftFilter
from store.job_models import JobFilter
from store.models import ChangeFilter, ObjectFilter
from store.ports import Store
from store.postgresql import open_store
from store.watch_models import (
    AccountEventFilter,
    Alert,
    AlertChange,
    AlertFilter,
    AlertHappening,
    AuditFilter,
    Severity,
)
from support.dispatch_house import dispatching, statuses
from support.moved import Moved
from support.store_fixtures import START, open_quick
from support.web_house import house, serving

MANY = 10_000


async def reads(store: Store) -> Sequence[object]:
    """Ask all that may be asked of a replica as a whole."""
    found: list[object] = [
        await store.accounts(),
        await store.last_seq(),
        await store.changes(ChangeFilter(limit=MANY)),
        await store.changes_horizon(),
        await store.action_counts(),
        await store.companies(),
        await store.followed_seq(),
        await store.routing_counts(),
        await store.jobs(JobFilter(limit=100)),
        [await store.job(job.id) for job in await store.jobs(JobFilter(limit=100))],
        await store.open_alerts(),
        await store.alerts(AlertFilter(limit=100)),
        await store.alert_events(0, MANY),
        await store.audit(AuditFilter(limit=MANY)),
        await store.certified_at(),
        await store.parked_actions(),
        await store.open_drifts(),
    ]
    for account in await store.accounts():
        found += await account_reads(store, account.id)
    return found


async def account_reads(store: Store, account_id: str) -> Sequence[object]:
    found: list[object] = [
        await store.credential(account_id),
        await store.cursors(account_id),
        await store.live_counts(account_id),
        await store.held_deletes(account_id),
        await store.certificate(account_id),
        await store.actions(ActionFilter(account_id)),
        await store.drifts(DriftFilter(account_id)),
        await store.account_events(AccountEventFilter(account_id, limit=MANY)),
    ]
    for object_type in await store.live_counts(account_id):
        wanted = ObjectFilter(account_id, object_type, include_deleted=True, limit=MANY)
        for each in await store.objects(wanted):
            payload = bytes(memoryview(each.payload))
            found.append((each.object_id, each.version, each.updated_at, each.deleted, payload))
            found.append(await store.history(account_id, object_type, each.object_id))
    return found


async def live_through_a_little(folder: Path) -> None:
    """Have companies connected and read, a payment made, a job offered, an alert raised."""
    async with (
        house(folder) as within,
        serving(within) as web,
        dispatching(web) as dispatched,
    ):
        await dispatched.tenant(campaign_id=7)
        await dispatched.business()
        live = await web.live()
        body = {"type": "payment.create", "payload": {"CustomerRef": {"value": "1"}, "TotalAmt": 5}}
        await web.visitor.call("POST", f"/integrations/{live.id}/actions?wait=5", json=body)
        job = await dispatched.entered()
        assert statuses(await dispatched.delivered(job["id"])) == {"synced"}
        alert = Alert(0, "account_stuck", live.id, Severity.CRITICAL, "why", START)
        await web.store.record_alerts([AlertChange(AlertHappening.RAISED, alert, START)])


async def test_both_stores_tell_the_same(tmp_path: Path, empty_url: str) -> None:
    await live_through_a_little(tmp_path)
    moved = Moved(tmp_path / "syncline.db", empty_url)
    shutil.copy(moved.path, tmp_path / "copy.db")
    moved.move()
    async with await open_quick(tmp_path / "copy.db") as file:
        here = await reads(file)
        async with await open_store(empty_url, durable=False) as store:
            there = await reads(store)
            assert there == here
            assert await store.action_counts() != ({}, 0)
            assert len(await store.jobs(JobFilter())) == len(await store.open_alerts()) == 1
            assert len(await store.accounts()) == 4
