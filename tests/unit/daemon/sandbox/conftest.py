import pytest

from unit.daemon.sandbox.caller import Caller


@pytest.fixture
def caller() -> Caller:
    """A connected app, without call limits."""
    connected = Caller()
    connected.connect()
    return connected
