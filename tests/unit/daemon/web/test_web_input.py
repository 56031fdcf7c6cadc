import enum
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta
from multidict import MultiDict

from actors.vendors.connecting import SECRET
from daemon.web.described import describe_value
from daemon.web.input import read_body, read_query
from daemon.web.problem import InvalidInputError, ProblemError


class Color(enum.StrEnum):
    RED = "red"


class Wanted(msgspec.Struct, frozen=True):
    """Made up."""

    name: str
    size: Annotated[int, Meta(ge=1, le=9)] = 5
    at_least: Annotated[float, Meta(ge=0)] = 0.0
    at_most: Annotated[int, Meta(le=3)] = 0
    whole: int = 0
    flag: bool = False
    at: Annotated[datetime, Meta(tz=True)] | None = None
    key: Annotated[str, Meta(min_length=8, extra=dict(SECRET))] = "unguessable"
    digits: Annotated[str, Meta(pattern="^[0-9]+$")] = "0"
    worded: Annotated[str, Meta(pattern="^[0-9]$", extra={"in_words": "a digit"})] | None = None
    sizes: list[Annotated[int, Meta(ge=1)]] = []
    other: Annotated[str | None, Meta(description="Any.")] = msgspec.field(
        default=None, name="type"
    )


NAMES = [field.encode_name for field in msgspec.structs.fields(Wanted)]


def errors(call: InvalidInputError) -> dict[str, tuple[str, str]]:
    return {error.path: (error.expected, error.found) for error in call.document.errors}


def test_parameters_are_read_as_their_types() -> None:
    query = {
        "name": "null",
        "size": "7",
        "at_least": "0.5",
        "flag": "true",
        "at": "2026-11-21T10:00:00+01:00",
        "type": "null",
    }
    assert read_query(Wanted, MultiDict(query)) == Wanted(
        name="null",
        size=7,
        at_least=0.5,
        flag=True,
        at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        other="null",
    )


def test_body_is_read_strictly() -> None:
    body = b'{"name": "x", "sizes": [1, 2], "at": null, "type": "y"}'
    assert read_body(Wanted, body) == Wanted(name="x", sizes=[1, 2], other="y")
    with pytest.raises(InvalidInputError) as caught:
        read_body(Wanted, b'{"name": "x", "size": "7", "flag": 1}')
    assert errors(caught.value) == {
        "size": ("a whole number from 1 to 9", "'7'"),
        "flag": ("true or false", "the number 1"),
    }


def test_everything_that_is_wrong_is_said_at_once() -> None:
    body: dict[str, object] = {
        "size": 10,
        "at_least": -1,
        "at_most": 4,
        "whole": 1.5,
        "flag": None,
        "at": "2026-11-21",
        "key": "short",
        "digits": "x",
        "worded": "x",
        "sizes": [1, 0],
        "type": ["x"],
        "more": {},
    }
    with pytest.raises(InvalidInputError) as caught:
        read_body(Wanted, msgspec.json.encode(body))
    assert errors(caught.value) == {
        "name": ("text", "nothing"),
        "size": ("a whole number from 1 to 9", "the number 10"),
        "at_least": ("a number, 0 or more", "the number -1"),
        "at_most": ("a whole number, 3 or less", "the number 4"),
        "whole": ("a whole number", "the number 1.5"),
        "flag": ("true or false", "null"),
        "at": ("a time with its offset, such as 2026-11-21T09:00:00Z", "'2026-11-21'"),
        "key": ("text that is not empty", "a value that is not shown"),
        "digits": ("text like ^[0-9]+$", "'x'"),
        "worded": ("a digit", "'x'"),
        "sizes[1]": ("a whole number, 1 or more", "the number 0"),
        "type": ("text", "a list"),
        "more": (
            f"a known field ({', '.join(NAMES)})",
            "an unknown field",
        ),
    }


class Inner(msgspec.Struct, frozen=True):
    """Made up."""

    name: Annotated[str, Meta(max_length=3)]
    size: int = 0


class Outer(msgspec.Struct, frozen=True):
    """Made up."""

    first: Inner
    second: Inner | None = None


def test_objects_within_are_read() -> None:
    body = b'{"first": {"name": "abc"}, "second": {"name": "x", "size": 2}}'
    assert read_body(Outer, body) == Outer(Inner("abc"), Inner("x", 2))
    assert read_body(Outer, b'{"first": {"name": "x"}, "second": null}') == Outer(Inner("x"))


def test_everything_that_is_wrong_within_is_said_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_body(Outer, b'{"first": {"name": "long", "more": 1}, "second": {"size": "2"}}')
    assert errors(caught.value) == {
        "first.name": ("text of at most 3 characters", "'long'"),
        "first.more": ("a known field (name, size)", "an unknown field"),
        "second.name": ("text of at most 3 characters", "nothing"),
        "second.size": ("a whole number", "'2'"),
    }
    with pytest.raises(InvalidInputError) as caught:
        read_body(Outer, b'{"first": [1]}')
    assert errors(caught.value) == {"first": ("an object", "a list")}


def test_unknown_parameters_are_left_alone_where_others_choose_them() -> None:
    query = MultiDict([("name", "x"), ("iss", "1"), ("iss", "2")])
    assert read_query(Wanted, query, ignores_unknown=True) == Wanted(name="x")
    with pytest.raises(InvalidInputError):
        read_query(Wanted, query)


def test_parameter_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_query(Wanted, MultiDict([("name", "x"), ("name", "y")]))
    assert errors(caught.value) == {"name": ("the parameter once", "it several times")}


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"1"])
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match="the body: expected an object"):
        read_body(Wanted, body)


def test_long_values_are_shortened() -> None:
    assert describe_value("x" * 100) == repr("x" * 40 + "…")
    assert describe_value({}) == "an object"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_body_makes_anything_else_than_a_problem(body: bytes) -> None:
    with suppress(ProblemError):
        read_body(Wanted, body)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text()))
def test_no_parameters_make_anything_else_than_a_problem(query: dict[str, str]) -> None:
    with suppress(ProblemError):
        read_query(Wanted, MultiDict(query))
