"""Statements kept in files beside the code, each under its name."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


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


def load_statements(file_name: str) -> Mapping[str, str]:
    """Read the statements of one file in `sql/`."""
    return parse_statements(
        files("store.sqlite").joinpath("sql", file_name).read_text(encoding="utf-8")
    )
