"""The demo, as `make demo` runs it."""

import signal
import subprocess
from pathlib import Path

import pytest

from support.real_processes import SCRIPT, script, until

pytestmark = pytest.mark.timeout(120)


def test_demo_ends_exact(tmp_path: Path) -> None:
    done = subprocess.run(
        [SCRIPT, "demo", "--once"],
        cwd=tmp_path,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Starting stand-ins for three vendors and a daemon ...\n")
    assert "The job is completed: 850.00 for Valley Air." in done.stdout
    assert "EXACT: the replica is the vendor's data, byte for byte." in done.stdout
    assert "limit violations: 0" in done.stdout
    assert "\x1b" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_demo_that_is_interrupted_cleans_up(tmp_path: Path) -> None:
    with script(tmp_path, "demo", "--once") as demo:
        until("begun", lambda: demo.out)
        demo.send(signal.SIGINT)
        assert demo.exit_code() == 130
        assert "Traceback" not in demo.err
