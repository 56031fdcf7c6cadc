"""What a verification asks of a store and leaves in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Difference(StrEnum):
    """How a row of the replica can be wrong.

    MISSING is not held, or held as deleted, and shown by the vendor; EXTRA is held and gone there;
    DIFFERING is held with another version, time or content.
    """

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERING = "differing"


class Mend(msgspec.Struct, frozen=True, gc=False):
    """A row that was wrong although the vendor had not changed it, and is put right."""

    object_type: str
    object_id: str
    difference: Difference


class NotedMend(msgspec.Struct, frozen=True, gc=False):
    """One that is noted; `number` counts them all."""

    number: int
    mend: Mend


class HeldRow(msgspec.Struct, frozen=True, gc=False):
    """What the replica holds of an object, as far as it has to be judged.

    Attributes:
        updated_at: None when it cannot be read as a time.
        fingerprint: of all that the row says; only the store knows how it is made.
        row_number: where a row is whose type or id damage has made unreadable, or whose type the
            account never had: what cannot be read is told as the SQL literal of its bytes, which no
            vendor can have shown. None of all others.
    """

    object_type: str
    object_id: str
    updated_at: datetime | None
    deleted: bool
    fingerprint: bytes
    row_number: int | None = None


class TypeComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How one object type compared. The lists hold the first ids, the counts tell of all.

    Attributes:
        vendor_count: how many objects the vendor counts; of a type that fits one page, how many
            that page showed.
        local_count: how many the replica held as not deleted when the comparison began.
        missing: shown by the vendor, not held or held as deleted.
        extra: held, and gone at the vendor.
        differing: held with another version, time or content.
        unrepaired_count: how many of these were left as they are.
        complete: whether the type was read from end to end.
    """

    object_type: str
    vendor_count: int
    local_count: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    missing_count: int = 0
    extra_count: int = 0
    differing_count: int = 0
    unrepaired_count: int = 0
    complete: bool = True


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What one verification of an account found.

    Attributes:
        number: counts the account's certificates, from 1.
        as_of: vendor time; objects changed before it were compared, later ones are news.
        began_at: our time.
        reads: how many calls it took.
        exact: whether all was read and nothing differed.
        repaired: whether the replica is right now: nothing differed, or all of it was mended.
        repair: whether mending was asked for.
        complete: whether every type was read from end to end.
        answers: the newest request that it answers; 0 when none was ever made.
        mended_before: how many of the differences were put right before it began: by one that came
            to no end, or by a look that was shown what could not be.
    """

    number: int = 0
    as_of: datetime
    began_at: datetime
    finished_at: datetime
    reads: int
    exact: bool
    repaired: bool
    repair: bool
    complete: bool
    types: tuple[TypeComparison, ...]
    answers: int = 0
    mended_before: int = 0

    @property
    def differences(self) -> int:
        """How many objects differed."""
        return sum(
            each.missing_count + each.extra_count + each.differing_count for each in self.types
        )


@dataclass(frozen=True, slots=True)
class VerificationStanding:
    """What is noted of an account's verifications.

    Attributes:
        requested: number of the newest request; 0 when there was none.
        answered: number of the newest one that was answered.
        repair: whether what is still to be answered wants repairs.
        certified_at: our time at which the last verification ended.
    """

    requested: int = 0
    answered: int = 0
    repair: bool = True
    certified_at: datetime | None = None
