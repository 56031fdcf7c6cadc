"""How one object came to be as it is held, told in order. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import msgspec

from store.history import ObjectHistory, ObjectVersion, Refusal, Rule
from store.models import Via


class What(StrEnum):
    """What happened."""

    STORED = "stored"
    REPLACED = "replaced"
    DELETED = "deleted"
    REVIVED = "revived"
    REFUSED = "refused"


class Why(StrEnum):
    """Which rule kept or refused it."""

    FIRST_KEPT = "first_kept"
    NEWER = "newer"
    SAME_TIME_OTHER_BYTES = "same_time_other_bytes"
    GONE_BY_TWO_WITNESSES = "gone_by_two_witnesses"
    SHOWN_AGAIN = "shown_again"
    MENDED = "mended"
    OLDER_THAN_HELD = Rule.OLDER_THAN_HELD.value
    TOMBSTONE_OLDER_THAN_HELD = Rule.TOMBSTONE_OLDER_THAN_HELD.value
    SECOND_WITNESS_SEES_IT = Rule.SECOND_WITNESS_SEES_IT.value


IN_WORDS: Mapping[Why, str] = {
    Why.FIRST_KEPT: "the first version that is kept",
    Why.NEWER: "newer than what was held, and its bytes differ",
    Why.SAME_TIME_OTHER_BYTES: "as new as what was held, and its bytes differ",
    Why.GONE_BY_TWO_WITNESSES: "gone, as two witnesses said",
    Why.MENDED: "mended: the row was not as the vendor showed it",
    Why.SHOWN_AGAIN: "shown again, no older than its deletion",
    Why.OLDER_THAN_HELD: "older than what is held",
    Why.TOMBSTONE_OLDER_THAN_HELD: "a deletion older than the row",
    Why.SECOND_WITNESS_SEES_IT: "claimed deleted, but the vendor shows it (second witness)",
}


class FieldChange(msgspec.Struct, frozen=True):
    """One field at the top of the payload that differs; unset where it is not there."""

    name: str
    before: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    after: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to the object.

    Attributes:
        at: our time of it; of what was refused more than once, of the first time.
        updated_at: the vendor's time of the version; None when it told none, or when it is not known
            any more because the row was altered.
        altered: the row was altered in the replica since: what is told here of the version need not
            be what was stored.
        mended_at: our time at which that was mended; None when it was not.
        changed: the fields by which it differs from what was held before.
        times: how often it came; `last_at` is when it came last.
    """

    at: datetime
    what: What
    why: Why
    version: str
    updated_at: datetime | None
    via: Via
    look: str
    trace_ids: Sequence[str]
    changed: Sequence[FieldChange] = ()
    times: int = 1
    last_at: datetime | None = None
    altered: bool = False
    mended_at: datetime | None = None


def timeline(history: ObjectHistory) -> Sequence[Happening]:
    """Return all that is known to have happened, the newest last."""
    versions, mended = list(history.versions), {each.at for each in history.mends}
    told = [_taken(None, version, mended) for version in versions[:1]]
    told += [_taken(before, after, mended) for before, after in pairwise(versions)]
    told += [_refused(refusal) for refusal in history.refusals]
    return sorted(told, key=lambda happening: happening.at)


def field_changes(before: bytes, after: bytes) -> Sequence[FieldChange]:
    """Return the fields at the top that differ in their bytes; none when either is no JSON object."""
    try:
        old, new = _fields(before), _fields(after)
    except msgspec.DecodeError:
        return ()
    return list(_differing(old, new))


def _differing(
    old: Mapping[str, msgspec.Raw], new: Mapping[str, msgspec.Raw]
) -> Iterator[FieldChange]:
    for name in {**old, **new}:
        if name in old and name in new and bytes(old[name]) == bytes(new[name]):
            continue
        unset = msgspec.UNSET
        yield FieldChange(name, old.get(name, unset), new.get(name, unset))


def _fields(payload: bytes) -> Mapping[str, msgspec.Raw]:
    """What is not UTF-8 is shown as U+FFFD, as JSON must be UTF-8."""
    text = payload.decode(errors="replace")
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def _taken(
    before: ObjectVersion | None, after: ObjectVersion, mended: AbstractSet[datetime]
) -> Happening:
    what, why = _what_and_why(before, after)
    if after.seen_at in mended or (before is not None and before.updated_at is None):
        why = Why.MENDED
    return Happening(
        at=after.seen_at,
        what=what,
        why=why,
        version=after.version,
        updated_at=after.updated_at,
        altered=after.updated_at is None,
        mended_at=after.ended_at if after.updated_at is None else None,
        via=after.via,
        look=after.look,
        trace_ids=after.trace_ids,
        changed=(
            field_changes(bytes(before.payload), bytes(after.payload))
            if before is not None and not after.deleted
            else ()
        ),
    )


def _what_and_why(before: ObjectVersion | None, after: ObjectVersion) -> tuple[What, Why]:
    if after.deleted:
        return What.DELETED, Why.GONE_BY_TWO_WITNESSES
    if before is None:
        return What.STORED, Why.FIRST_KEPT
    if after.via is Via.VERIFY:
        return What.REPLACED, Why.MENDED
    if before.deleted:
        return What.REVIVED, Why.SHOWN_AGAIN
    then, now = before.updated_at, after.updated_at
    is_newer = then is None or now is None or now > then
    return What.REPLACED, Why.NEWER if is_newer else Why.SAME_TIME_OTHER_BYTES


def _refused(refusal: Refusal) -> Happening:
    return Happening(
        at=refusal.first_at,
        what=What.REFUSED,
        why=Why(refusal.rule.value),
        version=refusal.version,
        updated_at=refusal.updated_at,
        via=refusal.via,
        look=refusal.look,
        trace_ids=refusal.trace_ids,
        times=refusal.times,
        last_at=refusal.last_at,
    )
