from collections.abc import Iterator
from pathlib import Path

import pytest

from support.real_processes import DaemonSetup, SandboxProcess, sandbox_process, set_up
from support.small_company import QUICK, SmallCompany


@pytest.fixture
def sandbox(one_sandbox: SandboxProcess) -> Iterator[SandboxProcess]:
    yield one_sandbox
    one_sandbox.clear_faults()


@pytest.fixture
def setup(tmp_path: Path, sandbox: SandboxProcess) -> DaemonSetup:
    return set_up(tmp_path / "daemon", sandbox)


@pytest.fixture(scope="module")
def one_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The sandbox of all the module's tests."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


@pytest.fixture
def company(tmp_path: Path, one_sandbox: SandboxProcess) -> Iterator[SmallCompany]:
    yield SmallCompany(set_up(tmp_path / "daemon", one_sandbox, QUICK), one_sandbox)
    one_sandbox.clear_faults()
