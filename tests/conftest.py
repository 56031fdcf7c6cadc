import pytest

from support.system_tools import system_tool


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    return system_tool("systemd-analyze", "systemd")


@pytest.fixture(scope="session")
def promtool() -> str:
    return system_tool("promtool", "prometheus")


@pytest.fixture(scope="session")
def prometheus() -> str:
    return system_tool("prometheus", "prometheus")
