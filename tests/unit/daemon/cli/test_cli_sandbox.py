"""The sandbox as a command: what it refuses, and what a restart brings."""

import pytest

from daemon.cli.sandbox_server import open_sandbox
from daemon.sandbox.quickbooks import QuickBooksSandbox
from support.command_line import CommandLine, FrozenClock


@pytest.mark.parametrize("scale", ["inf", "nan", "-1"])
def test_scale_that_is_no_size_is_refused(cli: CommandLine, scale: str) -> None:
    result = cli.run("sandbox", "--port", "0", "--scale", scale)
    assert result.code == 2


def first_code(sandbox: QuickBooksSandbox) -> str:
    return sandbox.issue_code(next(iter(sandbox.world.companies)))


def test_restart_with_the_same_seed_has_the_same_data_and_other_codes() -> None:
    first, again = (open_sandbox(FrozenClock(), 1, 0.1, 7, salt) for salt in ("a", "b"))
    realm_id = next(iter(first.world.companies))
    assert first.truth(realm_id) == again.truth(realm_id)
    assert first_code(first) != first_code(again)


def test_same_salt_gives_the_same_codes() -> None:
    first, again = (open_sandbox(FrozenClock(), 1, 0.1, 7, "a") for _ in range(2))
    assert first_code(first) == first_code(again)
