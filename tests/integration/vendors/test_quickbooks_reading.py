"""The vendor's package against the sandbox: what is read is what is there, to the byte."""

from datetime import timedelta

import anyio
import pytest

from actors.vendors.quickbooks import OBJECT_TYPES
from actors.vendors.quickbooks.planner import FEED
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from support.quickbooks_replica import DEFAULT_TYPES, ConnectedCompany, Replica, connect
from support.virtual_time import VirtualClock

OVERLAP = timedelta(seconds=120)


async def company(
    *, seed: int = 1, sizes: dict[str, int] | None = None, scale: float = 1.0
) -> ConnectedCompany:
    behaviour = Behaviour(access_token_life_s=400 * 86_400)
    sandbox = QuickBooksSandbox(VirtualClock().utc, seed, limits=None, behaviour=behaviour)
    realm = sandbox.add_company(name="Amy's Caf\u00e9", sizes=sizes, scale=scale)
    return await connect(sandbox, realm)


def calls_to(connected: ConnectedCompany, operation: str) -> int:
    return sum(event.operation == operation for event in connected.events)


async def test_a_backfill_copies_every_byte_of_every_type() -> None:
    connected = await company()
    names = [name for name in OBJECT_TYPES if name in ENTITIES]
    replica = connected.replica(names)
    await replica.settle()
    assert replica.bodies() == connected.truth(names)
    assert replica.bodies().keys() >= set(DEFAULT_TYPES)


async def test_inactive_names_are_read_too() -> None:
    connected = await company()
    replica = connected.replica(["Customer"])
    gone = max(connected.truth()["Customer"], key=int)
    connected.sandbox.deactivate(connected.realm, "Customer", gone)
    await replica.settle()
    assert b'"Active":false' in replica.objects["Customer"][gone].payload
    assert replica.bodies() == connected.truth(["Customer"])


async def test_a_table_that_moves_while_it_is_read_is_exact_after_one_poll() -> None:
    connected = await company(sizes={"Invoice": 4000})
    replica = connected.replica()
    while looks := replica.vendor.looks(replica.cursors, due=False):
        for look in looks:
            await replica.look(look)
            connected.sandbox.churn(connected.realm, 10)
            await anyio.sleep(1)
    await anyio.sleep(1)
    await replica.settle()
    assert replica.bodies() == connected.truth()


async def test_ten_thousand_rows_of_one_second_are_read_once_and_without_loss() -> None:
    connected = await company(sizes={"Invoice": 100})
    connected.sandbox.bulk(connected.realm, "Invoice", 10_000, same_second=True)
    await anyio.sleep(3600)
    replica = connected.replica(["Invoice"])
    calls = len(connected.events)
    await replica.settle()
    assert replica.bodies() == connected.truth(["Invoice"])
    assert len(connected.events) - calls <= 16


async def test_rows_that_leave_a_second_while_it_is_stepped_through_take_none_along() -> None:
    connected = await company(sizes={"Invoice": 10})
    ids = connected.sandbox.bulk(connected.realm, "Invoice", 3500, same_second=True)
    await anyio.sleep(3600)
    replica = connected.replica(["Invoice"])
    touched = iter(ids)
    for _ in range(12):
        for look in replica.vendor.looks(replica.cursors, due=False):
            await replica.look(look)
        for _ in range(3):
            connected.sandbox.update(
                connected.realm, "Invoice", next(touched), {"PrivateNote": "touched"}
            )
        await anyio.sleep(1)
    await replica.settle()
    assert replica.bodies() == connected.truth(["Invoice"])


async def test_an_idle_poll_is_one_call_for_all_types() -> None:
    connected = await company()
    replica = connected.replica()
    await replica.settle(due=False)
    await anyio.sleep(300)
    before = len(connected.events)
    await replica.settle()
    assert [event.operation for event in connected.events[before:]] == ["cdc"]
    assert replica.covered_until() == VirtualClock().utc() - OVERLAP


async def test_polls_bring_every_change_and_every_end() -> None:
    connected = await company(seed=5)
    replica = connected.replica()
    await replica.settle()
    for _ in range(60):
        connected.sandbox.churn(connected.realm, 25)
        await anyio.sleep(300)
        await replica.settle()
        assert replica.bodies() == connected.truth()
    kinds = {mutation.kind for mutation in connected.sandbox.mutations(realm_id=connected.realm)}
    assert "delete" in kinds
    assert all(look.key == FEED for look in replica.looks[-60:])


async def test_a_merge_takes_the_loser_away() -> None:
    connected = await company()
    replica = connected.replica()
    await replica.settle()
    survivor, loser = sorted(connected.truth()["Customer"], key=int)[-2:]
    connected.sandbox.merge(connected.realm, "Customer", loser, survivor)
    await anyio.sleep(300)
    await replica.settle()
    assert replica.bodies() == connected.truth()


async def test_changes_that_are_seen_late_are_caught_by_the_overlap() -> None:
    connected = await company(seed=7)
    connected.sandbox.behaviour.commit_delay_s = (0.0, 100.0)
    replica = connected.replica()
    for _ in range(40):
        connected.sandbox.churn(connected.realm, 20)
        await anyio.sleep(61)
        await replica.settle()
    connected.sandbox.behaviour.commit_delay_s = (0.0, 0.0)
    await anyio.sleep(300)
    await replica.settle()
    assert replica.bodies() == connected.truth()


async def overflowed(connected: ConnectedCompany) -> Replica:
    replica = connected.replica()
    await replica.settle()
    for _ in range(20):
        connected.sandbox.churn(connected.realm, 10)
        await anyio.sleep(1)
    connected.sandbox.bulk(connected.realm, "Invoice", 1500, same_second=True)
    doomed = sorted(connected.truth()["Invoice"], key=int)[:5]
    for object_id in doomed:
        connected.sandbox.delete(connected.realm, "Invoice", object_id)
    await anyio.sleep(300)
    return replica


async def test_a_feed_at_its_cap_turns_into_a_comparison_of_that_type_alone() -> None:
    connected = await company(seed=3)
    replica = await overflowed(connected)
    before = len(replica.looks)
    await replica.settle()
    assert replica.bodies() == connected.truth()
    read_whole = {look.key for look in replica.looks[before:]} - {FEED}
    assert read_whole <= {"Invoice", "Customer"}
    assert "Invoice" in read_whole


async def test_a_comparison_that_is_interrupted_by_changes_ends_exact() -> None:
    connected = await company(seed=4)
    replica = await overflowed(connected)
    due = True
    while looks := replica.vendor.looks(replica.cursors, due=due):
        due = False
        for look in looks:
            await replica.look(look)
            connected.sandbox.churn(connected.realm, 10)
            await anyio.sleep(2)
    await anyio.sleep(2)
    await replica.settle()
    assert replica.bodies() == connected.truth()


async def test_an_outage_past_the_look_back_mends_itself() -> None:
    connected = await company(seed=9)
    replica = connected.replica()
    await replica.settle()
    for _ in range(31):
        connected.sandbox.churn(connected.realm, 20)
        await anyio.sleep(86_400)
    await replica.settle()
    assert replica.bodies() == connected.truth()
    assert replica.covered_until() == VirtualClock().utc() - OVERLAP


async def test_a_requested_rescan_finds_what_was_lost() -> None:
    connected = await company()
    replica = connected.replica(["Invoice", "Customer"])
    await replica.settle()
    del replica.objects["Invoice"][min(replica.objects["Invoice"])]
    number = connected.sandbox.inject(Fault(FaultKind.CDC_MISS_DELETE))
    doomed = connected.sandbox.create(connected.realm, "Customer", {"DisplayName": "Soon merged"})[
        "Id"
    ]
    await anyio.sleep(300)
    await replica.settle()
    survivor = min(replica.objects["Customer"])
    connected.sandbox.merge(connected.realm, "Customer", doomed, survivor)
    await anyio.sleep(300)
    await replica.settle()
    connected.sandbox.clear_faults(number)
    assert replica.bodies() != connected.truth(["Invoice", "Customer"])

    for name, cursor in replica.cursors.items():
        replica.cursors[name] = type(cursor)(
            name,
            cursor.position,
            complete=True,
            covered_until=cursor.covered_until,
            rescan_requested=True,
        )
    await replica.settle()
    assert replica.bodies() == connected.truth(["Invoice", "Customer"])


async def test_a_live_object_that_the_feed_calls_deleted_stays() -> None:
    connected = await company()
    replica = connected.replica()
    await replica.settle()
    connected.sandbox.churn(connected.realm, 5)
    connected.sandbox.inject(Fault(FaultKind.CDC_FALSE_DELETE, count=1))
    await anyio.sleep(300)
    await replica.settle()
    assert replica.bodies() == connected.truth()
    assert connected.sandbox.statistics().faults[FaultKind.CDC_FALSE_DELETE] == 1


async def test_changes_of_types_without_a_feed_are_found() -> None:
    connected = await company()
    names = ["TimeActivity", "TaxRate", "Invoice"]
    replica = connected.replica(names)
    await replica.settle()
    for hours in range(1700):
        connected.sandbox.create(
            connected.realm, "TimeActivity", {"NameOf": "Vendor", "Hours": hours, "Minutes": 0}
        )
    await anyio.sleep(300)
    before = calls_to(connected, "query")
    await replica.settle()
    assert replica.bodies() == connected.truth(names)
    assert calls_to(connected, "query") - before <= 5
    assert replica.covered_until() == VirtualClock().utc() - OVERLAP


async def test_ends_of_types_without_a_feed_are_found_by_a_poll() -> None:
    connected = await company()
    names = ["TimeActivity", "Invoice"]
    for hours in range(3):
        connected.sandbox.create(
            connected.realm, "TimeActivity", {"NameOf": "Vendor", "Hours": hours, "Minutes": 0}
        )
    replica = connected.replica(names)
    await replica.settle()
    ended = next(iter(replica.objects["TimeActivity"]))
    connected.sandbox.delete(connected.realm, "TimeActivity", ended)
    await anyio.sleep(300)
    await replica.settle()
    assert ended not in replica.objects["TimeActivity"]
    assert replica.bodies() == connected.truth(names)
    assert replica.covered_until() == VirtualClock().utc() - OVERLAP


@pytest.mark.parametrize("seed", range(4))
async def test_faults_delay_and_never_falsify(seed: int) -> None:
    connected = await company(seed=seed, sizes={"Invoice": 2500})
    harmful = set(FaultKind) - {
        FaultKind.CDC_MISS_DELETE,
        FaultKind.INVALID_GRANT,
        FaultKind.UNAUTHORIZED,
        FaultKind.GENERAL_AUTHENTICATION,
        FaultKind.WRONG_CLUSTER,
        FaultKind.FORBIDDEN,
        FaultKind.BARE_FAULT,
    }
    for kind in sorted(harmful):
        connected.sandbox.inject(
            Fault(kind, frozenset({Route.QUERY, Route.CDC, Route.READ}), probability=0.02)
        )
    replica = connected.replica()
    for _ in range(15):
        await replica.settle_in_spite_of_faults()
        connected.sandbox.churn(connected.realm, 30)
        await anyio.sleep(600)
    await replica.settle_in_spite_of_faults()
    assert replica.bodies() == connected.truth()
    assert len(connected.sandbox.statistics().faults) > 5


async def test_a_single_object_is_read_by_its_id() -> None:
    connected = await company()
    truth = connected.truth()
    for name in DEFAULT_TYPES:
        key = min(truth[name])
        record = await connected.vendor.read(connected.session, name, key)
        assert record is not None
        assert (record.object_id, record.payload) == (key, truth[name][key])
    connected.sandbox.delete(connected.realm, "Invoice", min(truth["Invoice"]))
    assert await connected.vendor.read(connected.session, "Invoice", min(truth["Invoice"])) is None


async def test_the_company_says_its_name() -> None:
    connected = await company()
    assert await connected.vendor.company_name(connected.session) == "Amy's Caf\u00e9"
    assert connected.events[-1].trace_id
