import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from actors import vendors

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "requirements.lock": [*PROJECT["project"]["dependencies"], *GROUPS["build"]],
    "requirements-dev.lock": [
        *PROJECT["project"]["dependencies"],
        *GROUPS["build"],
        *GROUPS["dev"],
    ],
}


def pinned(lock: str) -> dict[str, str]:
    found = re.finditer(r"^([\w.-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(match[1]): match[2] for match in found}


@pytest.mark.parametrize("package", ["actors", "daemon", "store"])
def test_no_other_distribution_owns_our_packages(package: str) -> None:
    # An editable install lists nothing for its own names.
    assert set(packages_distributions().get(package, [])) <= {"syncline"}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_a_version_of_every_dependency_that_the_project_allows(lock: str) -> None:
    versions = pinned(lock)
    for requirement in map(Requirement, LOCKS[lock]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_both_locks_pin_the_same_versions() -> None:
    assert pinned("requirements.lock").items() <= pinned("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_host_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    pins = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 10
    assert all("--hash=sha256:" in pin for pin in pins)


def vendor_folders() -> Iterator[str]:
    for init in Path(str(vendors.__file__)).parent.glob("*/__init__.py"):
        yield f"actors.vendors.{init.parent.name}"


def test_every_vendor_is_held_apart_from_the_others() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    apart = [
        sorted(contract["modules"]) for contract in contracts if contract["type"] == "independence"
    ]
    assert sorted(vendor_folders()) in apart
