"""What `status --watch` paints, and how it goes on painting."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import httpx
import pytest
from msgspec import structs

from daemon.cli.live_view import LiveView
from daemon.cli.output import Output
from daemon.cli.overview_replies import (
    ClusterNodeReply,
    ClusterReply,
    MonthsReadsReply,
    OpenAlertsReply,
    OverviewAlertReply,
    OverviewReply,
    OverviewRowReply,
    UnheldReply,
)
from support.command_line import NOW, CommandLine, Terminal

AGES = re.compile(r"(\d+(?:\.\d)?) s ago")


def row(number: int, state: str = "live", *, name: str = "", reason: str = "") -> OverviewRowReply:
    shown = name or f"Company {number}"
    reasons = [reason] if reason else []
    return OverviewRowReply(str(number), "quickbooks", shown, state, reasons, NOW)


def overview(*rows: OverviewRowReply, more_live: int = 0) -> OverviewReply:
    states: dict[str, int] = {"live": more_live}
    for each in rows:
        states[each.state] = states.get(each.state, 0) + 1
    return OverviewReply("1.2.3", states, list(rows), oldest_exact_as_of=NOW)


def painted(view: LiveView, now: datetime, *, width: int = 80, height: int = 24) -> Sequence[str]:
    """Return the lines on a terminal of this size."""
    stream = StringIO()
    output = Output(Terminal(), Terminal())
    output.data.width, output.data.file = width, stream
    output.data.no_color = True
    output.data.print(view.paint(output, height, now))
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in stream.getvalue().splitlines()]


def test_nodes_and_what_nobody_holds_are_named() -> None:
    nodes = [
        ClusterNodeReply("alpha", "live", "1.0", 22, has_house=True),
        ClusterNodeReply("beta", "gone", "1.1", 42),
    ]
    cluster = ClusterReply(nodes, 64, [UnheldReply(-1, 3.0), UnheldReply(7, 42.0)])
    view = LiveView("http://127.0.0.1:8321")
    view.hear(structs.replace(overview(row(1)), cluster=cluster), NOW)
    text = "\n".join(painted(view, NOW, width=120))
    assert "2 nodes for 64 shards: alpha 22 and the house, beta gone, 42; versions 1.0, 1.1" in text
    assert "Held by nobody for 42 s: 2 shards (the house, 7)" in text
    view.hear(overview(row(1)), NOW)
    assert "nodes" not in "\n".join(painted(view, NOW))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 60)])
def test_ten_thousand_accounts_fit_the_terminal(width: int, height: int) -> None:
    view = LiveView("http://127.0.0.1:8321")
    bad = row(0, "degraded", name="Jürgen & Söhne " * 9, reason="the vendor answers 503, " * 9)
    shown = [bad, *(row(number) for number in range(1, height))]
    view.hear(overview(*shown, more_live=10_000 - len(shown)), NOW)
    lines = painted(view, NOW, width=width, height=height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    rows = sum("Company" in line for line in lines)
    assert rows >= height - 7
    assert lines[-1].strip() == f"… and {10_000 - 1 - rows:,} more, all live."


def test_what_is_left_out_is_told_by_state() -> None:
    view = LiveView("http://x")
    rows = [row(number, "degraded") for number in range(30)]
    view.hear(overview(*rows, more_live=5), NOW)
    lines = painted(view, NOW, height=10)
    left = 30 - sum("Company" in line for line in lines)
    assert lines[-1].strip() == f"… and {left + 5} more, 5 live, {left} degraded."


def test_ages_tick_while_nothing_else_changes() -> None:
    view = LiveView("http://x")
    view.hear(overview(row(1)), NOW)
    ages = [AGES.findall("\n".join(painted(view, NOW + timedelta(seconds=s)))) for s in (1, 2, 12)]
    assert ages == [["1.0", "1.0"], ["2.0", "2.0"], ["12", "12"]]


def test_a_change_of_state_is_told_for_ten_seconds() -> None:
    view = LiveView("http://x")
    view.hear(overview(row(1), row(2)), NOW)
    view.hear(overview(row(1, "degraded", reason="503"), row(2)), NOW)
    assert sum("was live; 503" in line for line in painted(view, NOW)) == 1
    late = painted(view, NOW + timedelta(seconds=11))
    assert not any("was live" in line for line in late)
    assert any("503" in line for line in late)


def test_the_daemons_absence_and_return_are_told() -> None:
    view = LiveView("http://x")
    view.hear(overview(row(1)), NOW)
    view.miss("the daemon is not running", NOW)
    lines = painted(view, NOW + timedelta(seconds=7))
    assert lines[0].startswith("AWAY for 7.0 s; waiting for it.")
    assert "the daemon is not running" in lines[1]
    assert any("Company 1" in line for line in lines)
    view.hear(overview(row(1)), NOW + timedelta(seconds=9))
    assert "back after 9.0 s" in painted(view, NOW + timedelta(seconds=10), width=120)[0]
    assert "back" not in painted(view, NOW + timedelta(seconds=30), width=120)[0]


def test_trouble_and_reads_stand_above_the_table() -> None:
    view = LiveView("http://x")
    reads = {
        "quickbooks": MonthsReadsReply("2026-03", 1234, 500_000, 167_686),
        "other": MonthsReadsReply("2026-03", 7),
    }
    trouble = ["The database takes no writes: the disk is full"]
    alerts: dict[str, Any] = {
        "alerts": OpenAlertsReply(critical=1, warning=2, acknowledged=2),
        "most_urgent": [OverviewAlertReply("critical", "no answer", NOW - timedelta(minutes=3))],
    }
    calm = overview(row(1, "reauth_required"))
    view.hear(structs.replace(calm, reads=reads, trouble=trouble, **alerts), NOW)
    shown = "\n".join(painted(view, NOW))
    head = shown[: shown.index("STATE")]
    assert "Reads at quickbooks in 2026-03: 1,234 of 500,000, 167,686 forecast" in head
    assert "Reads at other in 2026-03: 7, forecast not known yet" in head
    assert "The database takes no writes: the disk is full" in head
    assert "1 account needs a person." in head
    assert "Open alerts: 1 critical, 2 warning, 2 looked after." in head
    assert "  critical, 3 min: no answer" in head


def test_names_cannot_reach_the_terminal() -> None:
    view = LiveView("http://x")
    view.hear(overview(row(1, name="a\x1b[2Jb\nc")), NOW)
    lines = painted(view, NOW)
    assert "\x1b" not in "".join(lines)
    assert any("a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c" in line for line in lines)


def reply(state: str) -> httpx.Response:
    states = {"degraded": int(state == "degraded"), "live": int(state == "live")}
    account = {"id": "1", "vendor": "quickbooks", "name": "Amy's", "state": state}
    return httpx.Response(200, json={"version": "1", "states": states, "accounts": [account]})


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("cut", request=request)


@pytest.fixture
def terminal(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("LINES", "30")
    cli.is_terminal = True
    return cli


def test_on_a_terminal_it_asks_once_a_second_and_for_no_more_than_fits(
    terminal: CommandLine,
) -> None:
    terminal.daemon.on("GET", "/health/overview", reply("live"))
    terminal.pauses_left = 2
    shown = terminal.run("status", "--watch").out
    assert [request.url.params["limit"] for request in terminal.daemon.requests] == ["30"] * 3
    assert terminal.pauses_s[:2] == [1.0, 1.0]
    assert shown.count("1 account: ") == 3


def test_it_outlives_a_restart_and_gives_the_screen_back(terminal: CommandLine) -> None:
    terminal.daemon.on("GET", "/health/overview", reply("live"), cut, reply("degraded"))
    terminal.pauses_left = 2
    shown = terminal.run("status", "--watch").out
    assert shown.index("does not answer") < shown.index("back after")
    assert "was live" in shown
    assert shown.endswith("\x1b[?25h\x1b[?1049l")


def test_without_a_daemon_from_the_beginning_it_fails(terminal: CommandLine) -> None:
    terminal.daemon.on("GET", "/health/overview", cut)
    result = terminal.run("status", "--watch")
    assert result.code == 1
    assert "does not answer" in result.err
