"""What a vendor's webhook says, in no vendor's words: a hint that one object changed, never its data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from store.notice import Notice


class UnreadableDeliveryError(Exception):
    """A delivery's body is not in any form that the vendor uses."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery holds.

    Attributes:
        notices: one for each object that is told of, in the order of the body; may repeat.
        unknown_types: how many events are about a type that this version does not know.
        unreadable: how many events could not be read; the others hold nevertheless.
    """

    notices: Sequence[Notice]
    unknown_types: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """How one vendor's deliveries are let in. Pure functions.

    Attributes:
        signature: the header without which nothing is even read.
        verify: takes the body's raw bytes, the headers by lower-case name and the secret that the
            vendor shares with us; tells whether the vendor sent it.
        parse: reads a verified body; raises `UnreadableDeliveryError`.
        noticed_types: the object types that the vendor tells of; a change of another type without a
            notice is no missed webhook.
    """

    signature: str
    verify: Callable[[bytes | bytearray, Mapping[str, str], str], bool]
    parse: Callable[[bytes | bytearray], Delivery]
    noticed_types: frozenset[str]
