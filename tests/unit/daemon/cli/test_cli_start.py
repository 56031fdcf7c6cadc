"""What a command loads before it begins: no more than it needs, for people wait for it."""

import subprocess
import sys
from pathlib import Path

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


_INTERRUPTED = """
import sys
class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
sys.argv = ['syncline', 'status']
from daemon.cli import main
main()
"""


@pytest.mark.parametrize(
    "module", ["daemon.cli.command_line", "typer", "daemon.cli.status_command"]
)
def test_command_that_is_interrupted_while_it_is_loaded_ends_without_a_word(module: str) -> None:
    done = process(_INTERRUPTED.format(module=module))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_command_without_any_input_has_nobody_to_ask(tmp_path: Path) -> None:
    words = ["syncline", "migrate-store", "--undo", "--from", "sqlite:///a.db"]
    source = f"import os, sys; sys.stdin = None; os.chdir({str(tmp_path)!r}); sys.argv = {words}; {_MAIN}"
    done = process(source)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no terminal to ask at" in done.stderr
    assert "Traceback" not in done.stderr


def process(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
