"""Reads parameters and bodies into structs.

Says of everything that is wrong where it is, what was expected and what was found.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, reduce
from http import HTTPStatus
from operator import or_
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import anyio
import msgspec
from aiohttp import web
from multidict import MultiMapping

from daemon.web.context import WebContext
from daemon.web.described import describe_type, describe_value, is_secret, is_time
from daemon.web.problem import FieldError, InvalidInputError, ProblemError

S = TypeVar("S", bound=msgspec.Struct)

_WHERE = re.compile(r" - at `\$(.*)`$")
_INDEX = re.compile(r"\[(\d+)\]")


def read_query(kind: type[S], query: MultiMapping[str], *, ignores_unknown: bool = False) -> S:
    """Read parameters: text that stands for numbers, times and the like.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    known = {field.encode_name for field in _fields(kind)}
    values = {name: query[name] for name in query if name in known or not ignores_unknown}
    twice = sorted(name for name in values if len(query.getall(name)) > 1)
    errors = [FieldError(name, "the parameter once", "it several times") for name in twice]
    return _build(kind, values, "parameter", errors)


async def arrived_body(request: web.Request, context: WebContext) -> bytes:
    """Return the body as soon as it has arrived.

    Raises:
        ProblemError: 408: it came too slowly.
        HTTPRequestEntityTooLarge: it is larger than any may be.
    """
    if request.content.is_eof():  # it came with the head, as most do
        return await request.read()
    within_s = context.server.limits.body_timeout_s
    try:
        with anyio.fail_after(within_s):
            return await request.read()
    except TimeoutError as error:
        context.metrics.http.refused("slow_body")
        detail = f"the body did not come within {within_s:g} s (server.limits.body_timeout)"
        raise ProblemError(
            HTTPStatus.REQUEST_TIMEOUT, "slow-body", detail, headers={"Connection": "close"}
        ) from error


def read_body(kind: type[S], body: bytes, list_field: str | None = None) -> S:
    """Read a JSON object; an empty body is an empty object, a list one with it as that field.

    Raises:
        ProblemError: 400: it is not JSON.
        InvalidInputError: with everything that is wrong.
    """
    try:
        document = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "malformed-json", f"the body is not JSON: {error}"
        ) from error
    if isinstance(document, list) and list_field is not None:
        document = {list_field: document}
    if not isinstance(document, dict):
        raise InvalidInputError([FieldError("", "an object", describe_value(document))])
    return _build(kind, document, "field", [])


def _build(kind: type[S], values: Mapping[str, Any], what: str, errors: list[FieldError]) -> S:
    read = _read(kind, values, what, errors)
    if read is None or errors:
        raise InvalidInputError(sorted(errors, key=lambda error: error.path))
    return read


def _read(
    kind: type[S],
    values: Mapping[str, Any],
    what: str,
    errors: list[FieldError],
    within: str = "",
) -> S | None:
    """Read it with the objects within it; add to the errors what can't be, and return None then."""
    before, fields = len(errors), _fields(kind)
    known = [field.encode_name for field in fields]
    taken = ", ".join(known) or f"no {what}s"
    errors += [
        FieldError(f"{within}{name}", f"a known {what} ({taken})", f"an unknown {what}")
        for name in values
        if name not in known
    ]
    read: dict[str, object] = {}
    for field in fields:
        name, path = field.encode_name, f"{within}{field.encode_name}"
        if name not in values:
            if field.required:
                errors.append(FieldError(path, describe_type(field.type), "nothing"))
            continue
        value = values[name]
        inner = _struct(field.type) if isinstance(value, dict) else None
        if inner is not None:
            read[field.name] = _read(inner, value, what, errors, f"{path}.")
            continue
        try:
            read[field.name] = _convert(value, field.type, in_text=what == "parameter")
        except msgspec.ValidationError as error:
            errors.append(_field_error(path, field.type, value, str(error)))
    if len(errors) > before:
        return None
    try:
        return kind(**read)
    except ValueError as error:
        # Each field is well: the struct itself says what they have to be together.
        found = ", ".join(sorted(values)) or "nothing"
        errors.append(FieldError(within.rstrip("."), str(error), found))
        return None


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a struct; to work them out takes longer than to read a small body."""
    return msgspec.structs.fields(kind)


@cache
def _struct(hint: object) -> type[msgspec.Struct] | None:
    """Return the struct that the type is, if it is one, or one or None."""
    kind = _present(hint)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return None


def _convert(value: object, hint: object, *, in_text: bool) -> object:
    """Text may stand for a number or a flag; but the word `null` is a word, and a number no time.

    Times are given back in UTC.
    """
    kind = _present(hint) if in_text else hint
    strict = not in_text or is_time(hint)
    read = msgspec.convert(value, type=kind, strict=strict)
    if isinstance(read, datetime):
        try:
            return read.astimezone(UTC)
        except OverflowError as error:
            raise msgspec.ValidationError("not a time in UTC") from error
    return read


@cache
def _present(hint: object) -> object:
    """Return the type without None."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return Annotated[(_present(inner), *notes)]
    if get_origin(hint) in (Union, UnionType):
        present = (part for part in get_args(hint) if part is not type(None))
        return reduce(or_, present)
    return hint


def _field_error(name: str, hint: object, value: object, message: str) -> FieldError:
    where = _WHERE.search(message)
    path = where[1] if where else ""
    for index in _INDEX.findall(path):
        value = value[int(index)] if isinstance(value, list) else value
    found = "a value that is not shown" if is_secret(hint) else describe_value(value)
    return FieldError(f"{name}{path}", describe_type(hint, inside=bool(path)), found)
