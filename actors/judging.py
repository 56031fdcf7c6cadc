"""Whether a row of the replica is wrong. Pure.

Only what had settled before the verification began is judged: a row that the vendor shows as changed
before `as_of` must be here just so. Looks go on meanwhile and store what is newer, so a row that is
held with a newer time, or as deleted, may be right although the vendor's page, which is a moment
older, says otherwise: the vendor is asked for that one object again. Whatever it says then is newer
than what was held.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from store.models import ObjectRecord
from store.verification import Difference, HeldRow, Mend, TypeComparison

LISTED = 1000
"""How many ids of a kind a certificate names; it counts all."""


class Verdict(Enum):
    """What a row is."""

    RIGHT = auto()
    ASK = auto()
    MISSING = auto()
    DIFFERING = auto()
    GONE = auto()


def settled_before(covered: Iterable[datetime]) -> datetime:
    """Return before when everything must be in the replica, of what its types are covered to.

    A vendor's times may be whole seconds: the last one may not be over.
    """
    return min(covered).replace(microsecond=0)


def judge(shown: ObjectRecord, held: HeldRow | None, as_of: datetime) -> Verdict:
    """Judge a row that is not held as the vendor showed it; it was looked up after that."""
    if shown.updated_at >= as_of:
        return Verdict.RIGHT
    if held is None:
        return Verdict.MISSING
    if held.deleted:
        return Verdict.ASK
    if held.updated_at is None or held.updated_at < as_of:
        return Verdict.DIFFERING
    return Verdict.ASK


def judge_again(fresh: ObjectRecord | None, held: HeldRow, as_of: datetime) -> Verdict:
    """Judge it by what the vendor said of it after it was looked up; None: it is gone.

    GONE is a row that is held alive: it is settled like those that the vendor did not show.
    """
    if fresh is None:
        return Verdict.RIGHT if held.deleted else Verdict.GONE
    settled = fresh.updated_at < as_of
    if held.deleted:
        return Verdict.MISSING if settled else Verdict.RIGHT
    if held.updated_at is None or held.updated_at > fresh.updated_at:
        return Verdict.DIFFERING
    return Verdict.RIGHT


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is wrong.

    Attributes:
        held: what is held instead; None for nothing.
    """

    verdict: Verdict
    record: ObjectRecord
    held: HeldRow | None

    @property
    def mend(self) -> Mend:
        """What storing the record puts right."""
        is_missing = self.verdict is Verdict.MISSING
        difference = Difference.MISSING if is_missing else Difference.DIFFERING
        return Mend(self.record.object_type, self.record.object_id, difference)


@dataclass(slots=True)
class Findings:
    """What was found of one object type so far.

    Attributes:
        scanned: ids that the vendor showed.
        counted: what the vendor counts; None before it was asked.
        whole: whether the type was read from end to end.
    """

    object_type: str
    local_count: int
    scanned: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)
    differing: set[str] = field(default_factory=set)
    unrepaired: set[str] = field(default_factory=set)
    counted: int | None = None
    whole: bool = False

    def note(self, faults: Iterable[Fault]) -> None:
        """Take in what is wrong."""
        for fault in faults:
            self._of(fault.mend.difference).add(fault.record.object_id)

    def add(self, mend: Mend) -> bool:
        """Take in what was put right; return whether nothing is known of it yet."""
        is_known = any(mend.object_id in self._of(each) for each in Difference)
        if not is_known:
            self._of(mend.difference).add(mend.object_id)
        return not is_known

    def _of(self, difference: Difference) -> set[str]:
        match difference:
            case Difference.MISSING:
                return self.missing
            case Difference.EXTRA:
                return self.extra
            case Difference.DIFFERING:
                return self.differing

    @property
    def differences(self) -> int:
        """How many objects differ."""
        return len(self.missing) + len(self.extra) + len(self.differing)

    def comparison(self) -> TypeComparison:
        """Return them as they are told."""
        return TypeComparison(
            object_type=self.object_type,
            vendor_count=len(self.scanned) if self.counted is None else self.counted,
            local_count=self.local_count,
            missing=_first(self.missing),
            extra=_first(self.extra),
            differing=_first(self.differing),
            missing_count=len(self.missing),
            extra_count=len(self.extra),
            differing_count=len(self.differing),
            unrepaired_count=len(self.unrepaired),
            complete=self.whole,
        )


def _first(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids)[:LISTED])
