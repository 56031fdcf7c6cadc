"""A vendor that tells with the key whose it is."""

import anyio

from support.housecall_house import with_housecallpro
from support.web_house import Visitor, WebHouse

CONNECT = "/auth/housecallpro/connect"
WEBHOOK = "/webhooks/housecallpro"


async def test_key_connects_the_company_that_it_is_for(web: WebHouse, visitor: Visitor) -> None:
    async with with_housecallpro(web) as vendor:
        company = vendor.add_company("Ada's Plumbing")
        grant = {"api_key": vendor.businesses[company].api_key}
        account = await visitor.post(CONNECT, grant, expect=201)
        again = await visitor.post(CONNECT, grant, expect=200)
    assert (account["external_account_id"], account["name"]) == (company, "Ada's Plumbing")
    assert again["id"] == account["id"]


async def test_code_of_a_partner_connects_the_company_that_consented(
    web: WebHouse, visitor: Visitor
) -> None:
    async with with_housecallpro(web) as vendor:
        company = vendor.add_company("Ada's Plumbing")
        grant = {"authorization_code": vendor.partner.consent(company)}
        account = await visitor.post(CONNECT, grant, expect=201)
        assert (account["external_account_id"], account["name"]) == (company, "Ada's Plumbing")
        again = await visitor.call("POST", CONNECT, json=grant, expect=422)
    assert "refuses these keys" in again.json()["detail"]


async def test_neither_or_both_connect_nothing(web: WebHouse, visitor: Visitor) -> None:
    async with with_housecallpro(web):
        for grant in ({}, {"api_key": "a", "authorization_code": "b"}):
            reply = await visitor.call("POST", CONNECT, json=grant, expect=422)
            assert "either api_key or authorization_code" in reply.text
        for name in ("api_key", "authorization_code"):
            reply = await visitor.call("POST", CONNECT, json={name: "s3cret thing"}, expect=422)
            assert reply.json()["errors"][0]["path"] == name
            assert "s3cret" not in reply.text


async def test_wrong_key_is_refused_and_not_repeated(web: WebHouse, visitor: Visitor) -> None:
    async with with_housecallpro(web) as vendor:
        vendor.add_company()
        reply = await visitor.call("POST", CONNECT, json={"api_key": "not-the-key"}, expect=422)
    assert "refuses these keys" in reply.json()["detail"]
    assert "not-the-key" not in reply.text


async def test_webhook_brings_the_news_ahead_of_the_next_reading(
    web: WebHouse, visitor: Visitor
) -> None:
    async with with_housecallpro(web) as vendor:
        company = vendor.add_company()
        business = vendor.businesses[company]
        account = await visitor.post(CONNECT, {"api_key": business.api_key}, expect=201)
        at = f"/integrations/{account['id']}"
        with anyio.fail_after(10):
            while (await visitor.get(at))["exact_as_of"] is None:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        lists = vendor.calls["list"]
        job = next(iter(business.objects["jobs"]))
        business.change("jobs", job, vendor.now(), description="Told by webhook")
        body, headers = vendor.delivery(company, business.versions[-1])
        await visitor.call("POST", WEBHOOK, content=body, headers=headers)
        with anyio.fail_after(10):
            while True:
                row = await visitor.get(f"{at}/objects/jobs/{job}")
                if row["payload"]["description"] == "Told by webhook":
                    break
                await anyio.sleep(0.05)
        assert vendor.calls["list"] - lists <= 3
        forged = headers | {"api-timestamp": "1"}
        await visitor.call("POST", WEBHOOK, content=body, headers=forged, expect=401)


async def test_disconnect_says_that_an_admin_must_delete_the_key(
    web: WebHouse, visitor: Visitor
) -> None:
    async with with_housecallpro(web) as vendor:
        key = vendor.businesses[vendor.add_company()].api_key
        account = await visitor.post(CONNECT, {"api_key": key}, expect=201)
        gone = await visitor.delete(f"/integrations/{account['id']}")
    assert gone["revoked"] is False
    assert "deletes the key" in gone["detail"]
