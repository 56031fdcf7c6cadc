from math import inf

import anyio
import pytest

from actors.mailbox import Mailbox, MailboxFullError
from support.virtual_time import VirtualClock


async def test_messages_come_out_in_the_order_they_were_put_in() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.post(1)
    mailbox.report(2)
    mailbox.post(3)
    assert [await mailbox.receive(0) for _ in range(3)] == [1, 2, 3]


async def test_an_empty_mailbox_says_so_after_the_timeout() -> None:
    clock, mailbox = VirtualClock(), Mailbox[int]()
    assert await mailbox.receive(12.5) is None
    assert clock.now().monotonic_s == 12.5


async def test_a_timeout_that_is_over_does_not_wait() -> None:
    clock, mailbox = VirtualClock(), Mailbox[int]()
    assert await mailbox.receive(-5) is None
    assert clock.now().monotonic_s == 0


async def test_a_message_ends_the_wait_at_once() -> None:
    clock, mailbox = VirtualClock(), Mailbox[int]()

    async def post_later() -> None:
        await anyio.sleep(3)
        mailbox.post(7)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post_later)
        assert await mailbox.receive(inf) == 7
    assert clock.now().monotonic_s == 3


async def test_a_wait_begun_after_a_timeout_still_hears_messages() -> None:
    mailbox: Mailbox[int] = Mailbox()
    assert await mailbox.receive(1) is None

    async def post_later() -> None:
        await anyio.sleep(1)
        mailbox.report(8)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post_later)
        assert await mailbox.receive(inf) == 8


async def test_a_wait_that_a_message_ended_does_not_cut_the_next_one_short() -> None:
    clock, mailbox = VirtualClock(), Mailbox[int]()

    async def post_later() -> None:
        await anyio.sleep(1)
        mailbox.post(7)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post_later)
        assert await mailbox.receive(10) == 7
    assert await mailbox.receive(100) is None
    assert clock.now().monotonic_s == 101


async def test_a_cancelled_wait_loses_no_message() -> None:
    mailbox: Mailbox[int] = Mailbox()
    with anyio.move_on_after(1):
        await mailbox.receive(inf)
    mailbox.post(9)
    assert await mailbox.receive(0) == 9


def test_posting_is_bounded() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in range(16):
        mailbox.post(number)
    with pytest.raises(MailboxFullError):
        mailbox.post(16)


def test_results_are_taken_however_full_it_is() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in range(16):
        mailbox.post(number)
    for number in range(100):
        mailbox.report(number)


async def test_reading_makes_room_for_posts_but_reading_results_does_not() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.report("result")
    for _ in range(16):
        mailbox.post("message")
    assert await mailbox.receive(0) == "result"
    with pytest.raises(MailboxFullError):
        mailbox.post("one too many")
    assert await mailbox.receive(0) == "message"
    mailbox.post("fits")
