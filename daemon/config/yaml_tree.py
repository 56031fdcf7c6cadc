"""YAML text as plain values, each with its line. Stricter than YAML 1.1.

Only `true` and `false` are booleans, dates stay text, a key may appear once, and there are no tags.
Laxer in one point: `${NAME}` needs no quotes, not even inside `[]` and `{}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml

from daemon.config.problem import ConfigProblem

_STR = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"


_REFERENCE = re.compile(r"\$\{(\w+)\}", re.ASCII)
# Stand for `${` and `}` while YAML is parsed, as long as these, so that columns stay right.
_OPEN, _CLOSE = "\ue000\ue000", "\ue001"


class _Loader(yaml.SafeLoader):
    """Resolves nothing but what follows."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(_NULL, re.compile(r"(?:null|Null|NULL|~|)\Z"), ["n", "N", "~", ""])
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|false)\Z"), ["t", "f"])
_Loader.add_implicit_resolver(_INT, re.compile(r"[-+]?[0-9]{1,18}\Z"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    _FLOAT, re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)\Z"), list("-+.0123456789")
)


UNREADABLE: Final = object()
"""Stands for a value that is no value; its problem has been noted."""


@dataclass(slots=True)
class YamlTree:
    """A document's values.

    Attributes:
        root: mappings, lists and scalars; None for an empty document, `UNREADABLE` for none.
        lines: the line, from 1, of each value by its path.
        problems: what is wrong with it as a document.
    """

    root: object = None
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)


def read_yaml(text: str) -> YamlTree:
    """Read a document. Its problems are returned with what could be read."""
    tree = YamlTree()
    try:
        node = yaml.compose(_REFERENCE.sub(rf"{_OPEN}\1{_CLOSE}", text), Loader=_Loader)
    except yaml.YAMLError as error:
        tree.root = UNREADABLE
        tree.problems.append(_syntax_problem(error))
    else:
        tree.root = None if node is None else _Reading(tree).value(node, "")
    return tree


def _syntax_problem(error: yaml.YAMLError) -> ConfigProblem:
    # Only the position and the library's own words: the text around it may hold a secret.
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "a character that YAML does not allow"
    if mark is None:
        return ConfigProblem("", "valid YAML", what)
    return ConfigProblem("", "valid YAML", f"{what} in column {mark.column + 1}", "", mark.line + 1)


def _restored(node: yaml.Node) -> str:
    return str(node.value).replace(_OPEN, "${").replace(_CLOSE, "}")


class _Reading:
    """One pass over the nodes."""

    def __init__(self, tree: YamlTree) -> None:
        self._tree = tree
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: str) -> object:
        line = node.start_mark.line + 1
        self._tree.lines.setdefault(path, line)
        if id(node) in self._open:
            self._report(path, "a value", "an alias of what it is part of", line)
            return UNREADABLE
        self._open.add(id(node))
        try:
            return self._value(node, path, line)
        finally:
            self._open.remove(id(node))

    def _value(self, node: yaml.Node, path: str, line: int) -> object:
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{i}]") for i, item in enumerate(node.value)]
        return self._scalar(node, path, line)

    def _items(self, node: yaml.MappingNode, path: str) -> Iterator[tuple[str, object]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(path, "a name as the key", "a list or a section", line)
                continue
            key = _restored(key_node)
            below = f"{path}.{key}" if path else key
            if key in seen:
                self._report(below, "each key once", f"it again, first in line {seen[key]}", line)
                continue
            seen[key] = line
            self._tree.lines[below] = line
            yield key, self.value(value_node, below)

    def _scalar(self, node: yaml.Node, path: str, line: int) -> object:
        text = _restored(node)
        match node.tag:
            case tag if tag == _STR:
                return text
            case tag if tag == _NULL:
                return None
            case tag if tag == _BOOL:
                return text == "true"
            case tag if tag == _INT:
                return int(text)
            case tag if tag == _FLOAT:
                return float(text)
        self._report(path, "a plain value", f"the tag {node.tag}", line)
        return UNREADABLE

    def _report(self, path: str, expected: str, found: str, line: int) -> None:
        self._tree.problems.append(ConfigProblem(path, expected, found, "", line))
