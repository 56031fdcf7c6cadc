"""A verification over a scripted vendor: what goes wrong midway."""

import anyio

from actors import events
from actors.errors import TransientError
from actors.messages import Stop, VerificationRequested
from store.verification import Certificate
from support.actor_house import House, Run, full, no_trouble
from support.scripted_vendor import ScriptedVendor, down


def fill(vendor: ScriptedVendor, number: int = 10) -> None:
    for each in range(number):
        vendor.put("Customer", f"{each:03}")
        vendor.put("Invoice", f"{each:03}")
    vendor.put("Item", "1")


async def ask(house: House, run: Run, *, repair: bool = True) -> int:
    number = await house.real_store.request_verification(house.account_id, repair=repair)
    run.actor.post(VerificationRequested(number, repair))
    return number


async def answer(house: House, number: int, within_s: float = 5000.0) -> Certificate:
    with anyio.fail_after(within_s):
        while True:
            found = await house.real_store.certificate(house.account_id)
            if found is not None and found.answers >= number:
                return found
            await anyio.sleep(0.5)


async def test_all_is_compared_and_the_certificate_told(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        found = await answer(house, await ask(house, run))
        assert (found.exact, found.complete, found.number) == (True, True, 1)
        assert [each.vendor_count for each in found.types] == [10, 10, 1]
        (told,) = house.told(events.VerificationEnded)
        assert told.certificate == found
        # Four pages and a count, twice; one page.
        assert found.reads == 11


async def test_a_reading_that_ends_too_soon_is_made_twice_and_then_told(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        hidden = house.vendor.objects["Invoice"]
        shown = dict(list(hidden.items())[:7])
        counted = house.vendor.count_objects

        def hide(operation: str) -> None:
            lists = operation.startswith(("list:Invoice", "read"))
            house.vendor.objects["Invoice"] = shown if lists else hidden

        house.vendor.trouble = hide
        found = await answer(house, await ask(house, run))
        assert counted is not None
        invoices = found.types[1]
        assert not invoices.complete
        assert (invoices.vendor_count, invoices.extra_count) == (10, 0)
        assert (found.exact, found.repaired, found.complete) == (False, False, False)
        assert house.vendor.count("count:Invoice") >= 2
        house.vendor.trouble = no_trouble
        house.vendor.objects["Invoice"] = hidden
        assert (await answer(house, await ask(house, run))).exact
    assert len((await house.replica())["Invoice"]) == 10


async def test_calls_that_fail_are_made_again_from_the_page_in_hand(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        before = len(house.vendor.calls)
        failed: list[str] = []

        def sometimes(operation: str) -> None:
            if operation == "list:Invoice" and len(failed) < 3:
                failed.append(operation)
                raise TransientError("HTTP 503", status=503)

        house.vendor.trouble = sometimes
        found = await answer(house, await ask(house, run))
        assert found.exact
        assert found.reads == 11 + len(failed)
        assert house.vendor.count("list:Customer") <= 8
        assert len(house.vendor.calls) > before


async def test_one_that_fails_for_good_is_visible_and_comes_again(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)

        def never(operation: str) -> None:
            if operation.startswith("list:"):
                down(operation)

        house.vendor.trouble = never
        number = await ask(house, run)
        await anyio.sleep(4 * 3600)
        assert house.told(events.VerificationAbandoned)
        status = run.actor.status()
        assert status.verification_error is not None
        assert status.verification_in_s is not None
        house.vendor.trouble = no_trouble
        assert (await answer(house, number, 24 * 3600.0)).exact
        assert run.actor.status().verification_error is None


async def test_a_stop_does_not_wait_for_it_and_the_request_stays(house: House) -> None:
    fill(house.vendor, 50)
    async with house.running() as run:
        await anyio.sleep(700)
        number = await ask(house, run)
        await anyio.sleep(0.5)
        assert run.actor.status().verification is not None
        run.actor.post(Stop())
        await anyio.sleep(1)
        assert run.ended_by() is not None
    assert await house.real_store.certificate(house.account_id) is None
    async with house.running():
        assert (await answer(house, number)).exact


async def test_progress_is_shown(house: House) -> None:
    fill(house.vendor, 50)
    async with house.running() as run:
        await anyio.sleep(700)
        await ask(house, run)
        await anyio.sleep(2.5)
        progress = run.actor.status().verification
        assert progress is not None
        assert (progress.object_type, progress.types_done, progress.types) == ("Invoice", 1, 3)
        assert 50 < progress.objects < 101
        assert progress.reads > 17


async def test_enough_calls_end_it_unfinished(house: House) -> None:
    fill(house.vendor)
    house.configure(verify_max_reads=6)
    async with house.running() as run:
        await anyio.sleep(700)
        found = await answer(house, await ask(house, run))
        assert (found.complete, found.exact, found.differences) == (False, False, 0)
        assert found.reads == 6
        assert [each.complete for each in found.types] == [True, False]


async def test_a_store_that_takes_no_certificate_is_waited_for(house: House) -> None:
    fill(house.vendor)
    async with house.running() as run:
        await anyio.sleep(700)
        house.store.trouble = lambda method: full(method) if method == "store_certificate" else None
        number = await ask(house, run)
        await anyio.sleep(60)
        house.store.trouble = lambda _: None
        assert (await answer(house, number)).exact


async def test_it_is_made_by_itself_every_interval(house: House) -> None:
    fill(house.vendor)
    house.configure(verify_interval_s=3600.0)
    async with house.running():
        await anyio.sleep(3500)
        assert not house.told(events.VerificationEnded)
        await anyio.sleep(4 * 3600)
    ended = house.told(events.VerificationEnded)
    assert [event.certificate.number for event in ended] == [1, 2, 3] or len(ended) == 4
    assert all(event.certificate.exact and event.certificate.repair for event in ended)
