"""A section's fields, read from its dataclass."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from daemon.config.rule import Flat, Named, Rule, one_of
from daemon.config.secret import Secret

FILE_SUFFIX = "_file"


class Kind(Enum):
    """How a value is read."""

    TEXT = auto()
    NUMBER = auto()
    SHARE = auto()
    DURATION = auto()
    SIZE = auto()
    SECRET = auto()
    LIST = auto()
    SECTION = auto()
    SECTIONS = auto()


_KINDS = {str: Kind.TEXT, int: Kind.NUMBER, float: Kind.SHARE, Secret: Kind.SECRET}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may look like.

    Attributes:
        section: the dataclass of a section.
        item: the shape of a list's items.
        named: the classes of a section of sections.
        optional: whether nothing (null) is a value too.
    """

    kind: Kind
    rule: Rule | None = None
    section: type | None = None
    item: "Shape | None" = None
    named: Named | None = None
    optional: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether the value, or each of its items, must not be shown."""
        return self.kind is Kind.SECRET or (self.item is not None and self.item.is_secret)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a section.

    Attributes:
        key: its name in the file.
        name: its name in the dataclass.
        flat: set when its section's keys stand in the section around it.
    """

    key: str
    name: str
    shape: Shape
    flat: Flat | None

    def default(self, instance: object | None, owner: type) -> object:
        """Its value when the file has none; `dataclasses.MISSING` when there must be one."""
        if instance is not None:
            return getattr(instance, self.name)
        declared = next(f for f in dataclasses.fields(owner) if f.name == self.name)
        if declared.default_factory is not dataclasses.MISSING:
            return declared.default_factory()
        return declared.default


@cache
def fields_of(section: type) -> tuple[Field, ...]:
    """The fields of a section's dataclass, in their order."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(_field(f.name, hints[f.name]) for f in dataclasses.fields(section))


def keys_of(section: type) -> Iterator[str]:
    """The keys that the section may have in the file."""
    for field in fields_of(section):
        if field.flat and field.shape.section:
            yield from keys_of(field.shape.section)
            continue
        yield field.key
        if field.shape.is_secret:
            yield field.key + FILE_SUFFIX


def _field(name: str, hint: Any) -> Field:  # noqa: ANN401 - a type hint has no type
    shape = _shape(hint, name)
    flat = next(
        (mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Flat)), None
    )
    unit = {Kind.DURATION: "_s", Kind.SIZE: "_bytes"}.get(shape.kind, "")
    return Field(name.removesuffix(unit), name, shape, flat)


def _shape(hint: Any, name: str = "", marks: tuple[object, ...] = ()) -> Shape:  # noqa: ANN401
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _shape(arguments[0], name, hint.__metadata__)
    if origin in {Union, UnionType}:
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return dataclasses.replace(_shape(inner, name, marks), optional=True)
    if origin is tuple:
        return Shape(Kind.LIST, item=_shape(arguments[0]))
    if origin is Literal:
        return Shape(Kind.TEXT, one_of(arguments, f"one of: {', '.join(arguments)}"))
    return _marked_shape(hint, name, marks)


def _marked_shape(hint: type, name: str, marks: tuple[object, ...]) -> Shape:
    for mark in marks:
        if isinstance(mark, Named):
            return Shape(Kind.SECTIONS, named=mark)
        if isinstance(mark, Rule):
            return Shape(_kind(hint, name), mark)
    if hint is not Secret and dataclasses.is_dataclass(hint):
        return Shape(Kind.SECTION, section=hint)
    return Shape(_kind(hint, name))


def _kind(hint: type, name: str) -> Kind:
    if hint is float and name.endswith("_s"):
        return Kind.DURATION
    if hint is int and name.endswith("_bytes"):
        return Kind.SIZE
    return _KINDS[hint]
