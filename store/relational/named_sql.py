"""Statements kept in files beside a dialect's code, each under its name."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


class Statement(str):
    """A statement's name, `accounts.fence`: each dialect has a text for it."""

    __slots__ = ()


class StatementNames(dict[str, Statement]):
    """The statements of one file, by their names in it; whether a dialect has one shows when it runs."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    def __missing__(self, name: str) -> Statement:
        """Name one, once: a page runs a few dozen."""
        named = self[name] = Statement(f"{self._file}.{name}")
        return named


def parse_statements(text: str) -> Mapping[str, str]:
    """Split a file at its `-- name: ...` lines; comments are left out.

    Raises:
        ValueError: the file begins without a name, or gives one twice.
    """
    head, *parts = _NAME.split(text)
    if head.strip():
        raise ValueError(f"statement without a name: {head.strip()!r}")
    names, bodies = parts[::2], [_COMMENT.sub("", body).strip() for body in parts[1::2]]
    if len(set(names)) < len(names):
        raise ValueError(f"a name is given twice: {names}")
    return MappingProxyType(dict(zip(names, bodies, strict=True)))


def load_statements(package: str, file: str) -> Mapping[str, str]:
    """Read the statements of one file in the package's `sql/`, by their names in it."""
    folder = files(package).joinpath("sql")
    return parse_statements(folder.joinpath(f"{file}.sql").read_text(encoding="utf-8"))


def load_dialect(package: str) -> Mapping[str, str]:
    """Read all statements of the package's `sql/`, as `file.name`."""
    names = sorted(file.name for file in files(package).joinpath("sql").iterdir())
    return MappingProxyType(
        {
            f"{file}.{name}": text
            for file in (name.removesuffix(".sql") for name in names if name.endswith(".sql"))
            for name, text in load_statements(package, file).items()
        }
    )
