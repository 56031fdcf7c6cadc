"""The walk over a document's tree: builds the sections and collects all that is wrong."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from daemon.config.interpolation import interpolate
from daemon.config.problem import ConfigProblem
from daemon.config.rule import Rule, did_you_mean
from daemon.config.scalar import SCALARS, describe, plain
from daemon.config.secret import Secret
from daemon.config.secret_files import SecretFiles
from daemon.config.shape import FILE_SUFFIX, Field, Kind, Shape, fields_of, keys_of
from daemon.config.yaml_tree import UNREADABLE

INVALID: Final = object()
"""Stands for a value whose problem has been reported."""


class Walk:
    """One walk. Afterwards `problems` has everything that was wrong, in no special order."""

    def __init__(
        self, environ: Mapping[str, str], files: SecretFiles, lines: Mapping[str, int]
    ) -> None:
        self.problems: list[ConfigProblem] = []
        self._environ = environ
        self._files = files
        self._lines = lines

    def section(self, section: type, tree: object, path: str, default: object = None) -> Any:  # noqa: ANN401
        """Build a section, or return `INVALID`.

        Args:
            section: its dataclass.
            tree: what stands in the file; nothing is an empty section.
            path: where it stands.
            default: an instance whose values hold where the file has none.
        """
        keys = self._mapping(tree, path)
        if keys is None:
            return INVALID
        known = list(keys_of(section))
        for key in [key for key in keys if key not in known]:
            self._unknown(_join(path, key), key, known)
        return self._build(section, keys, path, default, {})

    def _build(
        self,
        section: type,
        keys: Mapping[str, object],
        path: str,
        default: object,
        rules: Mapping[str, Rule],
    ) -> object:
        values = {}
        for field in fields_of(section):
            fallback = field.default(default, section)
            if field.flat and field.shape.section:
                nested = field.shape.section
                instance = None if fallback is dataclasses.MISSING else fallback
                value = self._build(nested, keys, path, instance, field.flat.rules)
            else:
                value = self._field(_ruled(field, rules), keys, path, fallback)
            values[field.name] = value
        return INVALID if any(value is INVALID for value in values.values()) else section(**values)

    def _field(
        self, field: Field, keys: Mapping[str, object], path: str, fallback: object
    ) -> object:
        where = _join(path, field.key)
        if field.shape.is_secret:
            value = self._from_file(field, keys, where)
            if value is not None:
                return value
        if field.key in keys:
            return self._value(field.shape, keys[field.key], where, fallback)
        if field.shape.kind is Kind.SECTION:
            if field.shape.optional:
                return fallback
            # It may have credentials even so.
            return self._value(field.shape, None, where, fallback)
        if fallback is not dataclasses.MISSING:
            return fallback
        hint = f"set it, or {field.key}{FILE_SUFFIX}, or the systemd credential {where}"
        return self._report(
            where, _expected(field.shape), "nothing", hint if field.shape.is_secret else ""
        )

    def _value(self, shape: Shape, value: object, where: str, fallback: object) -> object:
        if value is UNREADABLE:
            return INVALID
        if value is None and shape.optional:
            return None
        match shape.kind:
            case Kind.SECTION if shape.section:
                default = None if fallback is dataclasses.MISSING else fallback
                return self.section(shape.section, value, where, default)
            case Kind.SECTIONS:
                return self._sections(shape, value, where)
            case Kind.LIST:
                return self._list(shape, value, where, may_be_empty=fallback == ())
        return self._scalar(shape, value, where)

    def _sections(self, shape: Shape, value: object, where: str) -> object:
        keys = self._mapping(value, where)
        if keys is None or shape.named is None:
            return INVALID
        types, what = shape.named.types, shape.named.what
        sections = {}
        for name, tree in keys.items():
            below = _join(where, name)
            if name in types:
                sections[name] = self.section(types[name], tree, below)
            else:
                expected = f"{what} that this version supports ({', '.join(types)})"
                sections[name] = self._report(below, expected, name, did_you_mean(name, types))
        return INVALID if any(each is INVALID for each in sections.values()) else sections

    def _list(self, shape: Shape, value: object, where: str, *, may_be_empty: bool) -> object:
        if not isinstance(value, list) or not (value or may_be_empty):
            found = "an empty list" if value == [] else self._found(shape, value)
            return self._report(where, _expected(shape), found)
        items = [
            self._scalar(_item(shape), item, f"{where}[{index}]")
            for index, item in enumerate(value)
        ]
        for index, item in enumerate(items):
            if item is not INVALID and item in items[:index]:
                self._report(f"{where}[{index}]", "each item once", "one from above again")
        return INVALID if any(item is INVALID for item in items) else tuple(items)

    def _scalar(self, shape: Shape, value: object, where: str) -> object:
        if value is UNREADABLE:
            return INVALID
        if not isinstance(value, str):
            return self._checked(shape, value, where, self._found(shape, value))
        filled = interpolate(value, self._environ)
        if filled.malformed:
            return self._report(where, "${NAME}", "a `${` without a name and `}` after it")
        for name in filled.missing:
            self._report(where, f"the environment variable {name}", "none")
        if filled.missing:
            return INVALID
        if not filled.names:
            return self._checked(shape, filled.text, where, self._found(shape, value))
        text_kind = shape.kind in {Kind.TEXT, Kind.SECRET}
        # What a variable holds may be a secret, wherever it is used.
        found = " and ".join(f"the value of {name}" for name in filled.names)
        return self._checked(shape, filled.text if text_kind else plain(filled.text), where, found)

    def _checked(self, shape: Shape, value: object, where: str, found: str) -> object:
        scalar, rule = SCALARS[shape.kind], shape.rule
        read = scalar.read(value)
        if read is None:
            return self._report(where, _expected(shape), found)
        if rule is not None:
            read, hint = rule.accept(read), rule.hint(read)
            if read is None:
                return self._report(where, rule.expected, found, hint)
        elif not scalar.holds(read):
            return self._report(where, _expected(shape), found)
        return Secret(str(read)) if shape.kind is Kind.SECRET else read

    def _from_file(self, field: Field, keys: Mapping[str, object], where: str) -> object:
        """Read a secret from its credential or its file; None when it has neither."""
        named = where + FILE_SUFFIX
        name = keys.get(field.key + FILE_SUFFIX)
        if name is not None and field.key in keys:
            return self._report(named, f"{field.key} or {field.key}{FILE_SUFFIX}", "both")
        try:
            text = self._files.credential(where)
            if text is None and name is not None:
                file = self._scalar(Shape(Kind.TEXT), name, named)
                if not isinstance(file, str):
                    return INVALID
                text = self._files.named(file)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8"
            return self._report(named, "a file that can be read", reason or "an error")
        return None if text is None else self._file_text(field, text, where)

    def _file_text(self, field: Field, text: str, where: str) -> object:
        found = "a file with something else" if text.strip() else "an empty file"
        if field.shape.kind is not Kind.LIST:
            return self._checked(field.shape, text.strip(), where, found)
        items = [
            self._checked(_item(field.shape), line.strip(), f"{where}[{index}]", found)
            for index, line in enumerate(text.strip().splitlines() or [""])
        ]
        return INVALID if any(item is INVALID for item in items) else tuple(items)

    def _mapping(self, tree: object, path: str) -> dict[str, object] | None:
        if tree is None:
            return {}
        if isinstance(tree, dict):
            return tree
        if tree is not UNREADABLE:
            self._report(path, "a section", describe(tree))
        return None

    def _unknown(self, path: str, key: str, known: list[str]) -> None:
        hint = did_you_mean(key, known) or f"known here: {', '.join(known)}"
        self._report(path, "a known key", f"the unknown key {key}", hint)

    def _found(self, shape: Shape, value: object) -> str:
        if shape.is_secret and value not in (None, ""):
            return "a value that is not shown"
        return describe(value)

    def _report(self, path: str, expected: str, found: str, hint: str = "") -> object:
        """Note a problem. Returns `INVALID`, to stand for the value."""
        line = next((self._lines[p] for p in _upwards(path) if p in self._lines), None)
        self.problems.append(ConfigProblem(path, expected, found, hint, line))
        return INVALID


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    yield path


def _item(shape: Shape) -> Shape:
    return shape.item or shape


def _ruled(field: Field, rules: Mapping[str, Rule]) -> Field:
    rule = rules.get(field.name)
    if rule is None:
        return field
    item = dataclasses.replace(_item(field.shape), rule=rule)
    shape = dataclasses.replace(field.shape, item=item) if field.shape.item else item
    return dataclasses.replace(field, shape=shape)


def _expected(shape: Shape) -> str:
    if shape.kind is Kind.LIST:
        return f"a list; each item {_expected(_item(shape))}"
    if shape.rule is not None:
        return shape.rule.expected
    expected = SCALARS[shape.kind].expected if shape.kind in SCALARS else "a section"
    return f"{expected}, or null" if shape.optional else expected
