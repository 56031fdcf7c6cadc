"""What users are told of a payload that is not as a vendor wants it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from actors.vendors.writing import PayloadProblem

Document = Mapping[str, Any]

_SHOWN = 60
_MOST_ID = 2**63 - 1

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def document_of(payload: bytes) -> Document | PayloadProblem:
    """Read a payload, numbers exact; or say why it is no JSON object."""
    try:
        document = _decode(payload)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return PayloadProblem("payload", "a JSON object", "something else")
    return (
        document if isinstance(document, Mapping) else wrong("payload", "a JSON object", document)
    )


def wrong(path: str, expected: str, value: object) -> PayloadProblem:
    """Say what is wrong at a path, and show what is there."""
    return PayloadProblem(path, expected, shown(value))


def shown(value: object) -> str:
    """Show a value, cut short."""
    if value is None:
        return "nothing"
    text = msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def needed_texts(
    document: Document, names: Sequence[str], within: str = "payload"
) -> Iterator[PayloadProblem]:
    """Check for texts that must be there."""
    for name in names:
        value = document.get(name)
        if not (isinstance(value, str) and value.strip()):
            yield wrong(f"{within}.{name}", "a text", value)


def texts(
    document: Document, names: Sequence[str], within: str = "payload"
) -> Iterator[PayloadProblem]:
    """Check texts that may be there."""
    for name in names:
        value = document.get(name)
        if value is not None and not isinstance(value, str):
            yield wrong(f"{within}.{name}", "a text", value)


def numbers(document: Document, names: Sequence[str]) -> Iterator[PayloadProblem]:
    """Check the vendor's numbers of other objects, which may be there."""
    for name in names:
        value = document.get(name)
        if value is not None and not is_number(value):
            yield wrong(f"payload.{name}", "the number of one", value)


def is_number(value: object) -> bool:
    """Tell whether it can be the vendor's number of an object."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_ID


def choice(document: Document, name: str, among: Sequence[str]) -> Iterator[PayloadProblem]:
    """Check a word that may be there, of a closed set."""
    value = document.get(name)
    if value is not None and value not in among:
        yield wrong(f"payload.{name}", f"one of {', '.join(among)}", value)


def part(document: Document, name: str) -> Document | PayloadProblem | None:
    """Return an object within; None when there is none, or what is wrong with it."""
    value = document.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    return wrong(f"payload.{name}", "an object", value)
