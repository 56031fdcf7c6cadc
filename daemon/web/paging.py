"""Cursors of lists: the place behind the last item, opaque to who follows them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from msgspec import Meta

from daemon.web.problem import FieldError, InvalidInputError

_DIGITS = 19

Limit = Annotated[int, Meta(ge=1, le=1000, description="How many items at most.")]
CursorText = Annotated[str, Meta(description="`next` of the page before.")]
Next = Annotated[
    str | None, Meta(description="`cursor` of the next page; null when this is the last one.")
]


def place_to_cursor(place: str) -> str:
    """Make a cursor of a place."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def cursor_to_place(cursor: str) -> str:
    """Return the place that the cursor was made of; an empty one for the beginning.

    Raises:
        InvalidInputError: it was not made here.
    """
    try:
        place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        place = ""
    if place_to_cursor(place) != cursor:
        raise InvalidInputError([FieldError("cursor", "`next` of an earlier page", "another text")])
    return place


def number_place(cursor: str) -> int | None:
    """Return the number that the cursor was made of; None for the beginning.

    Raises:
        InvalidInputError: it was not made here.
    """
    place = cursor_to_place(cursor)
    if not place:
        return None
    if not (place.isascii() and place.isdigit() and len(place) < _DIGITS):
        raise InvalidInputError([FieldError("cursor", "`next` of an earlier page", "another text")])
    return int(place)
