"""What is ServiceTitan's own: feeds with opaque tokens, deletions that look like rests, keys."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import pytest
from msgspec.structs import replace

from actors import events
from actors.messages import RescanRequested
from actors.status import AccountState
from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.servicetitan import FaultKind, ServiceTitanSandbox, Tenant
from store.models import ChangeOp
from store.relational.credentials import read_open_refresh
from support.conformance.trial_house import TrialHouse, open_trial_house
from support.store_fixtures import on_writer

if TYPE_CHECKING:
    from support.conformance.servicetitan_trial import ServiceTitanTrial

BACKFILL_S = 900.0
NEWS_S = 2000.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TrialHouse]:
    async with open_trial_house("servicetitan", tmp_path) as opened:
        yield opened


def vendor_of(house: TrialHouse) -> ServiceTitanSandbox:
    return cast("ServiceTitanTrial", house.trial).sandbox


def tenant_of(house: TrialHouse, account_id: str) -> Tenant:
    return vendor_of(house).tenants[house.companies[account_id]]


async def deletes(house: TrialHouse, account_id: str) -> list[tuple[str, str]]:
    changes = await house.changes(account_id)
    return [(each.object_type, each.object_id) for each in changes if each.op is ChangeOp.DELETE]


async def test_tokens_that_ended_are_given_up_and_nothing_is_missed(house: TrialHouse) -> None:
    account_id = await house.connect()
    await house.sync_for(BACKFILL_S)
    vendor_of(house).feeds.tokens_live_s = 60.0
    house.trial.live_on(house.companies[account_id])
    async with house.syncing():
        await anyio.sleep(NEWS_S)
        house.trial.live_on(house.companies[account_id])
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE


async def test_token_that_ends_in_the_first_reading_begins_it_anew(house: TrialHouse) -> None:
    account_id = await house.connect()
    await house.sync_until_calls(4)
    vendor_of(house).feeds.tokens_live_s = 3600.0
    await anyio.sleep(7200.0)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        assert await house.is_exact(account_id)


async def test_change_that_moved_no_time_is_found_by_verification(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        tenant = tenant_of(house, account_id)
        estimate = min(tenant.objects["estimates"])
        tenant.change_silently("estimates", estimate, soldOn="2026-01-01T00:00:00Z")
        await anyio.sleep(NEWS_S)
        assert not await house.is_exact(account_id)
        found = await house.verified(account_id)
        assert await house.is_exact(account_id)
    assert {each.object_type: each.differing for each in found.types if each.differing} == {
        "estimates": (str(estimate),)
    }


async def test_merged_customer_stays_and_says_into_which(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        loser, winner, *_ = sorted(tenant_of(house, account_id).objects["customers"])
        now = house.clock.utc()
        tenant_of(house, account_id).merge("customers", loser, winner, now)
        await anyio.sleep(NEWS_S)
    held = (await house.replica(account_id))["customers"][str(loser)]
    assert json.loads(held)["mergedToId"] == winner
    assert await deletes(house, account_id) == []


async def test_what_was_deleted_before_it_was_seen_never_comes(house: TrialHouse) -> None:
    company = house.trial.found_company()
    object_type, object_id = house.trial.delete(company)
    await anyio.sleep(600.0)
    account_id = await house.connect(company)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        assert await house.is_exact(account_id)
    told = {(each.object_type, each.object_id) for each in await house.changes(account_id)}
    assert (object_type, object_id) not in told


async def test_object_that_left_without_a_word_goes_with_a_full_reading(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        tenant = tenant_of(house, account_id)
        lost = min(tenant.objects["leads"])
        del tenant.objects["leads"][lost]
        tenant.versions = [each for each in tenant.versions if each.object_id != lost]
        await anyio.sleep(NEWS_S)
        assert await deletes(house, account_id) == []
        await house.store.request_rescan(account_id, ["leads"])
        assert house.supervisor is not None
        house.supervisor.post(account_id, RescanRequested(("leads",)))
        await anyio.sleep(BACKFILL_S)
        assert await house.is_exact(account_id)
    assert await deletes(house, account_id) == [("leads", str(lost))]


async def test_list_that_hides_rows_deletes_nothing(
    house: TrialHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    vendor = vendor_of(house)
    honest = vendor.handle

    def hide(request: SandboxRequest) -> SandboxReply:
        reply = honest(request)
        if "ids" not in request.params() or reply.status != 200:
            return reply
        body = json.dumps(json.loads(reply.body) | {"data": []}).encode()
        return replace(reply, body=body)

    monkeypatch.setattr(vendor, "handle", hide)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        kind, object_id = house.trial.switch_off(house.companies[account_id])
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)
    assert object_id in (await house.replica(account_id))[kind]
    assert await deletes(house, account_id) == []


async def test_list_that_ignores_what_was_asked_for_is_not_believed(
    house: TrialHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    vendor = vendor_of(house)
    honest = vendor.handle

    def ignore(request: SandboxRequest) -> SandboxReply:
        return honest(replace(request, query=request.query.replace("ids=", "identifiers=")))

    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        monkeypatch.setattr(vendor, "handle", ignore)
        house.trial.delete(house.companies[account_id])
        await anyio.sleep(NEWS_S)
        assert await deletes(house, account_id) == []
        assert await house.state(account_id) is AccountState.DEGRADED
        monkeypatch.setattr(vendor, "handle", honest)
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)


async def test_tokens_are_got_with_the_keys_again_and_again_without_a_journal(
    house: TrialHouse,
) -> None:
    account_id = await house.connect()
    await house.sync_for(4 * 3600.0)
    assert len(house.told(events.TokenRefreshed)) > 3
    left = await on_writer(
        house.store, lambda connection: read_open_refresh(connection, account_id)
    )
    assert left is None
    written = await on_writer(
        house.store,
        lambda connection: connection.execute("SELECT count(*) FROM refresh_journal").fetchone()[0],
    )
    assert written == 0


async def test_new_keys_bring_an_account_back(house: TrialHouse) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        house.trial.withdraw(company)
        await anyio.sleep(NEWS_S)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED
    assert "keys" in ((await house.account(account_id)).reauth_cause or "")
    assert await house.connect(company) == account_id
    house.trial.change(company)
    async with house.syncing():
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE


async def test_scope_that_was_not_granted_is_said_and_asks_for_no_reconnect(
    house: TrialHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        calls = len(house.told(events.CallMade))
        vendor_of(house).faults.add(FaultKind.FORBIDDEN, "/leads", None)
        await anyio.sleep(6 * 3600.0)
        assert await house.state(account_id) is AccountState.DEGRADED
        assert len(house.told(events.CallMade)) - calls < 2000
    refused = [event for event in house.told(events.LookAbandoned) if "403" in event.error]
    assert refused
    assert {event.look for event in refused} == {"leads"}


async def test_answers_without_their_time_promise_nothing(house: TrialHouse) -> None:
    account_id = await house.connect()
    vendor_of(house).faults.add(FaultKind.WITHOUT_TIME, "", None)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        assert await house.is_exact(account_id)
        assert (await house.account(account_id)).exact_as_of is None
        vendor_of(house).faults.clear()
        await anyio.sleep(NEWS_S)
        assert (await house.account(account_id)).exact_as_of is not None
