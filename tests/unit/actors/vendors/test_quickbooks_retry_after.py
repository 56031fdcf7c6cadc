"""A date in Retry-After is the vendor's; so is the clock that it is measured against."""

import httpx
import pytest

from actors.errors import ThrottledError
from support.scripted_quickbooks import ScriptedQuickBooks

LATER = "Sun, 01 Mar 2026 12:02:07 GMT"


async def throttled(headers: dict[str, str]) -> ThrottledError:
    vendor = ScriptedQuickBooks(httpx.Response(429, headers=headers))
    with pytest.raises(ThrottledError) as caught:
        await vendor.vendor.company_name(vendor.session)
    return caught.value


@pytest.mark.parametrize(
    "our_clock_is_off_to", ["Sun, 01 Mar 2026 12:01:00 GMT", "Mon, 02 Mar 2026 12:01:00 GMT"]
)
async def test_wait_until_a_date_is_measured_by_the_vendors_own_clock(
    our_clock_is_off_to: str,
) -> None:
    until = our_clock_is_off_to.replace("12:01", "12:02")
    error = await throttled({"Retry-After": until, "Date": our_clock_is_off_to})
    assert error.retry_after_s == 60.0


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
async def test_without_the_vendors_clock_ours_must_do(date: dict[str, str]) -> None:
    error = await throttled({"Retry-After": LATER, **date})
    assert error.retry_after_s == 120.0
