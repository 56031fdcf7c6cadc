import anyio
from openapi_spec_validator import OpenAPIV31SpecValidator

from daemon.alerts.condition import Condition
from daemon.alerts.kinds import DELETES_HELD
from daemon.config import AlertsConfig
from daemon.config.alerts import AlertmanagerConfig
from daemon.web.application import create_app
from daemon.web.operations import OPERATIONS
from support.deliveries import cloud_event, deliver
from support.dispatch_house import PROVIDER, DispatchHouse, dispatching
from support.web_house import Visitor, WebHouse


async def test_description_is_valid_openapi(visitor: Visitor) -> None:
    OpenAPIV31SpecValidator(visitor.description.document).validate()


async def test_description_and_routes_are_the_same(web: WebHouse, visitor: Visitor) -> None:
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in create_app(web.context).router.routes()
        if route.resource is not None
    }
    described = {
        (method, path)
        for path, methods in visitor.description.document["paths"].items()
        for method in methods
    }
    assert routes == described


async def test_each_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))


async def test_guarded_operations_are_described_as_such(visitor: Visitor) -> None:
    paths = visitor.description.document["paths"]
    assert paths["/health"]["get"]["security"] == []
    assert paths["/integrations"]["get"]["security"] == [{"adminToken": []}]
    assert "401" in paths["/integrations"]["get"]["responses"]


async def test_parameters_are_described_with_their_bounds(visitor: Visitor) -> None:
    parameters = visitor.description.document["paths"]["/changes"]["get"]["parameters"]
    by_name = {parameter["name"]: parameter for parameter in parameters}
    assert by_name.keys() == {"after", "limit", "wait", "account", "type"}
    assert by_name["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 100,
    }
    assert by_name["account"]["schema"] == {"type": "string"}


def _readable(at: str, invoice: str) -> tuple[str, ...]:
    return (
        "/health",
        "/health/ready",
        "/health/db",
        "/health/supervisor",
        "/health/summary",
        "/health/overview",
        f"/health/accounts/{at.rpartition('/')[2]}",
        "/metrics",
        "/openapi.json",
        "/integrations",
        at,
        f"{at}/status",
        f"{at}/certificate",
        f"{at}/objects/Invoice",
        f"{at}/objects/Invoice/{invoice}?history=true",
        f"{at}/objects/Invoice/{invoice}/explanation",
        f"{at}/drifts",
        f"{at}/views/bills-due",
        f"{at}/views/receivables-aging",
        f"{at}/views/payables-aging",
        f"{at}/views/payment-history",
        f"{at}/views/company",
        f"{at}/views/cash",
        f"{at}/views/digest",
        f"{at}/events",
        "/changes",
        "/alerts",
        "/alerts/events",
        "/audit",
    )


async def _look_after_an_alert(web: WebHouse, visitor: Visitor) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(web.watching.run)
        web.watching.desk.hold(Condition(DELETES_HELD, "a", "60 of 90"))
        web.watching.configure(AlertsConfig(alertmanager=AlertmanagerConfig(url="http://[::1]:1")))
        await visitor.post("/alerts/test", expect=202)
        (alert,) = (await visitor.get("/alerts?state=open"))["items"]
        assert await visitor.get(f"/alerts/{alert['id']}") == alert
        await visitor.post(f"/alerts/{alert['id']}/ack", {"note": "looking"})
        again = {"channel": "alertmanager", "after": 0}
        await visitor.post("/alerts/replay", again, expect=202)
        tasks.cancel_scope.cancel()


async def test_every_success_of_every_operation_is_as_described(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    at = f"/integrations/{account.id}"
    (invoice, *_) = web.sandbox.truth(account.external_account_id)["Invoice"]
    await visitor.post(f"{at}/verify")
    for path in _readable(at, invoice):
        await visitor.call("GET", path)
    for path in ("/health", "/health/ready"):
        await visitor.call("HEAD", path)
    await visitor.get(
        "/cluster", expect=404
    )  # what it shows is held against it in `test_web_cluster`
    await visitor.post(f"{at}/sync", {"object_types": ["Invoice"], "full": True}, expect=202)
    await visitor.post(f"{at}/deletes/confirm", {})
    (customer, *_) = web.sandbox.truth(account.external_account_id)["Customer"]
    payload = {"CustomerRef": {"value": customer}, "TotalAmt": 1}
    wish = {"type": "payment.create", "payload": payload}
    action = await visitor.post(f"{at}/actions?wait=5", wish)
    await visitor.get(f"{at}/actions")
    await visitor.get(f"{at}/actions/{action['id']}")
    for verb in ("retry", "cancel"):
        await visitor.post(f"{at}/actions/{action['id']}/{verb}", expect=409)
    for verb in ("pause", "resume"):
        await visitor.post(f"{at}/{verb}")
    realm_id = account.external_account_id
    await _consent(web, visitor, realm_id)
    for expect, company in ((200, realm_id), (201, web.company())):
        body = {"authorization_code": web.sandbox.issue_code(company), "realm_id": company}
        await visitor.post("/auth/quickbooks/connect", body, expect=expect)
    await deliver(visitor, cloud_event(realm_id, "Invoice", invoice))
    await _look_after_an_alert(web, visitor)
    await visitor.post("/jobs/archive", {"dry_run": True})
    await visitor.delete(at)
    await _connect_and_tell(web, visitor)
    used = {(method, path) for method, path, _ in visitor.description.used}
    # The pages are held against it in `test_web_dashboard` and `test_web_status_pages`.
    asked = [each for each in OPERATIONS if each.tag != "pages"]
    assert used == {(each.method.lower(), each.path) for each in asked}


async def _connect_and_tell(web: WebHouse, visitor: Visitor) -> None:
    """Call what there is for vendors without a consent page, and for jobs routed to them."""
    async with dispatching(web) as house:
        vendor, titan = house.housecall, house.titan
        company = vendor.add_company()
        business = vendor.businesses[company]
        for expect in (201, 200):
            grant = {"api_key": business.api_key}
            await visitor.post("/auth/housecallpro/connect", grant, expect=expect)
        business.change("jobs", next(iter(business.objects["jobs"])), vendor.now(), description="")
        body, headers = vendor.delivery(company, business.versions[-1])
        await visitor.call("POST", "/webhooks/housecallpro", content=body, headers=headers)
        tenant = titan.sandbox.add_tenant()
        for expect in (201, 200):
            await visitor.post("/auth/servicetitan/connect", titan.keys(tenant), expect=expect)
        told = titan.delivery(tenant)
        webhook = "/webhooks/servicetitan"
        await visitor.call("POST", webhook, content=told.body, headers=dict(told.headers))
        await _route(house, visitor)


async def _route(house: DispatchHouse, visitor: Visitor) -> None:
    company = await house.tenant()
    entered = await house.entered(idempotency_key="k")
    await visitor.post("/jobs", house.job(idempotency_key="k"))
    (way,) = (each for each in entered["routings"] if each["account_id"] == company["id"])
    settings = {"name": "Park Plumbing", "routing": {"booking_provider": PROVIDER}}
    await visitor.call("PATCH", f"/integrations/{company['id']}", json=settings)
    await visitor.post(f"/routings/{way['id']}/retry", expect=202)
    await visitor.post(f"/integrations/{way['account_id']}/routings/retry", expect=202)
    await visitor.get(f"/ids?of=routing&prefix={way['id']}")
    for path in ("/jobs", f"/jobs/{entered['id']}", f"/routings/{way['id']}"):
        await visitor.call("GET", path)
    await visitor.post(f"/jobs/{entered['id']}/cancel")


async def _consent(web: WebHouse, visitor: Visitor, realm_id: str) -> None:
    """Go to the consent page and come back."""
    location = (await visitor.call("GET", "/auth/quickbooks/start", expect=302)).headers["Location"]
    state = location.partition("state=")[2]
    way_back = f"state={state}&code={web.sandbox.issue_code(realm_id)}&realmId={realm_id}"
    await visitor.call("GET", f"/auth/quickbooks/callback?{way_back}")
