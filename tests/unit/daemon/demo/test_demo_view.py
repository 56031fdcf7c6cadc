from dataclasses import replace
from io import StringIO

import pytest

from daemon.cli.output import Output
from daemon.demo.view import CompanyView, open_view
from support.command_line import Terminal

AMY = CompanyView("Amy's", "backfilling", 40, 60, None, 0, None)


def test_off_a_terminal_each_change_of_state_is_one_line() -> None:
    stream = StringIO()
    with open_view(Output(stream, stream)) as view:
        view.say("Connected Amy's", "green")
        view.show([AMY])
        view.show([replace(AMY, objects_here=50)])
        view.show([replace(AMY, state="live", objects_here=60)])
    assert stream.getvalue().splitlines() == [
        "Connected Amy's",
        "Amy's: backfilling, 40 of 60 objects here",
        "Amy's: live, 60 of 60 objects here",
    ]


def test_on_a_terminal_there_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with open_view(Output(stream, stream)) as view:
        view.show([replace(AMY, lag_s=2.5, arrived=3, last_delay_s=1.25)])
    shown = stream.getvalue()
    assert "COMPANY" in shown
    assert "2.5 s ago" in shown
