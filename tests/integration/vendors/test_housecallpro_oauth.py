"""Companies that an OAuth partner speaks for, with tokens that end, instead of with a key."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import httpx
import msgspec
import pytest

from actors import events
from actors.credential import Credential
from actors.errors import GrantRefusedError, RejectedError, TransientError
from actors.status import AccountState
from actors.vendors.housecallpro import FORM, HousecallPro
from daemon.sandbox.housecallpro import FaultKind, HousecallProSandbox
from daemon.sandbox.transport import SandboxTransport
from support.conformance.housecallpro_trial import api_settings
from support.conformance.trial_house import TrialHouse, open_trial_house

if TYPE_CHECKING:
    from support.conformance.housecallpro_trial import HousecallProTrial

DAY_S = 86_400.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TrialHouse]:
    async with open_trial_house("housecallpro", tmp_path) as opened:
        yield opened


def sandbox_of(house: TrialHouse) -> HousecallProSandbox:
    return cast("HousecallProTrial", house.trial).sandbox


def proof(**given: str) -> str:
    grant = msgspec.convert(given, FORM.grant)
    return grant.proof  # type: ignore[attr-defined,no-any-return]


async def consented(house: TrialHouse) -> tuple[str, Credential]:
    company = house.trial.found_company()
    code = sandbox_of(house).partner.consent(company)
    return company, await house.trial.vendor.exchange(proof(authorization_code=code), "")


@pytest.mark.parametrize(
    "given", [{}, {"api_key": "a", "authorization_code": "b"}, {"api_key": "a key"}]
)
def test_it_is_a_key_or_a_code(given: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, FORM.grant)


async def test_a_code_gets_tokens_for_thirty_days_and_tells_whose_they_are(
    house: TrialHouse,
) -> None:
    company, credential = await consented(house)
    assert credential.company == company
    lives = credential.access_expires_at - credential.obtained_at
    assert lives.total_seconds() == 30 * DAY_S


async def test_a_code_works_once(house: TrialHouse) -> None:
    company = house.trial.found_company()
    code = proof(authorization_code=sandbox_of(house).partner.consent(company))
    await house.trial.vendor.exchange(code, "")
    with pytest.raises(GrantRefusedError):
        await house.trial.vendor.exchange(code, "")


@pytest.mark.parametrize("rotates", [True, False])
async def test_tokens_are_renewed_again_and_again(house: TrialHouse, *, rotates: bool) -> None:
    sandbox_of(house).partner.rotates = rotates
    company, first = await consented(house)
    second = await house.trial.vendor.refresh(first)
    third = await house.trial.vendor.refresh(second)
    assert third.company == company
    assert len({each.access_token for each in (first, second, third)}) == 3
    if rotates:
        with pytest.raises(GrantRefusedError):
            await house.trial.vendor.refresh(first)
    else:
        await house.trial.vendor.refresh(first)


async def test_trouble_of_the_endpoint_is_no_refusal(house: TrialHouse) -> None:
    _, credential = await consented(house)
    for kind in (FaultKind.GATEWAY_502, FaultKind.EMPTY_503, FaultKind.PAGE_WITH_200):
        sandbox_of(house).faults.add(kind, "/oauth/token")
        with pytest.raises(TransientError):
            await house.trial.vendor.refresh(credential)
    await house.trial.vendor.refresh(credential)


@pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_id": ""}])
async def test_a_wrong_or_missing_client_is_ours_to_mend(
    house: TrialHouse, change: dict[str, str]
) -> None:
    http = httpx.AsyncClient(transport=SandboxTransport(sandbox_of(house)), trust_env=False)
    settings = replace(api_settings(), **change)  # type: ignore[arg-type]
    vendor = HousecallPro(settings, http, house.clock, house.heard.append)
    code = sandbox_of(house).partner.consent(house.trial.found_company())
    with pytest.raises(RejectedError, match="client_id"):
        await vendor.exchange(proof(authorization_code=code), "")
    await vendor.close()


async def test_a_company_is_synced_with_tokens_beyond_their_end(house: TrialHouse) -> None:
    sandbox_of(house).partner.lifetime_s = 3600.0
    company, credential = await consented(house)
    sealed = house.sealer.seal(credential)
    account, _ = await house.store.connect(
        house.name, company, company, sealed, house.clock.utc(), "account"
    )
    house.companies[account.id] = company
    async with house.syncing():
        await anyio.sleep(10_000.0)
        house.trial.change(company)
        await anyio.sleep(2_000.0)
        assert await house.is_exact(account.id)
        assert await house.state(account.id) is AccountState.LIVE
        sandbox_of(house).partner.withdraw(company)
        await anyio.sleep(10_000.0)
        assert await house.state(account.id) is AccountState.REAUTH_REQUIRED
    assert credential.access_token.removeprefix("Bearer ") not in repr(house.heard)
    operations = [event.operation for event in house.told(events.CallMade)]
    assert operations.count("token") >= 4
