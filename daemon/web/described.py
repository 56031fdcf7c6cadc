"""Types and values in words, for error messages."""

from collections.abc import Mapping
from functools import cache

from msgspec import inspect

_MAX_SHOWN = 40


def describe_type(hint: object, *, inside: bool = False) -> str:
    """Say what a value of the type looks like; with `inside`, what each item of a list does.

    A type may say it better itself: by `in_words` among its extra notes.
    """
    info = inspect.type_info(hint)
    if words := _note(info, "in_words"):
        return str(words)
    info = _plain(info)
    if inside and isinstance(info, inspect.ListType | inspect.VarTupleType):
        info = _plain(info.item_type)
    return _describe(info)


def describe_value(value: object) -> str:
    """Say what was found, shortly."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…")
        case list():
            return "a list"
        case dict():
            return "an object"
    return f"the number {value}"


def is_secret(hint: object) -> bool:
    """Tell whether values of the type must not be repeated."""
    return bool(_note(inspect.type_info(hint), "secret"))


@cache
def is_time(hint: object) -> bool:
    """Tell whether values of the type are instants; to find out takes longer than to read one."""
    return isinstance(_plain(inspect.type_info(hint)), inspect.DateTimeType)


def _note(info: inspect.Type, name: str) -> object:
    """Return what the type, or one of its alternatives, notes under the name."""
    kinds = [info]
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, inspect.Metadata):
            if found := (kind.extra or {}).get(name):
                return found
            kinds.append(kind.type)
        elif isinstance(kind, inspect.UnionType):
            kinds += kind.types
    return None


def _plain(info: inspect.Type) -> inspect.Type:
    """Look through notes and None."""
    while True:
        if isinstance(info, inspect.Metadata):
            info = info.type
        elif isinstance(info, inspect.UnionType):
            info = next(part for part in info.types if not isinstance(part, inspect.NoneType))
        else:
            return info


def _describe(info: inspect.Type) -> str:
    match info:
        case inspect.IntType():
            return f"a whole number{_bounds(info)}"
        case inspect.FloatType():
            return f"a number{_bounds(info)}"
        case inspect.StrType():
            return _text(info)
        case inspect.LiteralType():
            return f"one of {', '.join(str(value) for value in info.values)}"
        case inspect.ListType() | inspect.VarTupleType():
            return f"a list; each item {_describe(_plain(info.item_type))}"
    return _SIMPLE.get(type(info), "a value of another kind")


_SIMPLE: Mapping[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DateTimeType: "a time with its offset, such as 2026-11-21T09:00:00Z",
    inspect.DateType: "a day, such as 2026-11-21",
    inspect.DictType: "an object",
    inspect.StructType: "an object",
}


def _text(info: inspect.StrType) -> str:
    if info.pattern is not None:
        return f"text like {info.pattern}"
    if info.max_length is not None:
        least = f"{info.min_length} to" if info.min_length else "at most"
        return f"text of {least} {info.max_length} characters"
    return "text" if info.min_length is None else "text that is not empty"


def _bounds(info: inspect.IntType | inspect.FloatType) -> str:
    match info.ge, info.le:
        case None, None:
            return ""
        case least, None:
            return f", {least} or more"
        case None, most:
            return f", {most} or less"
    return f" from {info.ge} to {info.le}"
