from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from actors.credential import Credential
from daemon.connect_errors import (
    CodeRefusedError,
    ConsentRefusedError,
    VendorFailedError,
    WrongCompanyError,
)
from daemon.sandbox.quickbooks import Fault, FaultKind
from daemon.sandbox.quickbooks.routes import Route
from store.errors import StoreFullError, StoreUnavailableError
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock
from support.web_house import House, house


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, clock=VirtualClock()) as found:
        yield found


def state_in(address: str) -> str:
    return address.partition("state=")[2]


def name_fault(kind: FaultKind, count: int | None = None) -> Fault:
    return Fault(kind, routes=frozenset({Route.READ}), count=count)


async def connect(home: House, realm_id: str) -> tuple[str, bool]:
    code = home.sandbox.issue_code(realm_id)
    account, created = await home.connector.connect("quickbooks", code, realm_id)
    return account.id, created


async def test_finish_connects_with_the_state_that_came_back(home: House) -> None:
    realm_id = home.company()
    state = state_in(await home.connector.begin("quickbooks"))
    code = home.sandbox.issue_code(realm_id)
    account, created = await home.connector.finish("quickbooks", state, code, realm_id)
    assert created
    assert account.external_account_id == realm_id
    with pytest.raises(ConsentRefusedError):
        await home.connector.finish("quickbooks", state, code, realm_id)


async def test_passing_trouble_with_the_name_is_waited_out(home: House) -> None:
    home.sandbox.inject(name_fault(FaultKind.HTML_503, count=2))
    account_id, _ = await connect(home, home.company(name="Patience"))
    assert (await home.store.account(account_id)).name == "Patience"


@pytest.mark.parametrize("kind", [FaultKind.HTML_503, FaultKind.HANG])
async def test_lasting_trouble_with_the_name_does_not_throw_the_tokens_away(
    home: House, kind: FaultKind
) -> None:
    home.sandbox.inject(name_fault(kind))
    realm_id = home.company()
    began_s = home.clock.now().monotonic_s
    account_id, _ = await connect(home, realm_id)
    assert home.clock.now().monotonic_s - began_s <= 21
    assert (await home.store.account(account_id)).name == realm_id
    assert await home.store.credential(account_id) is not None


async def test_one_refusal_of_the_name_is_not_believed(home: House) -> None:
    home.sandbox.inject(name_fault(FaultKind.UNAUTHORIZED, count=2))
    account_id, _ = await connect(home, home.company(name="In the end"))
    assert (await home.store.account(account_id)).name == "In the end"


async def test_tokens_that_do_not_open_the_company_are_given_back(home: House) -> None:
    home.sandbox.inject(name_fault(FaultKind.UNAUTHORIZED))
    with pytest.raises(WrongCompanyError, match="given back"):
        await connect(home, home.company())
    assert home.sandbox.statistics().calls_to(Route.REVOKE) == 1
    assert await home.store.accounts() == []


async def test_connects_of_one_company_wait_for_each_other(home: House) -> None:
    realm_id = home.company()
    code = home.sandbox.issue_code(realm_id)
    outcomes: list[str] = []

    async def once() -> None:
        try:
            await home.connector.connect("quickbooks", code, realm_id)
            outcomes.append("connected")
        except CodeRefusedError:
            outcomes.append("refused")

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(once)
    assert sorted(outcomes) == ["connected"] + ["refused"] * 4
    statistics = home.sandbox.statistics()
    assert statistics.calls_to(Route.TOKEN) == 1, "a second exchange may end the grant"


async def test_connects_of_different_companies_do_not_wait(home: House) -> None:
    home.sandbox.behaviour.token_latency_s = 5.0
    realms = [home.company() for _ in range(4)]
    began_s = home.clock.now().monotonic_s
    async with anyio.create_task_group() as tasks:
        for realm_id in realms:
            tasks.start_soon(connect, home, realm_id)
    assert home.clock.now().monotonic_s - began_s < 10
    assert len(home.supervisor.hosted()) == 4


async def test_connect_is_not_cancelled_once_the_code_may_be_spent(home: House) -> None:
    home.sandbox.behaviour.token_latency_s = 5.0
    realm_id = home.company()
    with anyio.move_on_after(1):
        await connect(home, realm_id)
    (account,) = await home.store.accounts()
    assert account.id in home.supervisor.hosted()


async def test_tokens_are_given_back_when_the_store_cannot_keep_them(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreFullError("no space left")

    monkeypatch.setattr(home.store, "connect", full)
    with pytest.raises(StoreFullError):
        await connect(home, home.company())
    assert home.sandbox.statistics().calls_to(Route.REVOKE) == 1


async def test_passing_trouble_of_the_store_is_waited_out(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = home.store.connect, [1, 2]

    async def sometimes(*arguments: object) -> object:
        if failures:
            failures.pop()
            raise StoreUnavailableError("busy")
        return await real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(home.store, "connect", sometimes)
    _, created = await connect(home, home.company())
    assert created


async def test_account_that_could_not_be_started_is_stored_and_says_so(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise StoreUnavailableError("busy")

    monkeypatch.setattr(home.store, "claim", busy)
    with pytest.raises(StoreUnavailableError, match="is connected, but could not be started"):
        await connect(home, home.company())
    assert len(await home.store.accounts()) == 1


async def test_disconnect_that_cannot_be_stored_leaves_the_account_running(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await home.connected()

    async def full(*_: object, **__: object) -> None:
        raise StoreFullError("no space left")

    monkeypatch.setattr(home.store, "disconnect", full)
    with pytest.raises(StoreFullError):
        await home.connector.disconnect(account.id, purge=False)
    assert account.id in home.supervisor.hosted()


async def test_purge_that_breaks_off_says_so_and_can_be_made_again(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await home.connected()
    real = home.store.disconnect

    async def half(account_id: str, *, purge: bool, at: datetime) -> None:
        await real(account_id, purge=False, at=at)
        raise StoreFullError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(home.store, "disconnect", half)
        for _ in range(2):
            with pytest.raises(StoreFullError):
                await home.connector.disconnect(account.id, purge=True)
    assert account.id not in home.supervisor.hosted()
    assert (await home.store.account(account.id)).disconnected_at is not None
    await home.connector.disconnect(account.id, purge=True)
    assert await home.store.accounts() == []


async def test_disconnect_of_a_vendor_no_longer_configured_says_what_is_left(
    home: House,
) -> None:
    account = await home.connected()
    home.vendors.clear()
    gone = await home.connector.disconnect(account.id, purge=False)
    assert not gone.revoked
    assert "quickbooks is not configured" in gone.detail


async def test_stopped_supervisor_does_not_prevent_a_connect(home: House) -> None:
    home.supervisor.stop()
    await anyio.lowlevel.checkpoint()
    account_id, created = await connect(home, home.company())
    assert created
    assert account_id not in home.supervisor.hosted()


async def test_vendor_that_is_down_leaves_the_code_for_another_try(home: House) -> None:
    realm_id = home.company()
    code = home.sandbox.issue_code(realm_id)
    number = home.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.TOKEN})))
    with pytest.raises(VendorFailedError):
        await home.connector.connect("quickbooks", code, realm_id)
    home.sandbox.clear_faults(number)
    _, created = await home.connector.connect("quickbooks", code, realm_id)
    assert created


async def test_log_tells_of_companies_that_come_and_go(home: House) -> None:
    realm_id = home.company(name="Amy's")
    with capture_logs() as lines:
        account_id, _ = await connect(home, realm_id)
        await connect(home, realm_id)
        await home.connector.disconnect(account_id, purge=True)
    whose = {
        "account": account_id,
        "vendor": "quickbooks",
        "external_account_id": realm_id,
        "name": "Amy's",
        "log_level": "info",
    }
    told = [line for line in lines if str(line["event"]).startswith("account_")]
    assert told == [
        {"event": "account_connected", **whose, "new": True},
        {"event": "account_connected", **whose, "new": False},
        {"event": "account_disconnected", **whose, "purged": True, "revoked": True},
    ]


async def test_company_that_the_vendor_names_is_the_one_connected(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    realm_id = home.company()
    vendor = home.vendors["quickbooks"]
    exchange = vendor.exchange

    async def telling(proof: str, external_account_id: str) -> Credential:
        assert external_account_id == ""
        return msgspec.structs.replace(await exchange(proof, realm_id), company=realm_id)

    monkeypatch.setattr(vendor, "exchange", telling)
    code = home.sandbox.issue_code(realm_id)
    account, created = await home.connector.connect("quickbooks", code, "")
    assert (account.external_account_id, created) == (realm_id, True)


async def test_tokens_of_nobody_connect_nothing(home: House) -> None:
    code = home.sandbox.issue_code(home.company())
    with pytest.raises(WrongCompanyError):
        await home.connector.connect("quickbooks", code, "")
    assert await home.store.accounts() == []
