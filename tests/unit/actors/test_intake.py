from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from actors.errors import TransientError
from actors.gate import Gate
from actors.intake import Intake
from actors.vendors.base import Look, Page, Priority, Session, Witness
from store.errors import StaleEpochError, StoreError, StoreUnavailableError
from store.models import (
    ChangeFilter,
    ChangeOp,
    CursorMove,
    ObjectRecord,
    PageApplied,
    Tombstone,
    Via,
)
from support.actor_house import House, full, no_trouble
from support.scripted_vendor import down

LOOK = Look("feed", Via.POLL, Priority.POLL, ("Item",), {})


@dataclass
class Inbox:
    """An intake of a freshly claimed account."""

    house: House
    intake: Intake
    session: Session

    async def store(self, page: Page, look: Look = LOOK) -> PageApplied:
        return await self.intake.store(self.session, look, page)

    async def held(self) -> list[str]:
        return sorted((await self.house.replica()).get("Item", {}))

    def put(self, *object_ids: str) -> list[ObjectRecord]:
        return [self.house.vendor.put("Item", object_id) for object_id in object_ids]


async def open_inbox(house: House) -> Inbox:
    claimed = await house.real_store.claim(house.account_id)
    gate = Gate(house.settings, house.clock, house.around.random, lambda _state: None)
    house.configure(object_types=("Item",))
    return Inbox(
        house,
        Intake(
            house.around.store,
            house.vendor,
            house.clock,
            house.account_id,
            claimed.account.epoch,
            house.settings,
        ),
        Session("1", "access-1", gate.permit(Priority.POLL)),
    )


@pytest.fixture
async def inbox(house: House) -> Inbox:
    return await open_inbox(house)


def page(
    objects: Sequence[ObjectRecord] = (),
    claims: Sequence[Tombstone] = (),
    *,
    seen: Sequence[str] = (),
    position: str = "-",
    begins: bool = False,
    ends: bool = False,
) -> Page:
    """Return a page; one that begins or ends a comparison says what it saw."""
    covered = objects[0].updated_at if objects else None
    move = CursorMove("Item", position, True, covered, begins, ends)  # noqa: FBT003
    return Page(
        vendor_time=None,
        objects=objects,
        cursors=[move],
        claims=claims,
        seen=[("Item", object_id) for object_id in seen],
        compares=["Item"] if ends else (),
    )


def gone(inbox: Inbox, *object_ids: str) -> list[Tombstone]:
    return [
        Tombstone("Item", object_id, inbox.house.clock.utc() + timedelta(seconds=1))
        for object_id in object_ids
    ]


@asynccontextmanager
async def unlimited(_operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
    """Let every call pass at once."""
    yield


def failing_at(number: int, method: str, error: Callable[[], StoreError]) -> Callable[[str], None]:
    """Fail the method's n-th call, from 1."""
    calls = 0

    def trouble(called: str) -> None:
        nonlocal calls
        calls += called == method
        if called == method and calls == number:
            raise error()

    return trouble


async def test_a_page_is_stored_with_its_cursor(inbox: Inbox) -> None:
    applied = await inbox.store(page(inbox.put("a", "b"), position="p7"))
    assert (applied.upserts, applied.deletes) == (2, 0)
    assert applied.exact_as_of is not None
    assert await inbox.held() == ["a", "b"]
    (cursor,) = await inbox.house.real_store.cursors(inbox.house.account_id)
    assert cursor.position == "p7"


async def test_what_two_witnesses_call_gone_is_deleted(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a", "b", "c")))
    inbox.house.vendor.vanish("Item", "b")
    applied = await inbox.store(page(claims=gone(inbox, "b")))
    assert applied.deletes == 1
    assert await inbox.held() == ["a", "c"]


async def test_what_the_second_witness_finds_is_kept_as_it_is_now(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a")))
    (newer,) = inbox.put("a")
    applied = await inbox.store(page(claims=gone(inbox, "a")))
    assert (applied.upserts, applied.deletes) == (1, 0)
    assert (await inbox.house.replica())["Item"] == {"a": newer.payload}


async def test_an_object_that_we_never_saw_is_stored_when_the_claim_is_false(inbox: Inbox) -> None:
    inbox.put("new")
    await inbox.store(page(claims=gone(inbox, "new")))
    assert await inbox.held() == ["new"]


async def test_a_claim_is_asked_about_once_however_often_it_is_repeated(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a")))
    inbox.house.vendor.vanish("Item", "a")
    claims = [*gone(inbox, "a"), *gone(inbox, "never seen")]
    for _ in range(5):
        await inbox.store(page(claims=claims))
    assert inbox.house.vendor.count("read") == 2


async def test_a_deletion_that_is_stored_is_not_asked_about_by_the_next_run(
    house: House, inbox: Inbox
) -> None:
    await inbox.store(page(inbox.put("a")))
    inbox.house.vendor.vanish("Item", "a")
    claims = gone(inbox, "a")
    await inbox.store(page(claims=claims))
    next_run = await open_inbox(house)
    await next_run.store(page(claims=claims))
    assert house.vendor.count("read") == 1


async def test_pages_of_other_looks_do_not_make_settled_claims_forgotten(inbox: Inbox) -> None:
    claims = gone(inbox, "never seen")
    backfill = Look("Item", Via.BACKFILL, Priority.BACKFILL, ("Item",), {})
    for _ in range(3):
        await inbox.store(page(claims=claims))
        await inbox.store(page(), backfill)
    assert inbox.house.vendor.count("read") == 1


async def test_a_false_claim_is_asked_about_again(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a")))
    claims = gone(inbox, "a")
    await inbox.store(page(claims=claims))
    inbox.house.vendor.vanish("Item", "a")
    await inbox.store(page(claims=claims))
    assert await inbox.held() == []


async def test_a_delete_that_was_not_stored_is_settled_again(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a")))
    inbox.house.vendor.vanish("Item", "a")
    claims = gone(inbox, "a")
    inbox.house.store.trouble = failing_at(1, "apply_page", lambda: StoreUnavailableError("full"))
    with pytest.raises(StoreUnavailableError):
        await inbox.store(page(claims=claims))
    await inbox.store(page(claims=claims))
    assert await inbox.held() == []


async def test_without_a_second_witness_nothing_is_stored(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a")))
    records = inbox.put("b")
    inbox.house.vendor.trouble = down
    with pytest.raises(TransientError):
        await inbox.store(page(records, gone(inbox, "a"), position="further"))
    assert await inbox.held() == ["a"]
    (cursor,) = await inbox.house.real_store.cursors(inbox.house.account_id)
    assert cursor.position == "-"


async def test_a_comparison_of_one_page_deletes_only_what_is_confirmed_gone(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a", "b", "hidden", "vanished")))
    inbox.house.vendor.vanish("Item", "vanished")
    records = inbox.put("a", "b")
    applied = await inbox.store(page(records, seen=["a", "b"], begins=True, ends=True))
    assert (applied.upserts, applied.deletes) == (2, 1)
    assert await inbox.held() == ["a", "b", "hidden"]


async def test_a_comparison_of_many_pages_deletes_what_none_of_them_saw(inbox: Inbox) -> None:
    names = [f"{number}" for number in range(6)]
    await inbox.store(page(inbox.put(*names)))
    for name in ("2", "5"):
        inbox.house.vendor.vanish("Item", name)
    await inbox.store(page(seen=["0", "1"], position="c1", begins=True))
    await inbox.store(page(seen=["3"], position="c2"))
    assert await inbox.held() == names
    await inbox.store(page(seen=["4"], ends=True))
    assert await inbox.held() == ["0", "1", "3", "4"]


async def test_what_an_earlier_comparison_saw_is_forgotten(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a", "b")))
    await inbox.store(page(seen=["a", "b"], position="c1", begins=True))
    inbox.house.vendor.vanish("Item", "b")
    await inbox.store(page(seen=["a"], begins=True, ends=True))
    assert await inbox.held() == ["a"]


async def test_a_comparison_settles_any_number_of_unseen_objects(house: House) -> None:
    house.configure(delete_brake=None)
    inbox = await open_inbox(house)
    names = [f"{number:04}" for number in range(1203)]
    await inbox.store(page(inbox.put(*names)))
    for name in names[3:]:
        inbox.house.vendor.vanish("Item", name)
    inbox.session = Session("1", "access-1", unlimited)
    applied = await inbox.store(page(seen=["0000"], begins=True, ends=True))
    assert applied.deletes == 1200
    assert await inbox.held() == names[:3]
    assert inbox.house.store.log.count("unseen") == 4


async def test_the_cursor_leaves_the_comparison_only_when_all_is_settled(inbox: Inbox) -> None:
    await inbox.store(page(inbox.put("a", "b")))
    inbox.house.vendor.trouble = down
    with pytest.raises(TransientError):
        await inbox.store(page(seen=["a"], position="done", begins=True, ends=True))
    (cursor,) = await inbox.house.real_store.cursors(inbox.house.account_id)
    assert cursor.position == "-"
    assert await inbox.held() == ["a", "b"]


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_comparison_broken_off_between_its_writes_is_made_good_by_a_repeat(
    inbox: Inbox, number: int
) -> None:
    await inbox.store(page(inbox.put("a", "b", "c")))
    inbox.house.vendor.vanish("Item", "c")
    last = page(inbox.put("a", "b"), seen=["a", "b"], position="done", begins=True, ends=True)
    inbox.house.store.trouble = failing_at(number, "apply_page", lambda: StoreError("crash"))
    with pytest.raises(StoreError):
        await inbox.store(last)
    inbox.house.store.trouble = no_trouble
    await inbox.store(last)
    assert await inbox.held() == ["a", "b"]
    changes = await inbox.house.real_store.changes(ChangeFilter(limit=1000))
    assert [each.op for each in changes].count(ChangeOp.DELETE) == 1
    assert [each.op for each in changes].count(ChangeOp.UPSERT) == 5
    (cursor,) = await inbox.house.real_store.cursors(inbox.house.account_id)
    assert cursor.position == "done"


async def test_a_comparison_that_nobody_answers_for_ends(inbox: Inbox) -> None:
    """A second witness that says neither alive nor gone must not be asked for ever."""
    await inbox.store(page(inbox.put("a")))

    async def silent(_session: Session, _claims: Sequence[Tombstone]) -> Witness:
        return Witness((), ())

    inbox.house.vendor.confirm_gone = silent  # type: ignore[assignment,method-assign]
    with pytest.raises(TransientError, match="neither"):
        await inbox.store(page(begins=True, ends=True))
    assert await inbox.held() == ["a"]


async def test_another_owner_is_not_written_over(inbox: Inbox) -> None:
    await inbox.house.real_store.claim(inbox.house.account_id)
    with pytest.raises(StaleEpochError):
        await inbox.store(page(inbox.put("a")))


async def test_a_full_store_says_so(inbox: Inbox) -> None:
    inbox.house.store.trouble = full
    with pytest.raises(StoreUnavailableError):
        await inbox.store(page(inbox.put("a")))


async def test_changes_name_the_channel_that_brought_them(inbox: Inbox) -> None:
    look = Look("Item", Via.VERIFY, Priority.VERIFY, ("Item",), {})
    await inbox.store(page(inbox.put("a")), look)
    (change,) = await inbox.house.real_store.changes(ChangeFilter())
    assert change.via is Via.VERIFY
