import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

AMY = account(1, "Amy's")
ALERT = {
    "id": 17,
    "kind": "owner_needed",
    "subject": AMY["id"],
    "state": "open",
    "severity": "critical",
    "cause": "the vendor refuses the refresh token",
    "since": "2026-03-01T11:59:00Z",
    "what_to_do": "Have its owner connect it again.",
}


def test_open_alerts_are_a_table_with_what_to_do(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/alerts", page(ALERT, ALERT | {"id": 16}))
    result = cli.run("alerts", "list")
    assert result.code == 0
    assert result.out.count("the vendor refuses the refresh token") == 2
    assert result.err.count("owner_needed: Have its owner connect it again.") == 1
    assert "2 open alerts" in result.err
    (request,) = cli.daemon.asked("GET", "/alerts")
    assert request.url.params["state"] == "open"


def test_an_alert_about_an_account_says_its_name(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("GET", "/alerts", page(ALERT | {"account_id": AMY["id"]}))
    result = cli.run("alerts", "list")
    account_id = str(AMY["id"])
    assert f"Amy's ({account_id[:8]})" in result.out
    assert account_id not in result.out


def test_nothing_to_tell(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/alerts", page())
    result = cli.run("alerts", "list")
    assert (result.code, result.out) == (0, "")
    assert "No open alerts." in result.err


def test_alerts_of_one_account_as_json_lines(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("GET", "/alerts", page(ALERT))
    result = cli.run("alerts", "list", "--all", "--account", "Amy's", "--json")
    assert '"kind":"owner_needed"' in result.out
    (request,) = cli.daemon.asked("GET", "/alerts")
    assert request.url.params["account"] == AMY["id"]
    assert request.url.params["state"] == "all"


def test_acknowledging_tells_the_daemon_who(cli: CommandLine) -> None:
    acked = ALERT | {"state": "acknowledged", "acknowledged_by": "ada"}
    cli.daemon.on("POST", "/alerts/17/ack", httpx.Response(200, json=acked))
    cli.environ["LOGNAME"] = "ada"
    result = cli.run("alerts", "ack", "17", "--note", "I call them")
    assert "owner_needed (17) is acknowledged." in result.err
    (request,) = cli.daemon.asked("POST", "/alerts/17/ack")
    assert request.headers["X-Syncline-User"] == "ada"
    assert b"I call them" in request.content


def test_alert_that_is_over(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/alerts/17/ack", problem(409, "Alert resolved", "resolved already"))
    assert cli.run("alerts", "ack", "17").code == 1


@pytest.mark.parametrize(("channels", "says"), [(["webhook"], "webhook"), ([], "No channel")])
def test_test_alert(cli: CommandLine, channels: list[str], says: str) -> None:
    cli.daemon.on("POST", "/alerts/test", httpx.Response(202, json={"channels": channels}))
    result = cli.run("alerts", "test")
    assert result.code == 0
    assert says in result.err


def test_replay(cli: CommandLine) -> None:
    told = httpx.Response(202, json={"channels": ["webhook"]})
    cli.daemon.on("POST", "/alerts/replay", told)
    assert cli.run("alerts", "replay", "webhook", "--after", "12").code == 0
    (request,) = cli.daemon.asked("POST", "/alerts/replay")
    assert b'"after":12' in request.content


EVENTS = f"/integrations/{AMY['id']}/events"


def event(number: int, text: str = "feed: 2 objects read") -> dict[str, object]:
    return {
        "id": number,
        "at": f"2026-03-01T11:59:{number:02}Z",
        "kind": "page_stored",
        "level": "info",
        "text": text,
        "times": number,
        "detail": {},
    }


def test_events_are_printed_oldest_first(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("GET", EVENTS, page(event(2, "later"), event(1, "earlier")))
    lines = cli.run("events", "Amy's").out.splitlines()
    assert [line.split()[-1] for line in lines] == ["earlier", "times)"]


def test_events_are_followed(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("GET", EVENTS, page(event(1)), page(event(2)), page())
    cli.pauses_left = 3
    result = cli.run("events", "Amy's", "--follow", "--json")
    assert result.out.count("\n") == 2
    asked = [request.url.params.get("after") for request in cli.daemon.asked("GET", EVENTS)]
    assert asked[:3] == [None, "1", "2"]


def test_audit_is_a_table(cli: CommandLine) -> None:
    entry = {
        "id": 1,
        "at": "2026-03-01T11:59:00Z",
        "who": "ada (admin token)",
        "peer": "127.0.0.1",
        "what": "account_paused",
        "account_id": AMY["id"],
        "subject": "",
        "outcome": "done",
    }
    cli.daemon.on("GET", "/audit", page(entry))
    result = cli.run("audit")
    assert "ada (admin token)" in result.out
    assert "account_paused" in result.out
    assert cli.run("audit", "--json").out.count("\n") == 1
