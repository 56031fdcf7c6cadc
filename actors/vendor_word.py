"""What several nodes tell each other of a vendor, and what one makes of the others' words. Pure.

Nodes need not agree on the time: everything is told by its age. Unknown fields are passed over, so
that nodes of two versions understand each other; a word that can't be read is left out.
"""

from collections.abc import Sequence

import msgspec


class ToldRefusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The vendor said `ago_s` ago that the month's reads are used up (`actors/refused_reads.py`)."""

    ago_s: float
    wait_s: float
    probe_in_s: float
    probes: int = 0


class ReadsTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a node's accounts read.

    Attributes:
        month: in which it is.
        accounts: how many poll.
        over: what each of those needs that read far more than usual.
        resumed_ago_s: when a read passed after a refusal; None when none did.
    """

    month: str
    accounts: int = 0
    over: Sequence[float] = ()
    refusal: ToldRefusal | None = None
    resumed_ago_s: float | None = None


class WebhooksTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the vendor last delivered to a node, and when an account there last missed a change."""

    delivered_ago_s: float | None = None
    missed_ago_s: float | None = None


class VendorWord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a node tells of a vendor."""

    reads: ReadsTold | None = None
    webhooks: WebhooksTold | None = None


class HeardWord(msgspec.Struct, frozen=True):
    """What another node told, and how long ago."""

    node: str
    age_s: float
    word: VendorWord


def encode(word: VendorWord) -> bytes:
    """Write a word."""
    return msgspec.json.encode(word)


def decode(node: str, age_s: float, word: bytes) -> HeardWord | None:
    """Read another node's word; None when it is none that we know."""
    try:
        return HeardWord(node, age_s, msgspec.json.decode(word, type=VendorWord))
    except msgspec.DecodeError:
        return None
