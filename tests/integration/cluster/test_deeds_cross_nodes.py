"""What is asked of any node over HTTP happens at the node that hosts the account, and is seen at all."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import anyio
import msgspec
import pytest

from daemon.hosted import Condition
from daemon.sandbox.housecallpro.faults import FaultKind
from support.deliveries import cloud_event, signed
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.serving_nodes import Json, ServingNode, ServingNodes, serving_nodes


@pytest.fixture(scope="module")
async def company(nodes: ServingNodes) -> Json:
    return await nodes.live()


@pytest.fixture
async def moving(server: PostgresServer, tmp_path: Path) -> AsyncIterator[ServingNodes]:
    """Nodes whose shards may move: nobody else uses them."""
    database = PostgresDatabase(server)
    async with serving_nodes(database, tmp_path) as running:
        yield running
    database.close()


def at(account: Json, path: str = "") -> str:
    return f"/integrations/{account['id']}{path}"


def customer(name: str = "", **more: object) -> Json:
    return {
        "type": "customer.create",
        "payload": {"DisplayName": name or f"Somebody {uuid4()}"},
        **more,
    }


def named(nodes: ServingNodes, account: Json, name: str) -> int:
    """Return how many customers the vendor has by this name."""
    customers = nodes.quickbooks.truth(account["external_account_id"])["Customer"]
    return sum(name.encode() in body for body in customers.values())


async def test_key_that_comes_again_at_another_node_is_the_same_write(
    nodes: ServingNodes, company: Json
) -> None:
    wish = customer(idempotency_key="one of us")
    first = await nodes.other.visitor.post(at(company, "/actions?wait=10"), wish)
    again = await nodes.owner.visitor.post(at(company, "/actions?wait=10"), wish)
    assert first["state"] == "succeeded"
    assert again == first
    problem = await nodes.owner.visitor.post(
        at(company, "/actions"), customer(idempotency_key="one of us"), expect=409
    )
    assert problem["action_id"] == first["id"]


async def test_key_that_comes_at_both_nodes_at_once_is_one_write(
    nodes: ServingNodes, company: Json
) -> None:
    name, taken = f"Somebody {uuid4()}", list[Json]()

    async def ask(node: ServingNode) -> None:
        wish = customer(name, idempotency_key=name)
        taken.append(await node.visitor.post(at(company, "/actions?wait=10"), wish))

    async with anyio.create_task_group() as tasks:
        for node in (nodes.owner, nodes.other) * 3:
            tasks.start_soon(ask, node)
    assert len({each["id"] for each in taken}) == 1
    assert {each["state"] for each in taken} == {"succeeded"}
    assert named(nodes, company, name) == 1


async def test_same_write_without_a_key_is_refused_at_the_other_node(
    nodes: ServingNodes, company: Json
) -> None:
    wish = customer()
    first = await nodes.owner.visitor.post(at(company, "/actions?wait=10"), wish)
    problem = await nodes.other.visitor.post(at(company, "/actions"), wish, expect=409)
    assert problem["type"].endswith("duplicate-action")
    assert problem["action_id"] == first["id"]


async def test_write_that_nobody_waits_for_is_carried_out_and_told(
    nodes: ServingNodes, company: Json
) -> None:
    asked = await nodes.other.visitor.post(at(company, "/actions?wait=0"), customer(), expect=202)
    await nodes.until(
        nodes.owner, at(company, f"/actions/{asked['id']}"), lambda it: it["state"] == "succeeded"
    )
    told = await nodes.other.visitor.get(at(company, "/events"))
    assert "action_ended" in {each["kind"] for each in told["items"]}
    assert told == await nodes.owner.visitor.get(at(company, "/events"))


async def test_reader_elsewhere_is_shown_what_has_just_changed(
    nodes: ServingNodes, company: Json
) -> None:
    made = nodes.quickbooks.create(
        company["external_account_id"], "Customer", {"DisplayName": "Just now"}
    )
    page = await nodes.other.visitor.get(at(company, "/objects/Customer?max_age=0"))
    assert str(made["Id"]) in {each["object_id"] for each in page["items"]}
    assert not page["freshness"]["stale"]


async def test_webhook_that_another_node_takes_is_followed(
    nodes: ServingNodes, company: Json
) -> None:
    realm = company["external_account_id"]
    made = nodes.quickbooks.create(realm, "Customer", {"DisplayName": "Hinted at"})
    body = msgspec.json.encode([cloud_event(realm, "Customer", str(made["Id"]))])
    hook = "/webhooks/quickbooks"
    for wrong in ({}, signed(body, "another secret")):
        await nodes.other.visitor.call("POST", hook, content=body, headers=wrong, expect=401)
    await nodes.other.visitor.call("POST", hook, content=body, headers=signed(body))
    await nodes.until(
        nodes.other,
        at(company, f"/objects/Customer/{made['Id']}"),
        lambda it: it.get("object_id") == made["Id"],
    )


async def test_pause_and_resumption_reach_the_actor(nodes: ServingNodes, company: Json) -> None:
    actor = nodes.owner.daemon.supervisor.actor(company["id"])
    assert actor is not None
    await nodes.other.visitor.post(at(company, "/pause"))
    with anyio.fail_after(10):
        while actor.polls:  # noqa: ASYNC110 - an actor tells nobody
            await anyio.sleep(0.01)
    assert (await nodes.owner.visitor.get(at(company)))["state"] == "paused"
    await nodes.other.visitor.post(at(company, "/resume"))
    await nodes.seen_live(company["id"])
    assert actor.polls


async def test_account_that_crashed_too_often_goes_on_through_another_node(
    nodes: ServingNodes,
) -> None:
    account = await nodes.live()
    nodes.owner.daemon.supervisor.hosted()[account["id"]].condition = Condition.QUARANTINED
    await nodes.until(nodes.other, at(account), lambda it: it["state"] == "quarantined")
    assert (await nodes.other.visitor.post(at(account, "/resume")))["state"] == "live"
    await nodes.other.visitor.post(at(account, "/sync"), {}, expect=202)
    await nodes.seen_live(account["id"])
    assert nodes.owner.hosts(account["id"])


async def test_company_is_let_go_and_forgotten_through_another_node(nodes: ServingNodes) -> None:
    account = await nodes.live(nodes.other)
    assert (await nodes.other.visitor.delete(at(account)))["revoked"]
    assert not nodes.owner.hosts(account["id"])
    assert (await nodes.owner.visitor.get(at(account)))["state"] == "disconnected"
    await nodes.other.visitor.delete(f"{at(account)}?purge=true")
    await nodes.owner.visitor.call("GET", at(account), expect=404)


async def test_vendor_that_is_left_alone_is_so_through_every_node(nodes: ServingNodes) -> None:
    account = await nodes.live()
    nodes.quickbooks.outage(account["external_account_id"])
    await nodes.other.visitor.post(at(account, "/sync"), {}, expect=202)
    for node in (nodes.owner, nodes.other):
        await nodes.until(node, at(account, "/status"), lambda it: it["breaker"]["state"] == "open")
    problems = list[Json]()
    for node in (nodes.owner, nodes.other):
        page = await node.visitor.get(at(account, "/objects/Customer?max_age=0"))
        assert page["freshness"]["reason"] == "breaker_open"
        problem = await node.visitor.post(at(account, "/actions"), customer(), expect=503)
        action = await node.visitor.get(at(account, f"/actions/{problem.pop('action_id')}"))
        assert action["state"] == "pending"
        problems.append(problem)
    assert problems[0] == problems[1]
    assert problems[0]["queued"]
    health = [await node.visitor.get(f"/health/accounts/{account['id']}") for node in both(nodes)]
    assert health[0]["failures"] == health[1]["failures"] != []
    assert health[0]["state"] == health[1]["state"] == "degraded"


async def test_company_that_needs_its_owner_does_so_at_every_node(nodes: ServingNodes) -> None:
    account = await nodes.live()
    nodes.quickbooks.disconnect(account["external_account_id"])
    await nodes.other.visitor.post(at(account, "/sync"), {}, expect=202)
    for node in both(nodes):
        await nodes.until(node, at(account), lambda it: it["state"] == "reauth_required")
    answers = []
    for node in both(nodes):
        replies = [
            await node.http.post(at(account, "/sync"), json={}),
            await node.http.post(at(account, "/verify")),
            await node.http.post(at(account, "/actions"), json=customer()),
            await node.http.get(at(account, "/objects/Customer?max_age=0")),
        ]
        answers.append([reply.status_code for reply in replies])
        assert replies[3].json()["freshness"]["reason"] == "reauth_required"
    assert answers == [[409, 409, 409, 200]] * 2


async def test_failed_delivery_is_tried_again_through_another_node(nodes: ServingNodes) -> None:
    origin, partner = await nodes.live_business(), await nodes.live_business()
    nodes.housecall.faults.add(FaultKind.REFUSED, "/leads", 1, method="POST")
    employees = await nodes.owner.visitor.get(at(origin, "/objects/employees"))
    technician = employees["items"][0]["object_id"]
    body = {
        "created_by": {"account_id": origin["id"], "technician_id": technician},
        "summary": "Replace the water heater",
        "homeowner": {"name": "Ada Park", "phone": "+1 555 0100", "email": ""},
        "address": {"street": "1 Main", "city": "Springfield", "state": "IL", "zip": "62701"},
        "revenue": "850.00",
    }
    job = await nodes.other.visitor.post("/jobs", body, expect=201)
    assert [each["account_id"] for each in job["routings"]] == [partner["id"]]
    here = f"/jobs/{job['id']}"
    await nodes.until(nodes.other, here, lambda it: it["routings"][0]["status"] == "failed")
    routing = job["routings"][0]["id"]
    await nodes.other.visitor.post(f"/routings/{routing}/retry", expect=202)
    await nodes.until(nodes.other, here, lambda it: it["routings"][0]["status"] == "synced")


def both(nodes: ServingNodes) -> tuple[ServingNode, ServingNode]:
    return nodes.owner, nodes.other


async def test_what_is_asked_during_a_hand_over_is_done_after_it(moving: ServingNodes) -> None:
    """Nobody holds the shard for a while; then the other node does."""
    account = await moving.live()
    await moving.owner.let_go()
    made = moving.quickbooks.create(
        account["external_account_id"], "Customer", {"DisplayName": "Between"}
    )
    for node in both(moving):
        assert (await node.visitor.get(at(account)))["state"] == "live"
        await node.visitor.post(at(account, "/sync"), {}, expect=202)
    asked = await moving.owner.visitor.post(at(account, "/actions?wait=0"), customer(), expect=202)
    await is_stale(moving.owner, account)
    connect = "/auth/quickbooks/connect"
    fresh = await moving.owner.visitor.post(connect, moving.grant(), expect=201)
    assert fresh["state"] == "connecting"
    await moving.owner.visitor.post(at(fresh, "/sync"), {}, expect=202)
    await moving.other.take()
    await moving.seen_live(fresh["id"])
    await is_done(moving, moving.owner, account, asked["id"], str(made["Id"]))
    assert moving.other.hosts(account["id"])


async def test_what_is_asked_while_the_node_of_an_account_is_dead_is_done_by_the_next(
    moving: ServingNodes,
) -> None:
    account = await moving.live()
    await moving.owner.kill()
    made = moving.quickbooks.create(
        account["external_account_id"], "Customer", {"DisplayName": "Meanwhile"}
    )
    assert (await moving.other.visitor.get(at(account)))["state"] == "live"
    assert (await moving.other.visitor.get(at(account, "/status")))["bucket"] is None
    await moving.other.visitor.post(at(account, "/sync"), {}, expect=202)
    asked = await moving.other.visitor.post(at(account, "/actions?wait=0"), customer(), expect=202)
    await is_stale(moving.other, account)
    await moving.other.take()
    await is_done(moving, moving.other, account, asked["id"], str(made["Id"]))


async def is_stale(node: ServingNode, account: Json) -> None:
    """See that a reader is told that nobody can look, with what there is."""
    page = await node.visitor.get(at(account, "/objects/Customer?max_age=0"))
    assert page["freshness"]["stale"]
    assert page["freshness"]["reason"] == "timed_out"
    assert len(page["items"]) == 3


async def is_done(
    nodes: ServingNodes, node: ServingNode, account: Json, action_id: str, object_id: str
) -> None:
    """See that a write was carried out, and a change at the vendor found."""
    action, found = (
        at(account, f"/actions/{action_id}"),
        at(account, f"/objects/Customer/{object_id}"),
    )
    await nodes.until(node, action, lambda it: it["state"] == "succeeded")
    await nodes.until(node, found, lambda it: it.get("object_id") == object_id)
