"""What a command loads before it begins: no more than it needs, for people wait for it."""

import subprocess
import sys

import pytest

_LOADED = "import sys; sys.argv = ['syncline', {words}]\ntry:\n    {what}\nfinally:\n    print(*sys.modules)"
_MAIN = "from daemon.cli import main; main()"


def loaded(what: str, *words: str) -> set[str]:
    """Return the modules that a fresh process has loaded at the end."""
    source = _LOADED.format(words=", ".join(map(repr, words)), what=what)
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_reading_the_configuration_loads_no_network_code() -> None:
    assert loaded("import daemon.config").isdisjoint({"aiohttp", "httpx", "asyncio"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], set()),
        (["keys"], {"daemon.cli.key_commands"}),
        (["config", "check", "-h"], {"daemon.cli.config_commands"}),
        (["status", "-h"], {"daemon.cli.status_command"}),
    ],
    ids=" ".join,
)
def test_only_the_command_that_is_asked_for_is_loaded(words: list[str], expected: set[str]) -> None:
    source = f"try:\n        {_MAIN}\n    except SystemExit: pass"
    found = loaded(source, *words)
    commands = {name for name in found if name.endswith(("_command", "_commands"))}
    assert {name for name in commands if name.startswith("daemon.cli.")} == expected
    assert "aiohttp" not in found
    assert "store.sqlite" not in found or "key_commands" in "".join(expected)
