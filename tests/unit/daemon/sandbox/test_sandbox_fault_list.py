"""Faults of the field-service sandboxes, set with curl."""

import json
from datetime import UTC, datetime

import pytest

from daemon.sandbox.exchange import SandboxRequest
from daemon.sandbox.housecallpro import HousecallProSandbox
from daemon.sandbox.servicetitan import ServiceTitanSandbox
from daemon.sandbox.transport import Sandbox

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAULTS = "/sandbox/faults"


@pytest.fixture(params=[ServiceTitanSandbox, HousecallProSandbox])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    made: Sandbox = request.param(lambda: NOON)
    return made


def call(sandbox: Sandbox, method: str, path: str = FAULTS, body: object = None) -> tuple[int, str]:
    content = b"" if body is None else json.dumps(body).encode()
    reply = sandbox.handle(SandboxRequest(method, path, body=content))
    return reply.status, reply.body.decode()


def test_what_is_asked_for_hits_so_many_calls_and_is_told(sandbox: Sandbox) -> None:
    wanted = {"kind": "gateway_502", "part": "/leads", "times": 2, "method": "post"}
    status, said = call(sandbox, "POST", body=wanted)
    assert (status, json.loads(said)["method"]) == (201, "POST")
    told = json.loads(call(sandbox, "GET")[1])
    assert [each["kind"] for each in told["items"]] == ["gateway_502"]
    assert "throttled" in told["kinds"]
    assert call(sandbox, "GET", "/leads")[0] != 502
    assert [call(sandbox, "POST", "/leads")[0] == 502 for _ in range(3)] == [True, True, False]
    assert json.loads(call(sandbox, "GET")[1])["items"] == []


def test_all_goes_well_again_when_that_is_asked_for(sandbox: Sandbox) -> None:
    call(sandbox, "POST", body={"kind": "empty_503", "times": None})
    assert call(sandbox, "GET", "/jobs")[0] == 503
    assert call(sandbox, "DELETE")[0] == 200
    assert call(sandbox, "GET", "/jobs")[0] != 503


@pytest.mark.parametrize("body", [{"kind": "no such"}, {}, {"kind": "hang", "moon": 1}, [1]])
def test_what_there_is_not_is_refused_with_what_there_is(sandbox: Sandbox, body: object) -> None:
    status, said = call(sandbox, "POST", body=body)
    assert status == 400
    assert "gateway_502" in said
    assert call(sandbox, "PUT")[0] == 405
