"""A vendor without a consent page: connected with keys, told of by signed webhooks."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio
import pytest

from daemon.sandbox.servicetitan import FaultKind
from support.titan_house import TitanHouse, with_servicetitan
from support.web_house import Visitor, WebHouse

if TYPE_CHECKING:
    import httpx

CONNECT = "/auth/servicetitan/connect"
WEBHOOK = "/webhooks/servicetitan"


@pytest.fixture
async def titan(web: WebHouse) -> AsyncIterator[TitanHouse]:
    async with with_servicetitan(web) as opened:
        yield opened


async def test_keys_connect_a_tenant_and_again_the_same_account(
    titan: TitanHouse, visitor: Visitor
) -> None:
    tenant = titan.sandbox.add_tenant()
    account = await visitor.post(CONNECT, titan.keys(tenant), expect=201)
    assert (account["vendor"], account["external_account_id"]) == ("servicetitan", tenant)
    again = await visitor.post(CONNECT, titan.keys(tenant), expect=200)
    assert again["id"] == account["id"]


async def test_connected_tenant_is_copied(titan: TitanHouse, visitor: Visitor) -> None:
    tenant = titan.sandbox.add_tenant()
    account = await visitor.post(CONNECT, titan.keys(tenant), expect=201)
    await titan.is_whole(account["id"])
    jobs = await visitor.get(f"/integrations/{account['id']}/objects/jobs?limit=1000")
    assert {row["object_id"] for row in jobs["items"]} == set(
        titan.sandbox.tenants[tenant].truth()["jobs"]
    )


async def test_wrong_secret_is_refused_and_not_repeated(
    titan: TitanHouse, visitor: Visitor
) -> None:
    keys = titan.keys(titan.sandbox.add_tenant()) | {"client_secret": "cs1.not-the-secret"}
    reply = await visitor.call("POST", CONNECT, json=keys, expect=422)
    assert "refuses these keys" in reply.json()["detail"]
    assert reply.json()["title"] == "Keys refused"
    assert "cs1.not-the-secret" not in reply.text


async def test_keys_of_another_tenant_connect_nothing(titan: TitanHouse, visitor: Visitor) -> None:
    tenant, other = titan.sandbox.add_tenant(), titan.sandbox.add_tenant()
    keys = titan.keys(tenant) | {"tenant_id": other}
    reply = await visitor.call("POST", CONNECT, json=keys, expect=422)
    assert "do not open" in reply.json()["detail"]
    assert (await visitor.get("/integrations"))["items"] == []


async def test_what_is_missing_is_named_and_no_secret_repeated(
    titan: TitanHouse, visitor: Visitor
) -> None:
    titan.sandbox.add_tenant()
    body = {"tenant_id": "not a number", "client_secret": 12345678}
    reply = await visitor.call("POST", CONNECT, json=body, expect=422)
    assert {error["path"] for error in reply.json()["errors"]} >= {"tenant_id", "client_id"}
    assert "12345678" not in reply.text


async def test_vendor_that_is_down_stores_nothing(titan: TitanHouse, visitor: Visitor) -> None:
    tenant = titan.sandbox.add_tenant()
    titan.sandbox.faults.add(FaultKind.GATEWAY_502, "", None)
    await visitor.post(CONNECT, titan.keys(tenant), expect=502)
    assert (await visitor.get("/integrations"))["items"] == []


async def test_there_is_no_consent_page(titan: TitanHouse, visitor: Visitor) -> None:
    assert titan.web.vendors["servicetitan"].authorize_url("state") is None
    await visitor.call("GET", "/auth/servicetitan/start", expect=404, check=False)


async def test_webhook_has_the_job_looked_at(titan: TitanHouse, visitor: Visitor) -> None:
    tenant = titan.sandbox.add_tenant()
    account = await visitor.post(CONNECT, titan.keys(tenant), expect=201)
    await titan.is_whole(account["id"])
    delivered = titan.delivery(tenant)
    taken = await visitor.call(
        "POST", WEBHOOK, content=delivered.body, headers=dict(delivered.headers)
    )
    assert taken.json()["stored"] == 1
    changed = max(titan.sandbox.tenants[tenant].objects["jobs"])
    with anyio.fail_after(10):
        while True:
            row = await visitor.get(f"/integrations/{account['id']}/objects/jobs/{changed}")
            if "Called at" in str(row["payload"]["summary"]):
                break
            await anyio.sleep(0.05)


@pytest.mark.parametrize("header", [{}, {"x-servicetitan-signature": "0" * 64}])
async def test_forged_webhook_is_refused(
    titan: TitanHouse, visitor: Visitor, header: dict[str, str]
) -> None:
    body = titan.delivery(titan.sandbox.add_tenant()).body
    reply: httpx.Response = await visitor.call(
        "POST", WEBHOOK, content=body, headers=header, expect=401
    )
    assert reply.json()["type"].endswith("forged-delivery")


async def test_disconnect_says_that_only_the_owner_can_end_the_access(
    titan: TitanHouse, visitor: Visitor
) -> None:
    tenant = titan.sandbox.add_tenant()
    account = await visitor.post(CONNECT, titan.keys(tenant), expect=201)
    gone = await visitor.delete(f"/integrations/{account['id']}")
    assert gone["revoked"] is False
    assert "disconnected in its settings" in gone["detail"]


async def test_all_that_is_asked_of_any_account_is_answered(
    titan: TitanHouse, visitor: Visitor
) -> None:
    tenant = titan.sandbox.add_tenant()
    account = await visitor.post(CONNECT, titan.keys(tenant), expect=201)
    await titan.is_whole(account["id"])
    at = f"/integrations/{account['id']}"
    status = await visitor.get(f"{at}/status")
    assert {cursor["object_type"] for cursor in status["cursors"]} == {"customers", "jobs"}
    price = await visitor.post(f"{at}/sync", {"full": True, "dry_run": True})
    assert price["calls"] == 2
    await visitor.get(f"/health/accounts/{account['id']}")
    await visitor.post(f"{at}/sync", {}, expect=202)
    wish = {"type": "payment.create", "payload": {}}
    refused = await visitor.call("POST", f"{at}/actions", json=wish, expect=422)
    assert "takes no writes" in refused.text
    await visitor.call("GET", f"{at}/views/cash", expect=404)
    await visitor.post(f"{at}/pause")
    await visitor.post(f"{at}/resume")
