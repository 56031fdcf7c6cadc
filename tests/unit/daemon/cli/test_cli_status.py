import json
from collections import Counter
from collections.abc import Mapping

import httpx
import pytest

from support.command_line import CommandLine, account, page, problem

AMY = account(1, "Amy's", state="degraded", reasons=["the vendor answers 503"])
CURSOR = {
    "object_type": "Invoice",
    "records": 1234,
    "complete": True,
    "last_synced_at": "2026-03-01T11:59:30Z",
    "last_error": None,
}


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    detail = httpx.Response(200, json=AMY | {"cursors": [CURSOR]})
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", detail)


def test_overview_counts_accounts_by_state(cli: CommandLine) -> None:
    assert cli.run("status").out.splitlines()[-1] == "1 account: 1 degraded"


def test_overview_names_the_nodes_where_there_are_several(cli: CommandLine) -> None:
    node = {"name": "alpha", "state": "live", "version": "1.0", "shards": 64, "has_house": True}
    came = {"shard": 3, "node": "alpha", "at": "2026-11-21T09:00:00Z", "was_let_go": False}
    cluster = {"nodes": [node], "shards": 64, "last_moves": [came | {"before": "beta"}]}
    overview = {"version": "1.0", "states": {}, "accounts": [], "cluster": cluster}
    cli.daemon.on("GET", "/health/overview", httpx.Response(200, json=overview))
    assert cli.run("status").out.splitlines()[-3:] == [
        "1 account: 1 degraded",
        "1 node for 64 shards: alpha 64 and the house",
        "  09:00:00Z  shard 3 came to alpha, taken from beta",
    ]


def test_overview_leaves_out_an_ended_node_that_is_back_under_its_name(cli: CommandLine) -> None:
    node = {"name": "alpha", "state": "gone", "version": "0.9", "shards": 0}
    back = {"name": "alpha", "state": "live", "version": "1.0", "shards": 60}
    holds = {"name": "alpha", "state": "gone", "version": "1.0", "shards": 4, "has_house": True}
    lost = {"name": "beta", "state": "gone", "version": "1.0", "shards": 0}
    cluster = {"nodes": [node, back, holds, lost], "shards": 64}
    overview = {"version": "1.0", "states": {}, "accounts": [], "cluster": cluster}
    cli.daemon.on("GET", "/health/overview", httpx.Response(200, json=overview))
    assert cli.run("status").out.splitlines()[-1] == (
        "3 nodes for 64 shards: alpha 60, alpha gone, 4 and the house, beta gone, 0"
    )


def test_detail_names_the_reasons_and_every_type(cli: CommandLine) -> None:
    shown = cli.run("status", "Amy's").out
    assert "the vendor answers 503" in shown
    assert "2026-03-01T11:59:57Z (3.0 s ago)" in shown
    assert "Invoice  1,234    complete  30 s ago" in shown


def test_detail_as_json_is_what_the_daemon_says(cli: CommandLine) -> None:
    assert json.loads(cli.run("status", "Amy's", "--json").out) == AMY | {"cursors": [CURSOR]}


def test_watch_off_a_terminal_prints_a_line_for_each_change_of_state(cli: CommandLine) -> None:
    ill, well = overview(AMY), overview(AMY | {"state": "live"})
    cli.daemon.on("GET", "/health/overview", ill, ill, well)
    cli.daemon.on("GET", "/integrations", page(AMY), page(AMY | {"state": "live"}))
    cli.pauses_left = 4
    assert cli.run("status", "--watch").out.splitlines() == [
        "2026-03-01T12:00:00Z Amy's: degraded, exact as of 3.0 s ago",
        "2026-03-01T12:00:00Z Amy's: live, exact as of 3.0 s ago",
    ]


def test_watch_off_a_terminal_asks_for_all_accounts_when_a_state_changed(cli: CommandLine) -> None:
    other = AMY | {"id": "another", "name": "Bo's"}
    one_ill, other_ill = overview(AMY), overview(other)
    cli.daemon.on("GET", "/health/overview", *[one_ill] * 5, other_ill)
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.pauses_left = 9
    cli.run("status", "--watch")
    assert len(cli.daemon.asked("GET", "/health/overview")) == 10
    assert len(cli.daemon.asked("GET", "/integrations")) == 2


def test_watch_as_json_prints_one_document_a_line(cli: CommandLine) -> None:
    cli.pauses_left = 1
    lines = cli.run("status", "Amy's", "--watch", "--json").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["Amy's", "Amy's"]


def test_error_that_every_type_shares_is_told_once(cli: CommandLine) -> None:
    failed = CURSOR | {"last_error": "the vendor answers 503"}
    cursors = [failed, failed | {"object_type": "Bill"}, CURSOR | {"object_type": "Item"}]
    detail = httpx.Response(200, json=AMY | {"reasons": [], "cursors": cursors})
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", detail)
    shown = cli.run("status", "Amy's").out
    assert shown.count("the vendor answers 503") == 1
    assert [line.split()[-1] for line in shown.splitlines()[-2:]] == ["same", "-"]


def test_account_to_be_connected_again_names_the_command(cli: CommandLine) -> None:
    detail = httpx.Response(200, json=AMY | {"state": "reauth_required", "cursors": []})
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", detail)
    assert "what to do   syncline connect quickbooks" in cli.run("status", "Amy's").out


def overview(*accounts: Mapping[str, object]) -> httpx.Response:
    """Answer as the daemon's overview does, of accounts that are all listed."""
    states = Counter(str(account["state"]) for account in accounts)
    return httpx.Response(
        200, json={"version": "1", "states": states, "accounts": [dict(each) for each in accounts]}
    )


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused", request=request)


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("cut", request=request)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_watch_outlives_a_restart_of_the_daemon(cli: CommandLine, form: list[str]) -> None:
    live = page(AMY | {"state": "live"})
    away = (refuse, refuse, problem(503, "Not ready"))
    if form:
        cli.daemon.on("GET", "/integrations", page(AMY), *away, live)
    else:
        well = overview(AMY | {"state": "live"})
        cli.daemon.on("GET", "/health/overview", overview(AMY), *away, well)
        cli.daemon.on("GET", "/integrations", page(AMY), live)
    cli.pauses_left = 4
    result = cli.run("status", "--watch", *form)
    assert len(result.out.splitlines()) == 2
    said = result.err.splitlines()
    assert len(said) == 2
    assert "the daemon is not running" in said[0]
    assert "waiting" in said[0]


def test_watch_of_one_on_a_terminal_shows_that_the_daemon_is_away(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")
    cli.is_terminal = True
    cli.pauses_left = 2
    detail = httpx.Response(200, json=AMY | {"cursors": [CURSOR]})
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", detail, cut, detail)
    shown = cli.run("status", "Amy's", "--watch").out
    assert "does not answer as it should" in shown
    assert shown.rindex("the vendor answers 503") > shown.rindex("does not answer")


def test_watch_without_a_daemon_from_the_beginning_fails(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/health/overview", refuse)
    assert cli.run("status", "--watch").code == 1


def test_watch_ends_when_the_daemon_refuses(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("GET", "/health/overview", overview(AMY), problem(404, "Gone"))
    assert cli.run("status", "--watch").code == 1


def test_detail_tells_of_the_months_reads_and_of_tokens_that_end(cli: CommandLine) -> None:
    budget = {"month": "2026-03", "used": 1234, "forecast": 600_000, "allowance": 500_000}
    more = {
        "cursors": [CURSOR],
        "budget": budget | {"stretch": 1.23},
        "token": {"advice": "the grant ends at 2026-03-05 00:00 UTC whatever happens"},
    }
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", httpx.Response(200, json=AMY | more))
    shown = " ".join(cli.run("status", "Amy's").out.split())
    assert (
        "reads 1,234 of 500,000 in 2026-03 over all accounts, 600,000 forecast; polls 1.2 times as seldom"
        in shown
    )
    assert "tokens the grant ends at 2026-03-05 00:00 UTC whatever happens" in shown


def test_a_forecast_that_cannot_be_made_yet_is_no_number(cli: CommandLine) -> None:
    budget = {
        "month": "2026-03",
        "used": 12,
        "forecast": None,
        "allowance": 500_000,
        "stretch": 1.0,
    }
    more = {"cursors": [CURSOR], "budget": budget}
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", httpx.Response(200, json=AMY | more))
    shown = cli.run("status", "Amy's").out
    assert "12 of 500,000 in 2026-03 over all accounts, forecast not known yet\n" in shown


def test_detail_is_silent_about_tokens_that_end_far_off(cli: CommandLine) -> None:
    more = {"cursors": [CURSOR], "budget": None, "token": {"advice": None}}
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", httpx.Response(200, json=AMY | more))
    shown = cli.run("status", "Amy's").out
    assert "tokens" not in shown
    assert "reads" not in shown
