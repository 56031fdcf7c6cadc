from collections.abc import Callable
from dataclasses import replace

import pytest

from simulation import simulate
from support.simulation.run import Outcome
from support.simulation.scenarios import SCENARIOS

BRIEF = replace(SCENARIOS["F22_same_ids"], accounts=2, days=0.05)
HASTY = replace(SCENARIOS["F17_late_rows"], overlap_s=0.0)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def choose(*scenarios: object) -> None:
        by_name = {getattr(each, "name", ""): each for each in scenarios}
        monkeypatch.setattr(simulate, "SCENARIOS", by_name)

    return choose


def test_kept_promise_is_reported_with_the_pace(
    only: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    only(BRIEF)
    assert simulate.main(["--seeds", "2"]) == 0
    assert "2 seeds over 1 scenarios: 0 broken" in capsys.readouterr().out


def test_failing_seed_comes_with_the_command_that_repeats_it(
    only: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    only(HASTY)
    assert simulate.main(["--seeds", "1", "--first", "3"]) == 1
    printed = capsys.readouterr().out
    assert "make simulate SCENARIO=F17_late_rows FIRST=3 SEEDS=1" in printed
    assert "1 broken" in printed


def test_run_that_comes_to_no_end_is_a_failing_seed(
    only: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def burst(*_arguments: object) -> Outcome:
        raise RuntimeError("nobody foresaw this")

    only(BRIEF)
    monkeypatch.setattr(simulate, "run", burst)
    assert simulate.main(["--seeds", "1"]) == 1
    printed = capsys.readouterr().out
    assert "make simulate SCENARIO=F22_same_ids FIRST=1 SEEDS=1" in printed
    assert "nobody foresaw this" in printed
