import pytest

from support.virtual_time import VIRTUAL_BACKEND, VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return VIRTUAL_BACKEND
