"""Batches at the sandbox: what they bring is the truth, and each write in one ends for itself."""

from itertools import product

import msgspec
import pytest

from actors.errors import (
    RejectedError,
    ThrottledError,
    UnknownOutcomeError,
    VendorError,
)
from actors.vendors.base import Look
from actors.vendors.writing import Intent, NotFound, Written
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.quickbooks.company import Subscription
from store.models import Cursor
from support.quickbooks_replica import DEFAULT_TYPES, ConnectedCompany, connect
from support.virtual_time import EPOCH, VirtualClock


async def company(**behaviour: object) -> ConnectedCompany:
    sandbox = QuickBooksSandbox(
        VirtualClock().utc,
        1,
        behaviour=Behaviour(**behaviour),  # type: ignore[arg-type]
    )
    return await connect(sandbox, sandbox.add_company())


def looks(connected: ConnectedCompany) -> list[Look]:
    return [
        connected.vendor.looks(
            {name: Cursor(name, complete=True, rescan_requested=True)}, due=False
        )[0]
        for name in DEFAULT_TYPES
    ]


def payments(connected: ConnectedCompany, number: int) -> list[Intent]:
    customer = next(iter(connected.truth()["Customer"]))
    return [
        Intent(
            f"00000000-0000-4000-8000-{n:012}",
            "payment.create",
            msgspec.json.encode({"CustomerRef": {"value": customer}, "TotalAmt": n + 1}),
            0,
            None,
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("unordered", [False, True])
async def test_all_types_are_counted_and_read_by_one_call_each(unordered: bool) -> None:
    connected = await company(batch_unordered=unordered)
    truth = connected.truth()
    counts = await connected.vendor.count_together(connected.session, DEFAULT_TYPES)
    assert {name: each.rows for name, each in counts.items()} == {
        name: len(truth.get(name, {})) for name in DEFAULT_TYPES
    }
    pages = await connected.vendor.look_together(connected.session, looks(connected))
    for name in DEFAULT_TYPES:
        assert {each.object_id: each.payload for each in pages[name].objects} == truth[name]
    assert connected.sandbox.statistics().calls_to(Route.BATCH) == 2
    assert {each.operation for each in connected.events[-2:]} == {"batch_read"}


@pytest.mark.parametrize("kind", [FaultKind.ITEM_FAULT, FaultKind.ITEM_MISSING])
async def test_an_item_that_went_wrong_is_left_out_of_counts_and_pages(kind: FaultKind) -> None:
    connected = await company()
    connected.sandbox.inject(Fault(kind))
    counts = await connected.vendor.count_together(connected.session, DEFAULT_TYPES)
    pages = await connected.vendor.look_together(connected.session, looks(connected))
    assert (len(counts), len(pages)) == (len(DEFAULT_TYPES) - 1, len(DEFAULT_TYPES) - 1)


async def test_a_throttled_item_throttles() -> None:
    connected = await company()
    connected.sandbox.inject(Fault(FaultKind.ITEM_THROTTLED))
    with pytest.raises(ThrottledError):
        await connected.vendor.count_together(connected.session, DEFAULT_TYPES)


@pytest.mark.parametrize(("unordered", "ignored"), list(product([False, True], repeat=2)))
async def test_each_payment_of_a_batch_is_made_once_and_told_to_its_own_action(
    unordered: bool, ignored: bool
) -> None:
    connected = await company(batch_unordered=unordered, request_id_ignored=ignored)
    intents = payments(connected, 10)
    ended = await connected.vendor.writer.write_together(connected.session, intents)
    truth = connected.truth()["Payment"]
    for intent, written in zip(intents, ended, strict=True):
        assert isinstance(written, Written)
        assert written.record is not None
        assert truth[written.record.object_id] == written.record.payload
        assert connected.vendor.writer.is_ours(intent.action_id, written.record.payload)
        assert (written.status, written.trace_id is not None) == (200, True)
    assert len(connected.sandbox.applied_writes()) == 10


async def test_a_lost_answer_leaves_all_unknown_and_each_is_found_by_its_mark() -> None:
    connected = await company()
    writes = frozenset({Route.WRITE})
    connected.sandbox.inject(Fault(FaultKind.RESET, routes=writes, count=1, executed=True))
    intents = payments(connected, 3)
    writer = connected.vendor.writer
    with pytest.raises(UnknownOutcomeError):
        await writer.write_together(connected.session, intents)
    for intent in intents:
        found = await writer.read_back(connected.session, intent, EPOCH)
        assert isinstance(found, Written)
        assert found.record is not None
        assert writer.is_ours(intent.action_id, found.record.payload)


@pytest.mark.parametrize("executed", [False, True])
async def test_an_item_with_the_vendors_own_fault_is_unknown_and_the_others_are_done(
    executed: bool,
) -> None:
    connected = await company()
    connected.sandbox.inject(Fault(FaultKind.ITEM_FAULT, executed=executed))
    intents = payments(connected, 3)
    writer = connected.vendor.writer
    ended = await writer.write_together(connected.session, intents)
    unknown = [
        intent for intent, each in zip(intents, ended, strict=True) if isinstance(each, VendorError)
    ]
    assert len(unknown) == 1
    found = await writer.read_back(connected.session, unknown[0], EPOCH)
    assert isinstance(found, Written if executed else NotFound)


async def test_a_lapsed_subscription_refuses_each_write() -> None:
    connected = await company()
    intents = payments(connected, 2)
    connected.sandbox.set_subscription(connected.realm, Subscription.EXPIRED)
    ended = await connected.vendor.writer.write_together(connected.session, intents)
    assert [(type(each), getattr(each, "code", "")) for each in ended] == [
        (RejectedError, "6190")
    ] * 2
