"""Programs of the system's packages that some tests need."""

import os
import shutil

import pytest

REQUIRED = "SYNCLINE_REQUIRE_SYSTEM_TOOLS"
"""Set where they have to be there: a test that needs one fails then instead of being skipped."""


def system_tool(name: str, package: str) -> str:
    """Return the program's path; the test is skipped, or fails, when it is not installed."""
    path = shutil.which(name)
    if path is not None:
        return path
    missing = f"{name} is not installed; it is in the system's package {package}"
    if os.environ.get(REQUIRED):
        pytest.fail(missing)
    pytest.skip(missing)
