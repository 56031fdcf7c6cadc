import asyncio
import gzip
from pathlib import Path

import msgspec
import pytest

from daemon.config import ServerConfig
from daemon.web.operations import OPERATIONS
from support.web_house import TOKEN, Visitor, WebHouse, house, serving

OPEN = {
    "/health",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/auth/quickbooks/callback",
    "/webhooks/quickbooks",
    "/webhooks/servicetitan",
    "/webhooks/housecallpro",
    "/status",
    "/status/live",
    "/status/{token}",
    "/status/{token}/live",
    "/assets/{digest}/{name}",
    "/dashboard/login",
}
ENDLESS = "/status/live"


def address(path: str) -> str:
    return path.format(
        account_id="x",
        object_type="Invoice",
        object_id="1",
        action_id="1",
        job_id="1",
        routing_id="1",
        alert_id="1",
        token="t",
        digest="d",
        name="n",
    )


async def raw(web: WebHouse, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN],
)
async def test_everything_that_is_not_open_needs_the_token(
    web: WebHouse, visitor: Visitor, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with web.stranger(headers=headers) as stranger:
        for operation in OPERATIONS:
            if operation.path == ENDLESS:
                continue
            reply = await stranger.request(operation.method, address(operation.path))
            visitor.description.check(reply)
            if operation.path.startswith("/webhooks/"):
                known = operation.path == "/webhooks/quickbooks"
                kind = "forged-delivery" if known else "unknown-vendor"
                assert reply.json()["type"] == f"urn:syncline:problem:{kind}"
            elif operation.path in OPEN:
                assert reply.status_code != 401
            elif operation.by_session:
                assert reply.headers["Location"].startswith("/dashboard/login"), operation.path
            else:
                assert reply.status_code == 401, operation.path
                assert reply.headers["WWW-Authenticate"].startswith("Bearer")
                assert reply.headers["Content-Type"] == "application/problem+json"
                assert TOKEN not in reply.text


async def test_scheme_of_the_token_is_case_insensitive(web: WebHouse) -> None:
    async with web.stranger(headers={"Authorization": f"bearer {TOKEN}"}) as client:
        assert (await client.get("/integrations")).status_code == 200


async def test_open_operations_are_exactly_those_of_the_contract() -> None:
    assert {operation.path for operation in OPERATIONS if operation.is_open} == OPEN


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("localhost:{port}", True),
        ("LOCALHOST:{port}", True),
        ("127.0.0.1:{port}", True),
        ("[::1]:{port}", True),
        ("sync.example.com", True),
        ("sync.example.com:8443", True),
        ("inside.example", True),
        ("exact.example:99", True),
        ("exact.example:98", False),
        ("exact.example", False),
        ("localhost", False),
        ("localhost:1", False),
        ("127.0.0.1.evil.example:{port}", False),
        ("evil.example:{port}", False),
        ("evil.example", False),
        ("localhost:{port}:80", False),
        ("localhost:", False),
        ("", False),
    ],
)
async def test_only_requests_for_our_host_are_answered(
    tmp_path: Path, host: str, accepted: bool
) -> None:
    config = ServerConfig(
        public_url="https://sync.example.com", allowed_hosts=("inside.example", "exact.example:99")
    )
    async with house(tmp_path) as within, serving(within, config) as web:
        headers = {"Host": host.format(port=web.port)}
        for path in ("/health", "/integrations", "/nowhere"):
            expect = (404 if path == "/nowhere" else 200) if accepted else 421
            await web.visitor.call("GET", path, headers=headers, expect=expect)


async def test_request_without_or_with_two_hosts_is_refused(web: WebHouse) -> None:
    answer = await raw(web, b"GET /health HTTP/1.0\r\n\r\n")
    assert b" 421 " in answer
    host = b"Host: localhost:%d\r\n" % web.port
    answer = await raw(
        web, b"GET /health HTTP/1.1\r\n" + host + host + b"Connection: close\r\n\r\n"
    )
    assert b" 400 " in answer


async def test_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    config = ServerConfig(max_body_bytes=1000)
    async with house(tmp_path) as within, serving(within, config) as web:
        reply = await web.visitor.call(
            "POST", "/auth/quickbooks/connect", content=b"x" * 1001, expect=413
        )
        assert reply.json()["type"] == "urn:syncline:problem:body-too-large"
        assert reply.json()["detail"].endswith("server.max_body allows")


@pytest.mark.parametrize(
    "body",
    [b"{", b"{}x", b'{"full": tru}', b'{"full": "\xff"}', b"\xff", b"[" * 100_000, b'{"a":1,}'],
)
async def test_malformed_json_is_a_bad_request(
    web: WebHouse, visitor: Visitor, body: bytes
) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/sync"
    reply = await visitor.call("POST", path, content=body, expect=400)
    assert reply.json()["type"] == "urn:syncline:problem:malformed-json"
    assert reply.json()["title"] == "Malformed JSON"


async def test_unknown_path_and_wrong_method_are_problems(visitor: Visitor) -> None:
    problem = await visitor.get("/nowhere/at/all", expect=404)
    assert problem["detail"].startswith("there is nothing at /nowhere/at/all")
    reply = await visitor.call("PUT", "/integrations", expect=405)
    assert reply.headers["Allow"] == "GET"
    assert reply.json()["type"] == "urn:syncline:problem:method-not-allowed"


async def test_unforeseen_error_shows_a_reference_and_no_more(
    web: WebHouse,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def explode() -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(web.store, "accounts", explode)
    problem = await visitor.get("/integrations", expect=500)
    assert "secret" not in str(problem)
    assert "Traceback" not in str(problem)
    logged = capsys.readouterr().out
    assert problem["reference"] in logged
    assert "request_failed" in logged


async def test_answers_are_not_cached_and_do_not_tell_what_runs(visitor: Visitor) -> None:
    reply = await visitor.call("GET", "/integrations")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Server"] == "syncline"


async def test_unknown_expectation_is_answered(web: WebHouse) -> None:
    host = b"Host: localhost:%d\r\n" % web.port
    answer = await raw(
        web, b"GET /health HTTP/1.1\r\n" + host + b"Expect: magic\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 417")


async def test_garbage_is_refused_without_a_trace_here_or_in_the_log(
    web: WebHouse, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await raw(web, b"this is not http\r\n\r\n")
    assert b" 400 " in answer
    assert b"Traceback" not in answer
    assert not caplog.records


async def test_store_trouble_is_a_reason_to_come_back(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await web.store.close()
    reply = await visitor.call("POST", f"/integrations/{account.id}/pause", expect=503)
    assert reply.json()["type"] == "urn:syncline:problem:store-unavailable"
    assert reply.headers["Retry-After"] == "5"
    assert msgspec.json.decode(reply.content)["detail"]


async def test_body_that_is_not_what_its_headers_say_is_a_bad_request(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    reply = await visitor.call(
        "POST",
        f"/integrations/{account.id}/sync",
        content=b"this is not gzip",
        headers={"Content-Encoding": "gzip"},
        expect=400,
    )
    assert reply.json()["type"] == "urn:syncline:problem:broken-body"


async def test_sender_that_breaks_off_is_no_error_of_ours(
    web: WebHouse, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    account = await web.live()
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(
        f"POST /integrations/{account.id}/sync HTTP/1.1\r\nHost: localhost:{web.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{".encode()
    )
    await writer.drain()
    async with web.stranger() as client:
        await client.get("/health")
    writer.transport.abort()
    async with web.stranger() as client:
        await client.get("/health")
    assert "request_failed" not in capsys.readouterr().out
    assert not caplog.records


async def test_body_that_grows_when_it_is_unpacked_is_refused(tmp_path: Path) -> None:
    config = ServerConfig(max_body_bytes=10_000)
    async with house(tmp_path) as within, serving(within, config) as web:
        await web.visitor.call(
            "POST",
            "/auth/quickbooks/connect",
            content=gzip.compress(b"[" * 1_000_000),
            headers={"Content-Encoding": "gzip"},
            expect=413,
        )


ODD = [
    b"GET /integrations/\xff%s",
    b"GET /integrations/%%ff%s",
    b"GET /integrations/%%00%s",
    b"GET /integrations/%%ed%%a0%%80%s",
    b"GET /nowhere/\xff%s",
    b"GET /nowhere/%%ff?%%ff=%%ff%s",
    b"GET /integrations?cursor=%%ff%s",
    b"GET /integrations?\xff=\xff%s",
    b"GET /integrations?cursor=_-8%s",
    b"GET /changes?account=%%ff%s",
    b"GET /changes?type=\xff%s",
    b"GET /changes?type=%%ed%%a0%%80%s",
    b"GET /changes?after=%%ff%s",
    b"GET /integrations/x/objects/%%ff/%%ff%s",
    b"GET /auth/quickbooks/callback?state=\xff&code=\xff&realmId=1%s",
    b"GET /auth/quickbooks/callback?state=%%ed%%a0%%80&error=\xff%s",
    b"GET //integrations%s",
    b"GET /../integrations%s",
    b"GET /health/../integrations%s",
    b"GET http://localhost/integrations%s",
    b"OPTIONS *%s",
]


@pytest.mark.parametrize("line", ODD)
async def test_odd_addresses_are_answered_in_good_order(web: WebHouse, line: bytes) -> None:
    headers = b" HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n" % web.port
    answer = await raw(web, line % headers + f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
    status = int(answer.split(b" ", 2)[1])
    assert status in {200, 400, 403, 404, 405, 422}, answer


@pytest.mark.parametrize("name", ["Authorization", "Host", "Accept", "Last-Event-ID"])
async def test_odd_headers_are_answered_in_good_order(web: WebHouse, name: str) -> None:
    headers = {
        "Host": b"localhost:%d" % web.port,
        "Connection": b"close",
        "Authorization": f"Bearer {TOKEN}".encode(),
        "Accept": b"text/event-stream",
        name: b"Bearer \xff\xfe",
    }
    lines = b"".join(b"%b: %b\r\n" % (key.encode(), value) for key, value in headers.items())
    answer = await raw(web, b"GET /changes HTTP/1.1\r\n" + lines + b"\r\n")
    expect = {"Authorization": 401, "Host": 421, "Accept": 200, "Last-Event-ID": 422}[name]
    assert int(answer.split(b" ", 2)[1]) == expect, answer
