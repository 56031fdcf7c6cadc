"""The month's metered reads as the HTTP interface shows them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.read_meter import ReadMeter
from daemon.web.instant import Instant
from store.models import Account
from store.read_ledger import ReadLedger


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """The reads that the vendor meters; all accounts of the vendor share them."""

    month: Annotated[str, Meta(description="As the vendor counts it: `2026-11`.")]
    allowance: Annotated[int | None, Meta(description="Reads in a month; null is unmetered.")]
    used: Annotated[int, Meta(description="By all accounts; a crash counts some too many.")]
    forecast: Annotated[
        int | None,
        Meta(
            description="By the month's end, if no poll interval were stretched. null while no"
            " account polls, and in the first minute after the first one begins."
        ),
    ]
    account_used: Annotated[
        int, Meta(description="By this account, as far as it was written down; late by minutes.")
    ]
    stretch: Annotated[
        float, Meta(description="By how much this account's poll interval is stretched; 1 is not.")
    ]
    resting: Annotated[
        Sequence[str],
        Meta(
            description="What is not read now: `delivery`, `fresh`, `poll`, `backfill`, `verify`."
        ),
    ]
    refused_by_vendor: Annotated[
        bool, Meta(description="Whether the vendor says that the allowance is used up.")
    ]
    reason: Annotated[str | None, Meta(description="Why polls rest; null while they go on.")]
    until: Annotated[Instant, Meta(description="When the month turns and all goes on.")]


async def budget_of(
    account: Account, meter: ReadMeter | None, ledger: ReadLedger
) -> BudgetView | None:
    """Show the budget that the account shares; None when its vendor meters nothing."""
    if meter is None:
        return None
    now = meter.state()
    return BudgetView(
        month=now.month,
        allowance=now.allowance,
        used=now.used,
        forecast=now.forecast,
        account_used=await ledger.account_reads(account.vendor, now.month, account.id),
        stretch=round(meter.stretch_of(account.id), 2),
        resting=[priority.name.lower() for priority in now.resting],
        refused_by_vendor=now.refused,
        reason=now.reason,
        until=now.until,
    )
