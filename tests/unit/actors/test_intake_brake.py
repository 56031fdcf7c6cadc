"""Deletes that are too many at once, from the feed and from comparisons."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from actors.gate import Gate
from actors.intake import Intake
from actors.settings import DeleteBrake
from actors.vendors.base import Look, Page, Priority, Session
from store.models import (
    ChangeFilter,
    ChangeOp,
    Cursor,
    CursorMove,
    PageApplied,
    Tombstone,
    Via,
)
from store.notice import Notice, NoticeCheck
from support.actor_house import House

NAMES = [f"{number:04}" for number in range(100)]
TYPES = ("Item", "Customer")


class Inbox:
    """An intake of a company with a hundred items and one customer."""

    def __init__(self, house: House, epoch: int) -> None:
        self.house = house
        self.intake = Intake(
            house.around.store,
            house.vendor,
            house.clock,
            house.account_id,
            epoch,
            house.settings,
        )
        self.session = Session(
            "1",
            "access-1",
            Gate(house.settings, house.clock, house.around.random, lambda _: None).permit(
                Priority.POLL
            ),
        )
        self.rounds = 0

    async def feed(self, claims: Sequence[Tombstone]) -> PageApplied:
        """Store a page of the feed, which covers a second more each time."""
        self.rounds += 1
        covered = self.house.clock.utc() + timedelta(seconds=self.rounds)
        moves = [CursorMove(name, "-", complete=True, covered_until=covered) for name in TYPES]
        page = Page(None, (), moves, claims)
        return await self.intake.store(self.session, self.look(), page)

    async def compare(
        self, seen: Sequence[str], check: NoticeCheck | None = None, via: Via = Via.BACKFILL
    ) -> PageApplied:
        """Store the only page of a full reading of the items."""
        self.rounds += 1
        covered = self.house.clock.utc() + timedelta(seconds=self.rounds)
        move = CursorMove("Item", "-", True, covered, True, True)  # noqa: FBT003
        page = Page(None, (), [move], seen=[("Item", name) for name in seen], compares=["Item"])
        look = Look("Item", via, Priority.BACKFILL, ("Item",), {})
        return await self.intake.store(self.session, look, page, check)

    def look(self) -> Look:
        cursors = {name: Cursor(name, "-", complete=True) for name in TYPES}
        return Look("feed", Via.POLL, Priority.POLL, TYPES, cursors)

    def claims(self, names: Sequence[str]) -> list[Tombstone]:
        later = self.house.clock.utc() + timedelta(seconds=1)
        return [Tombstone("Item", name, later) for name in names]

    def vanish(self, names: Sequence[str]) -> None:
        for name in names:
            self.house.vendor.vanish("Item", name)

    async def confirm(self, count: int) -> None:
        house = self.house
        await house.real_store.confirm_deletes(house.account_id, {"Item": count}, house.clock.utc())

    async def items(self) -> int:
        return len((await self.house.replica()).get("Item", {}))

    async def held(self) -> list[int]:
        house = self.house
        return [each.count for each in await house.real_store.held_deletes(house.account_id)]

    async def covered(self, name: str) -> object:
        cursors = await self.house.real_store.cursors(self.house.account_id)
        return next(each.covered_until for each in cursors if each.object_type == name)

    def reads(self) -> int:
        return self.house.vendor.count("read")


@pytest.fixture
async def inbox(house: House) -> Inbox:
    house.configure(object_types=TYPES, delete_brake=DeleteBrake(0.2, 50))
    claimed = await house.real_store.claim(house.account_id)
    inbox = Inbox(house, claimed.account.epoch)
    records = [house.vendor.put("Item", name) for name in NAMES]
    records.append(house.vendor.put("Customer", "c"))
    look = inbox.look()
    page = Page(None, records, [])
    await inbox.intake.store(inbox.session, look, page)
    await inbox.feed(())
    return inbox


async def test_too_many_claims_delete_nothing_and_hold_that_types_cursor(inbox: Inbox) -> None:
    before, other = await inbox.covered("Item"), await inbox.covered("Customer")
    inbox.vanish(NAMES)
    applied = await inbox.feed(inbox.claims(NAMES))
    assert (applied.deletes, [each.count for each in applied.held]) == (0, [100])
    assert await inbox.items() == 100
    assert await inbox.held() == [100]
    assert await inbox.covered("Item") == before
    assert await inbox.covered("Customer") != other
    assert applied.exact_as_of == before


async def test_while_they_are_held_few_objects_are_asked_about(inbox: Inbox) -> None:
    inbox.vanish(NAMES)
    for _ in range(10):
        await inbox.feed(inbox.claims(NAMES))
    assert inbox.reads() == 50


async def test_few_claims_are_settled_as_ever(inbox: Inbox) -> None:
    inbox.vanish(NAMES[:49])
    applied = await inbox.feed(inbox.claims(NAMES[:49]))
    assert (applied.deletes, applied.held) == (49, ())
    assert await inbox.items() == 51


async def test_many_claims_of_objects_that_we_never_had_hold_nothing(inbox: Inbox) -> None:
    applied = await inbox.feed(inbox.claims([f"unknown {number}" for number in range(200)]))
    assert applied.held == ()
    assert await inbox.held() == []


async def test_many_false_claims_are_denied_by_the_second_witness(inbox: Inbox) -> None:
    applied = await inbox.feed(inbox.claims(NAMES))
    assert (applied.deletes, applied.held) == (0, ())
    assert await inbox.items() == 100
    found = await inbox.house.real_store.history(inbox.house.account_id, "Item", NAMES[0])
    assert found is not None
    assert [each.rule for each in found.refusals] == ["second_witness_sees_it"]


async def test_what_is_confirmed_goes_and_the_hold_with_it(inbox: Inbox) -> None:
    inbox.vanish(NAMES)
    await inbox.feed(inbox.claims(NAMES))
    await inbox.confirm(100)
    applied = await inbox.feed(inbox.claims(NAMES))
    assert (applied.deletes, applied.held) == (100, ())
    assert await inbox.items() == 0
    assert await inbox.held() == []


async def test_more_than_was_confirmed_is_held_again(inbox: Inbox) -> None:
    inbox.vanish(NAMES)
    await inbox.feed(inbox.claims(NAMES[:60]))
    await inbox.confirm(60)
    assert (await inbox.feed(inbox.claims(NAMES))).deletes == 0
    assert await inbox.items() == 100
    assert await inbox.held() == [100]


async def test_a_word_that_is_a_day_old_holds_no_more(inbox: Inbox) -> None:
    inbox.vanish(NAMES)
    await inbox.feed(inbox.claims(NAMES))
    yesterday = inbox.house.clock.utc() - timedelta(hours=24)
    await inbox.house.real_store.confirm_deletes(inbox.house.account_id, {"Item": 100}, yesterday)
    assert (await inbox.feed(inbox.claims(NAMES))).deletes == 0


async def test_a_hold_is_over_when_the_vendor_claims_nothing_any_more(inbox: Inbox) -> None:
    inbox.vanish(NAMES)
    await inbox.feed(inbox.claims(NAMES))
    await inbox.feed(())
    assert await inbox.held() == []
    assert await inbox.items() == 100


async def test_a_comparison_that_misses_too_many_deletes_nothing(inbox: Inbox) -> None:
    inbox.vanish(NAMES[1:])
    before = await inbox.covered("Item")
    applied = await inbox.compare(NAMES[:1])
    assert (applied.deletes, [each.count for each in applied.held]) == (0, [99])
    assert await inbox.items() == 100
    assert await inbox.covered("Item") == before
    assert inbox.reads() == 5
    await inbox.confirm(99)
    assert (await inbox.compare(NAMES[:1])).deletes == 99
    assert await inbox.items() == 1
    assert await inbox.held() == []


async def test_a_comparison_whose_missing_objects_are_there_after_all_deletes_the_others(
    inbox: Inbox,
) -> None:
    inbox.vanish(NAMES[:30])
    applied = await inbox.compare([])
    assert (applied.deletes, applied.held) == (30, ())
    assert await inbox.items() == 70


async def test_a_comparison_is_held_by_what_is_really_gone(inbox: Inbox) -> None:
    inbox.vanish(NAMES[10:])
    applied = await inbox.compare([])
    assert (applied.deletes, [each.count for each in applied.held]) == (0, [90])
    assert await inbox.items() == 100


async def test_while_false_claims_are_among_them_all_are_asked_about_only_once(
    inbox: Inbox,
) -> None:
    inbox.vanish(NAMES[10:])
    for _ in range(5):
        applied = await inbox.feed(inbox.claims(NAMES))
        assert [each.live for each in applied.held] == [100]
    assert await inbox.items() == 100
    assert inbox.reads() == 5 + 100 + 4 * 5


async def test_a_brake_for_more_than_a_piece_holds_too(inbox: Inbox) -> None:
    brake = DeleteBrake(0.2, 1000)
    inbox.house.configure(delete_brake=brake)
    claimed = await inbox.house.real_store.claim(inbox.house.account_id)
    patient = Inbox(inbox.house, claimed.account.epoch)
    many = [f"more {number:04}" for number in range(1200)]
    records = [patient.house.vendor.put("Item", name) for name in many]
    await patient.intake.store(patient.session, patient.look(), Page(None, records, []))
    patient.vanish(many)
    applied = await patient.compare(NAMES)
    assert [each.count for each in applied.held] == [1200]


async def test_a_comparison_is_counted_as_a_whole_before_any_piece_goes(inbox: Inbox) -> None:
    many = [f"more {number:04}" for number in range(1200)]
    records = [inbox.house.vendor.put("Item", name) for name in many]
    await inbox.intake.store(inbox.session, inbox.look(), Page(None, records, []))
    inbox.vanish(many)
    applied = await inbox.compare(NAMES)
    assert [each.count for each in applied.held] == [1200]
    assert await inbox.items() == 1300


async def test_without_a_brake_all_is_deleted_at_once(inbox: Inbox) -> None:
    inbox.house.configure(delete_brake=None)
    claimed = await inbox.house.real_store.claim(inbox.house.account_id)
    unbraked = Inbox(inbox.house, claimed.account.epoch)
    inbox.vanish(NAMES)
    assert (await unbraked.feed(inbox.claims(NAMES))).deletes == 100


async def test_every_page_says_which_calls_brought_it(inbox: Inbox) -> None:
    inbox.session.trace_ids.extend(["t-1", "t-2"])
    record = inbox.house.vendor.put("Item", "traced")
    await inbox.intake.store(inbox.session, inbox.look(), Page(None, [record], []))
    found = await inbox.house.real_store.history(inbox.house.account_id, "Item", "traced")
    assert found is not None
    assert [(each.look, each.trace_ids) for each in found.versions] == [("feed", ("t-1", "t-2"))]
    assert inbox.session.trace_ids == []


@pytest.mark.parametrize("are_confirmed", [False, True])
async def test_deletes_that_a_comparison_finds_and_a_notice_told_of_are_by_webhook(
    inbox: Inbox, *, are_confirmed: bool
) -> None:
    house, count = inbox.house, 60 if are_confirmed else 5
    inbox.vanish(NAMES[:count])
    now = house.clock.utc()
    told = [Notice(f"e{name}", "1", "Item", name, "deleted", now) for name in NAMES[:count]]
    received = await house.real_store.receive_notices("scripted", told, now)
    check = NoticeCheck(answers=received.fresh[house.account_id])
    if are_confirmed:
        await inbox.compare(NAMES[count:], check, Via.POLL)
        await inbox.confirm(count)
    applied = await inbox.compare(NAMES[count:], check, Via.POLL)
    assert (applied.deletes, len(applied.hinted)) == (count, count)
    changes = await house.real_store.changes(ChangeFilter(limit=1000))
    assert {each.via for each in changes if each.op is ChangeOp.DELETE} == {Via.WEBHOOK}
    assert (await house.real_store.claim(house.account_id)).open_notices == ()
