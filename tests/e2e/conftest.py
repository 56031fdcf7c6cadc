from collections.abc import Iterator
from pathlib import Path

import pytest

from support.real_processes import DaemonSetup, SandboxProcess, sandbox_process, set_up


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path) as served:
        yield served


@pytest.fixture
def setup(tmp_path: Path, sandbox: SandboxProcess) -> DaemonSetup:
    return set_up(tmp_path / "daemon", sandbox)
