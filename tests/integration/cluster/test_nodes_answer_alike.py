"""Whatever the API is asked, a node that does not host the account answers as the one that does."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import anyio
import httpx
import msgspec
import pytest

from actors.events import DriftFound
from daemon.hosted import Condition
from daemon.web.operation import AnyOperation
from daemon.web.operations import OPERATIONS
from support.answers_compared import deed_answered, differences, question_answered
from support.deliveries import cloud_event, signed
from support.node_stage import NOBODY, OURS, Stage, customer, staged
from support.serving_nodes import Json, ServingNode, ServingNodes
from support.web_house import TOKEN

EACH_ITS_OWN = {
    "getSupervisorHealth": "counts the accounts that this process runs",
    "getMetrics": "each node is scraped by itself",
    "getOverview": "the last hour, and which node was asked",
    "getCluster": "marks the node that was asked",
    "asset": "has no account",
    "dashboard": "shows which node was asked, and its own last hour",
    "dashboardDisconnect": "is what deleteIntegration is",
    "dashboardLive": "a stream of the same page",
    "dashboardAccountLive": "a stream of the same page",
    "dashboardJobsLive": "a stream of the same page",
    "statusLive": "a stream of the same page",
    "companyStatusLive": "a stream of the same page",
    "servicetitanConnect": "is not configured here; the form is the same",
    "servicetitanWebhook": "is not configured here",
    "housecallproWebhook": "the way is QuickBooks's",
    "quickbooksCallback": "is played by the nodes that share a state",
}
"""What is not asked of both."""


_TIMES = 8


@pytest.fixture(scope="module")
async def stage(nodes: ServingNodes) -> Stage:
    return await staged(nodes)


QUERIES = {
    "findIds": "?of=job&prefix=0",
    "viewBillsDue": "?days=30",
}

QUESTIONS = [
    each for each in OPERATIONS if each.method in {"GET", "HEAD"} and each.name not in EACH_ITS_OWN
]


@pytest.mark.parametrize("operation", QUESTIONS, ids=lambda each: each.name)
async def test_question_is_answered_alike(stage: Stage, operation: AnyOperation) -> None:
    path = stage.path(operation) + QUERIES.get(operation.name, "")
    assert not await unlike(stage, operation.method, path)


async def unlike(stage: Stage, method: str, path: str) -> list[str]:
    """Say where the nodes' answers differ, and go on differing: a node is told within about a second."""
    found: list[str] = []
    for _ in range(_TIMES):
        owner, other = [
            question_answered(await node.http.request(method, path, headers=stage.session))
            for node in (stage.nodes.owner, stage.nodes.other)
        ]
        found = differences(owner, other)
        if not found:
            break
        await anyio.sleep(0.2)
    return found


async def paused(stage: Stage, account: Json) -> None:
    await stage.nodes.owner.visitor.post(f"/integrations/{account['id']}/pause")


async def disconnected(stage: Stage, account: Json) -> None:
    await stage.nodes.owner.visitor.delete(f"/integrations/{account['id']}")


async def reauth_required(stage: Stage, account: Json) -> None:
    stage.nodes.quickbooks.disconnect(account["external_account_id"])
    await stage.nodes.owner.visitor.post(f"/integrations/{account['id']}/sync", {}, expect=202)


async def degraded(stage: Stage, account: Json) -> None:
    stage.nodes.quickbooks.outage(account["external_account_id"])
    await stage.nodes.owner.visitor.post(f"/integrations/{account['id']}/sync", {}, expect=202)


async def quarantined(stage: Stage, account: Json) -> None:
    hosted = stage.nodes.owner.daemon.supervisor.hosted()[account["id"]]
    hosted.condition, hosted.last_error = Condition.QUARANTINED, "ValueError: nobody foresaw it"


TROUBLES = (paused, disconnected, reauth_required, degraded, quarantined)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
async def test_account_in_trouble_is_shown_alike(
    stage: Stage, trouble: Callable[[Stage, Json], Awaitable[None]]
) -> None:
    account = await stage.nodes.live()
    here = f"/integrations/{account['id']}"
    await trouble(stage, account)
    for node in (stage.nodes.owner, stage.nodes.other):
        await stage.nodes.until(node, here, lambda it: it["state"] == trouble.__name__)
    about = [each for each in QUESTIONS if "{account_id}" in each.path]
    paths = [stage.path(each, account_id=account["id"]) for each in about]
    paths.append(f"{here}/objects/Invoice?max_age=0")
    for path in paths:
        assert not await unlike(stage, "GET", path), path
    for path, body in ((f"{here}/sync", {}), (f"{here}/verify?wait=0", None)):
        owner, other = [
            deed_answered(await node.http.post(path, json=body))
            for node in (stage.nodes.owner, stage.nodes.other)
        ]
        assert not differences(owner, other), path
    await stage.nodes.owner.visitor.delete(f"{here}?purge=true")


async def test_what_only_the_accounts_own_node_remembers_is_shown_alike(stage: Stage) -> None:
    account = await stage.nodes.live()
    stage.nodes.owner.daemon.watching.monitor.listen(
        DriftFound(account["id"], "quickbooks", "1", "Customer", "1", "DisplayName", "12", "13")
    )
    health = f"/health/accounts/{account['id']}"
    assert not await unlike(stage, "GET", health)
    (check,) = (await stage.nodes.other.visitor.get(health))["checks"]
    assert (check["check"], check["level"]) == ("drift", "warning")
    path = f"/dashboard/accounts/{account['id']}"
    shown = await stage.nodes.other.http.get(path, headers=stage.session)
    assert "1 fields are not as users" in shown.text
    await stage.nodes.owner.visitor.delete(f"/integrations/{account['id']}?purge=true")


ABOUT_ACCOUNTS = [
    each for each in OPERATIONS if "{account_id}" in each.path and not each.by_session
]


@pytest.mark.parametrize("operation", ABOUT_ACCOUNTS, ids=lambda each: each.name)
async def test_whom_nobody_knows_no_node_knows(stage: Stage, operation: AnyOperation) -> None:
    path = stage.path(operation, account_id=NOBODY)
    body = customer() if operation.name == "createAction" else None
    owner, other = [
        question_answered(await node.http.request(operation.method, path, json=body))
        for node in (stage.nodes.owner, stage.nodes.other)
    ]
    assert not differences(owner, other)
    assert owner[0] == 404


Play = Callable[[Stage, ServingNode], Awaitable[list[httpx.Response]]]
PLAYS: dict[str, str] = {}
DEEDS: dict[str, Play] = {}


def plays(*names: str) -> Callable[[Play], Play]:
    def note(play: Play) -> Play:
        DEEDS[names[0]] = play
        PLAYS.update(dict.fromkeys(names, names[0]))
        return play

    return note


@plays("quickbooksConnect", "deleteIntegration")
async def connected_let_go_and_connected_again(
    stage: Stage, node: ServingNode
) -> list[httpx.Response]:
    grant = stage.nodes.grant()
    replies = [await node.http.post("/auth/quickbooks/connect", json=grant)]
    here = f"/integrations/{replies[0].json()['id']}"
    replies.append(await node.http.get(here))
    await stage.nodes.seen_live(replies[0].json()["id"])
    replies.append(await node.http.post("/auth/quickbooks/connect", json=grant))
    code = stage.nodes.quickbooks.issue_code(grant["realm_id"])
    again = {**grant, "authorization_code": code}
    replies += [
        await node.http.post("/auth/quickbooks/connect", json=again),
        await node.http.post(f"{here}/sync", json={}),
    ]
    await stage.nodes.seen_live(replies[0].json()["id"])
    replies += [
        await node.http.delete(here),
        await node.http.get(here),
        await node.http.post(f"{here}/sync", json={}),
        await node.http.post(f"{here}/pause"),
        await node.http.post(f"{here}/verify"),
        await node.http.post(f"{here}/actions", json=customer()),
        await node.http.get(f"{here}/objects/Invoice?max_age=0"),
        await node.http.delete(f"{here}?purge=true"),
        await node.http.get(here),
    ]
    return replies


@plays("housecallproConnect")
async def connected_by_a_key(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    connect = "/auth/housecallpro/connect"
    replies = [
        await node.http.post(connect, json=stage.nodes.housecall_grant()),
        await node.http.post(connect, json={"api_key": "a wrong one"}),
    ]
    here = f"/integrations/{replies[0].json()['id']}"
    replies.append(await node.http.delete(f"{here}?purge=true"))
    return replies


@plays("syncIntegration")
async def synced(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    sync = f"/integrations/{stage.company['id']}/sync"
    full, wrong = {"object_types": ["Item"], "full": True}, {"object_types": ["Nothing"]}
    bodies: list[Json] = [{}, full, {"dry_run": True}, wrong]
    return [await node.http.post(sync, json=body) for body in bodies]


@plays("pauseIntegration", "resumeIntegration")
async def paused_and_resumed(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    here = f"/integrations/{stage.company['id']}"
    replies = [await node.http.post(f"{here}/{what}") for what in ("pause", "sync", "verify")]
    replies += [
        await node.http.post(f"{here}/actions", json=customer()),
        await node.http.get(f"{here}/objects/Item?max_age=0"),
        await node.http.post(f"{here}/resume"),
    ]
    await stage.nodes.seen_live(stage.company["id"])
    return replies


@plays("verifyIntegration")
async def verified(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    here = f"/integrations/{stage.company['id']}"
    return [
        await node.http.post(f"{here}/verify?wait=10"),
        await node.http.get(f"{here}/certificate"),
    ]


@plays("createAction", "retryAction", "cancelAction")
async def acted(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    here = f"/integrations/{stage.company['id']}/actions"
    keyed = {**customer(), "idempotency_key": f"key {uuid4()}"}
    replies = [
        await node.http.post(f"{here}?wait=10", json=keyed),
        await node.http.post(f"{here}?wait=10", json=keyed),
        await node.http.post(f"{here}?wait=10", json={**keyed, **customer()}),
        await node.http.post(here, json={"type": "customer.create", "payload": {}}),
        await node.http.post(here, json={"type": "no.such", "payload": {}}),
        await node.http.post(f"{here}?wait=10", json=[customer(), customer(), {"type": "no"}]),
        await node.http.post(f"{here}?wait=10", json=[customer(), customer()]),
    ]
    action_id = replies[0].json()["id"]
    for path in (action_id, f"{NOBODY}", f"{action_id}/retry", f"{NOBODY}/retry"):
        method = "POST" if path.endswith("retry") else "GET"
        replies.append(await node.http.request(method, f"{here}/{path}"))
    replies.append(await node.http.post(f"{here}/{action_id}/cancel"))
    return replies


@plays("confirmDeletes")
async def nothing_confirmed(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    confirm = f"/integrations/{stage.company['id']}/deletes/confirm"
    return [await node.http.post(confirm, json=body) for body in ({}, {"object_types": ["Item"]})]


@plays("changeIntegration")
async def renamed(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    here = f"/integrations/{stage.partner['id']}"
    routing = {"routing": {"active": True}}
    return [await node.http.patch(here, json=body) for body in ({"name": "Another"}, routing)]


@plays("createJob", "cancelJob", "retryRouting", "retryRoutings", "archiveJobs")
async def routed(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    keyed = {**stage.job(), "idempotency_key": f"key {uuid4()}"}
    replies = [await node.http.post("/jobs", json=keyed)]
    job = replies[0].json()
    shown = await stage.nodes.until(
        node, f"/jobs/{job['id']}", lambda it: it["routings"][0]["status"] == "synced"
    )
    routing = shown["routings"][0]["id"]
    retry_all = f"/integrations/{stage.partner['id']}/routings/retry"
    replies += [
        await node.http.post("/jobs", json=keyed),
        await node.http.post("/jobs", json={**keyed, "summary": "Something else"}),
        await node.http.post(f"/routings/{routing}/retry"),
        await node.http.post(f"/routings/{NOBODY}/retry"),
        await node.http.post(retry_all),
        await node.http.post(f"/jobs/{job['id']}/cancel"),
        await node.http.post("/jobs/archive", json={"dry_run": True}),
    ]
    return replies


@plays("quickbooksWebhook")
async def delivered(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    hook, replies = "/webhooks/quickbooks", list[httpx.Response]()
    for realm in (stage.company["external_account_id"], "nobody's"):
        body = msgspec.json.encode([cloud_event(realm)])
        for headers in (signed(body), signed(body), signed(body, "a wrong secret"), {}):
            replies.append(await node.http.post(hook, content=body, headers=headers))
    return replies


@plays("testAlerts", "replayAlerts", "acknowledgeAlert")
async def alerted(_stage: Stage, node: ServingNode) -> list[httpx.Response]:
    return [
        await node.http.post("/alerts/test"),
        await node.http.post("/alerts/replay", json={}),
        await node.http.post(f"/alerts/{NOBODY}/ack", json={}),
    ]


BUTTONS = ("sync", "sync-full", "verify", "pause", "resume", "confirm-deletes")


@plays(
    "dashboardTakeLogin",
    "dashboardSync",
    "dashboardSyncFull",
    "dashboardVerify",
    "dashboardPause",
    "dashboardResume",
    "dashboardConfirmDeletes",
    "dashboardRetry",
    "dashboardAck",
    "dashboardRetryRouting",
    "dashboardLogout",
)
async def pressed(stage: Stage, node: ServingNode) -> list[httpx.Response]:
    here, form = f"/dashboard/accounts/{stage.company['id']}", {"object_type": "Item", "count": "1"}
    login = await node.http.post("/dashboard/login", data={"token": TOKEN}, headers=OURS)
    session = {"Cookie": login.headers["set-cookie"].partition(";")[0], **OURS}
    paths = [f"{here}/{button}" for button in BUTTONS]
    paths += [
        f"{here}/actions/{stage.parts['action_id']}/retry",
        f"/dashboard/alerts/{NOBODY}/ack",
        f"/dashboard/routings/{stage.parts['routing_id']}/retry",
        "/dashboard/logout",
        f"{here}/sync",
    ]
    replies = [await node.http.post(path, data=form, headers=session) for path in paths]
    await stage.nodes.seen_live(stage.company["id"])
    return [login, *replies]


@pytest.mark.parametrize("name", sorted(DEEDS))
async def test_deed_is_answered_alike(stage: Stage, name: str) -> None:
    play = DEEDS[name]
    owner = [deed_answered(reply) for reply in await play(stage, stage.nodes.owner)]
    other = [deed_answered(reply) for reply in await play(stage, stage.nodes.other)]
    assert not differences(owner, other)


def test_every_operation_is_played() -> None:
    played = {each.name for each in QUESTIONS} | PLAYS.keys() | EACH_ITS_OWN.keys()
    assert {each.name for each in OPERATIONS} - played == set()
