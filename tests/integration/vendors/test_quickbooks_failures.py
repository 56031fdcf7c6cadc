"""What the sandbox's faults and refusals turn into."""

import anyio
import pytest

from actors.errors import (
    GrantRefusedError,
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.base import Session
from actors.vendors.quickbooks import QuickBooks
from daemon.sandbox.quickbooks import (
    Fault,
    FaultKind,
    Limits,
    QuickBooksSandbox,
    Route,
    ThrottleForm,
)
from daemon.sandbox.quickbooks.faults import ITEM_FAULTS
from support.quickbooks_replica import ORIGIN, ConnectedCompany, connect, settings
from support.virtual_time import VirtualClock


async def company(**options: object) -> ConnectedCompany:
    sandbox = QuickBooksSandbox(VirtualClock().utc, limits=None)
    return await connect(sandbox, sandbox.add_company(sizes={"Invoice": 30}))


async def failure_of(connected: ConnectedCompany) -> VendorError:
    replica = connected.replica(["Invoice"])
    with pytest.raises(VendorError) as caught:
        await replica.settle()
    assert connected.credential.access_token[:20] not in f"{caught.value!r}"
    assert replica.bodies() == {}
    return caught.value


OUTCOMES = {
    FaultKind.HTML_503: (TransientError, 503, None),
    FaultKind.EMPTY_502: (TransientError, 502, None),
    FaultKind.GATEWAY_TIMEOUT: (TransientError, 504, "6002"),
    FaultKind.INTERNAL_3100: (TransientError, 500, "3100"),
    FaultKind.SYSTEM_10000: (TransientError, 500, "10000"),
    FaultKind.SPURIOUS_500: (TransientError, 400, "500"),
    FaultKind.UNAUTHORIZED: (ReauthorizeError, 401, "3200"),
    FaultKind.GENERAL_AUTHENTICATION: (ReauthorizeError, 401, "100"),
    FaultKind.WRONG_CLUSTER: (ReauthorizeError, 401, "130"),
    FaultKind.FORBIDDEN: (ReauthorizeError, 403, "3100"),
    FaultKind.LOWERCASE_FAULT: (TransientError, 500, "3200"),
    FaultKind.BARE_FAULT: (RejectedError, 400, "2030"),
    FaultKind.THROTTLE_XML: (ThrottledError, 429, "3001"),
    FaultKind.THROTTLE_JSON: (ThrottledError, 429, "3001"),
    FaultKind.THROTTLE_HISTORIC: (ThrottledError, 403, "3001"),
    FaultKind.BACK_SOON: (TransientError, 200, None),
    FaultKind.FAULT_IN_200: (TransientError, 200, "10000"),
    FaultKind.FAULT_IN_QUERY_RESPONSE: (TransientError, 200, "4002"),
    FaultKind.RESET: (TransientError, None, None),
    FaultKind.RESET_IN_BODY: (TransientError, None, None),
    FaultKind.TRUNCATED: (TransientError, 200, None),
    FaultKind.SLOW_BODY: (TransientError, None, None),
    FaultKind.HANG: (TransientError, None, None),
}


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_each_fault_is_what_the_caller_can_do_about_it(kind: FaultKind) -> None:
    outcome, status, code = OUTCOMES[kind]
    connected = await company()
    connected.sandbox.inject(Fault(kind, frozenset({Route.QUERY})))
    error = await failure_of(connected)
    assert type(error) is outcome
    assert (error.status, error.code) == (status, code)
    told = connected.events[-1]
    assert (told.status, told.reason) == (status, error.reason)
    assert told.trace_id == error.trace_id
    assert (told.trace_id is not None) == (status is not None)


def test_every_fault_of_the_api_has_its_outcome() -> None:
    others = {FaultKind.INVALID_GRANT, FaultKind.CDC_FALSE_DELETE, FaultKind.CDC_MISS_DELETE}
    others |= ITEM_FAULTS
    assert set(OUTCOMES) | others == set(FaultKind)


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.SLOW_BODY])
async def test_no_call_outlasts_its_deadline(kind: FaultKind) -> None:
    connected = await company()
    connected.sandbox.inject(Fault(kind, delay_s=120))
    began_s = anyio.current_time()
    await failure_of(connected)
    assert anyio.current_time() - began_s == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("form", ThrottleForm)
async def test_going_over_the_limit_says_how_long_to_wait(form: ThrottleForm) -> None:
    connected = await company()
    connected.sandbox.set_limits(Limits(per_second=0, form=form))
    error = await failure_of(connected)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == 60


async def test_a_user_who_is_no_admin_any_more_is_a_matter_of_access() -> None:
    connected = await company()
    connected.sandbox.lose_admin(connected.realm)
    error = await failure_of(connected)
    assert (type(error), error.code) == (ReauthorizeError, "120")


async def test_a_scope_that_was_taken_away_is_a_matter_of_access() -> None:
    connected = await company()
    connected.sandbox.lose_scope(connected.realm)
    error = await failure_of(connected)
    assert (type(error), error.code) == (ReauthorizeError, "3100")


async def test_a_company_that_was_deleted_is_a_matter_of_access() -> None:
    connected = await company()
    connected.sandbox.delete_company(connected.realm)
    assert type(await failure_of(connected)) is ReauthorizeError


async def test_an_access_token_that_ran_out_is_refused_and_a_refresh_helps() -> None:
    connected = await company()
    await anyio.sleep(3601)
    error = await failure_of(connected)
    assert (type(error), error.code) == (ReauthorizeError, "3200")
    connected.credential = await connected.vendor.refresh(connected.credential)
    assert await connected.vendor.company_name(connected.session)


async def test_another_company_is_not_opened_by_these_tokens() -> None:
    connected = await company()
    other = connected.sandbox.add_company()
    session = Session(other, connected.credential.access_token, connected.session.permit)
    with pytest.raises(ReauthorizeError):
        await connected.vendor.company_name(session)


async def test_the_refresh_token_changes_after_a_day_and_the_old_one_is_dead() -> None:
    connected = await company()
    old = connected.credential
    await anyio.sleep(3600)
    same = await connected.vendor.refresh(old)
    assert same.refresh_token == old.refresh_token
    assert same.access_token != old.access_token
    await anyio.sleep(86_400)
    new = await connected.vendor.refresh(same)
    assert new.refresh_token != old.refresh_token
    assert new.refresh_hard_expires_at is not None
    assert old.refresh_hard_expires_at is not None
    drift = new.refresh_hard_expires_at - old.refresh_hard_expires_at
    assert abs(drift.total_seconds()) <= 1
    with pytest.raises(GrantRefusedError, match="invalid_grant"):
        await connected.vendor.refresh(old)


@pytest.mark.parametrize("describe", [True, False])
async def test_a_code_is_good_once(describe: bool) -> None:
    connected = await company()
    connected.sandbox.behaviour.describe_invalid_grant = describe
    code = connected.sandbox.issue_code(connected.realm)
    await connected.vendor.exchange(code, connected.realm)
    for spent in (code, "never-issued"):
        with pytest.raises(GrantRefusedError):
            await connected.vendor.exchange(spent, connected.realm)


@pytest.mark.parametrize("status", [400, 401])
async def test_a_wrong_client_secret_is_for_the_operator(status: int) -> None:
    connected = await company()
    connected.sandbox.behaviour.invalid_client_status = status
    http = connected.vendor_client()
    vendor = QuickBooks(settings(client_secret="wrong"), http, VirtualClock(), lambda _event: None)
    with pytest.raises(RejectedError, match="check client_id and client_secret"):
        await vendor.exchange(connected.sandbox.issue_code(connected.realm), connected.realm)
    with pytest.raises(RejectedError, match="check client_id and client_secret"):
        await vendor.revoke(connected.credential)


async def test_a_lost_answer_to_a_refresh_is_transient_and_the_token_is_spent() -> None:
    connected = await company()
    await anyio.sleep(2 * 86_400)
    connected.sandbox.inject(
        Fault(FaultKind.RESET, frozenset({Route.TOKEN}), executed=True, count=1)
    )
    with pytest.raises(TransientError):
        await connected.vendor.refresh(connected.credential)
    await anyio.sleep(60)
    with pytest.raises(GrantRefusedError):
        await connected.vendor.refresh(connected.credential)


@pytest.mark.parametrize("kind", [FaultKind.HTML_503, FaultKind.BACK_SOON, FaultKind.TRUNCATED])
async def test_an_outage_of_the_token_endpoint_is_no_refusal(kind: FaultKind) -> None:
    connected = await company()
    connected.sandbox.inject(Fault(kind, frozenset({Route.TOKEN}), count=1))
    with pytest.raises(TransientError):
        await connected.vendor.refresh(connected.credential)


async def test_a_revoked_grant_opens_nothing_and_revoking_it_again_is_no_error() -> None:
    connected = await company()
    await connected.vendor.revoke(connected.credential)
    assert type(await failure_of(connected)) is ReauthorizeError
    with pytest.raises(GrantRefusedError):
        await connected.vendor.refresh(connected.credential)
    await connected.vendor.revoke(connected.credential)


async def test_an_owner_who_disconnects_ends_the_grant() -> None:
    connected = await company()
    connected.sandbox.disconnect(connected.realm)
    assert type(await failure_of(connected)) is ReauthorizeError
    with pytest.raises(GrantRefusedError):
        await connected.vendor.refresh(connected.credential)


async def test_consent_leads_back_with_a_code_that_works() -> None:
    connected = await company()
    http = connected.vendor_client()
    answer = await http.get(connected.vendor.authorize_url("state-1"))
    assert answer.status_code == 302
    assert answer.url.host == ORIGIN.removeprefix("http://")
    back = answer.next_request
    assert back is not None
    assert back.url.params["state"] == "state-1"
    assert back.url.params["realmId"] == connected.realm
    credential = await connected.vendor.exchange(back.url.params["code"], connected.realm)
    session = Session(connected.realm, credential.access_token, connected.session.permit)
    assert await connected.vendor.company_name(session)
