"""What a look would cost, as the HTTP interface shows it."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.price import Bound, Price
from actors.read_meter import ReadMeter


class TypePrice(msgspec.Struct, frozen=True):
    """What reading one type would cost."""

    object_type: str
    records: Annotated[int, Meta(description="Objects in the replica, deleted ones not counted.")]
    calls: int


class SyncPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What it would cost to look now. At the least: deletions and changes meanwhile cost more."""

    id: str
    full: bool
    types: Annotated[
        Sequence[TypePrice], Meta(description="Only for a full reading: what each type costs.")
    ]
    calls: int
    minutes: Annotated[
        float,
        Meta(description="With calls of a second each; in it are the vendor's limits on calls."),
    ]
    bound_by: Annotated[
        Bound,
        Meta(
            description="What it takes that long for: the calls that the vendor allows in a minute,"
            " in a second or at once, or the pages of one type, each of which follows the one before."
        ),
    ]
    allowance: Annotated[
        int | None, Meta(description="Metered reads of a month, for all accounts; null: unmetered.")
    ]
    used: Annotated[int, Meta(description="Of these, so far this month.")]
    share: Annotated[
        float | None, Meta(description="The part of the month's allowance that it costs.")
    ]


def sync_price(
    account_id: str,
    found: Price,
    records: Mapping[str, int],
    meter: ReadMeter | None,
    *,
    full: bool,
) -> SyncPrice:
    """Show a price."""
    reads = None if meter is None else meter.state()
    allowance = None if reads is None else reads.allowance
    return SyncPrice(
        id=account_id,
        full=full,
        types=[TypePrice(name, records.get(name, 0), calls) for name, calls in found.calls.items()]
        if full
        else [],
        calls=found.total,
        minutes=round(found.duration_s / 60, 4),
        bound_by=found.bound_by,
        allowance=allowance,
        used=0 if reads is None else reads.used,
        share=None if allowance is None else round(found.total / allowance, 6),
    )
