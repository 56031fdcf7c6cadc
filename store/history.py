"""How one object came to be as it is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from store.models import Via
from store.verification import Difference


class ObjectVersion(msgspec.Struct, frozen=True, gc=False):
    """One state that an object was held in.

    Attributes:
        updated_at: the vendor's time of it; None when the row was altered in the replica, so that
            what is known of it here (version, payload, whether it was deleted) need not be what was
            stored.
        seen_at: our time of when it was stored.
        ended_at: our time of when another one replaced it; None for the one that is held now.
        deleted: it says that the object is gone; `payload` is then what it was before.
        via: the channel that brought it.
        look: the key of the look that brought it; empty when that is not known.
        trace_ids: the vendor's own ids of the calls of that look; it was one of them.
    """

    version: str
    updated_at: datetime | None
    seen_at: datetime
    ended_at: datetime | None
    deleted: bool
    via: Via
    look: str
    trace_ids: tuple[str, ...]
    payload: msgspec.Raw


class Rule(StrEnum):
    """Why a version was not taken."""

    OLDER_THAN_HELD = "older_than_held"
    TOMBSTONE_OLDER_THAN_HELD = "tombstone_older_than_held"
    SECOND_WITNESS_SEES_IT = "second_witness_sees_it"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """One version that was not taken.

    Attributes:
        version: the vendor's version token; empty for a deletion.
        updated_at: the vendor's time of it; None when it told none.
        first_at: our time of when it came first; `last_at` last, `times` how often.
        via: the channel that brought it last; `look` and `trace_ids` likewise.
    """

    rule: Rule
    version: str
    updated_at: datetime | None
    first_at: datetime
    last_at: datetime
    times: int
    via: Via
    look: str
    trace_ids: tuple[str, ...]


class Mending(msgspec.Struct, frozen=True, gc=False):
    """That the object's row was put right although the vendor had not changed it.

    Attributes:
        at: our time of it.
        certificate: the number of the certificate that names it; None before there is one.
    """

    at: datetime
    difference: Difference
    certificate: int | None


@dataclass(frozen=True, slots=True)
class ObjectHistory:
    """All that is known of how one object came to be as it is held.

    Attributes:
        versions: oldest first; the last one is held now.
        earlier_left_out: there are more, older ones.
        refusals: what was not taken, in the order in which it came first.
        covered_until: vendor time up to which its type is known, so that it is as it is held.
        mends: when it was put right, in that order.
    """

    versions: Sequence[ObjectVersion]
    refusals: Sequence[Refusal]
    covered_until: datetime | None
    earlier_left_out: bool = False
    mends: Sequence[Mending] = ()
