"""The chaos in its short form: every kind of blow once, in less than a minute. `make chaos` plays the long one."""

from pathlib import Path

import anyio
import pytest

from support.chaos.plan import BlowKind, Plan, blows
from support.chaos.run import play

_SHORT = Plan(seed=189, nodes=3, accounts=20, seconds=29, blow_every_s=4)


@pytest.mark.timeout(300)
def test_promise_is_kept_through_all_kinds_of_blows(tmp_path: Path) -> None:
    told: list[str] = []
    verdict = anyio.run(play, _SHORT, tmp_path, told.append)
    assert not verdict.wrong, "\n".join([*told, *map(str, verdict.facts.items()), *verdict.wrong])
    assert verdict.facts["payments at the vendor"]


def test_short_form_has_every_kind_of_blow() -> None:
    assert {blow.kind for blow in blows(_SHORT)} == set(BlowKind)


def test_same_seed_strikes_in_the_same_way() -> None:
    assert blows(Plan(7, 4, 500, 600)) == blows(Plan(7, 4, 500, 600))
    assert blows(Plan(7, 4, 500, 600)) != blows(Plan(8, 4, 500, 600))
