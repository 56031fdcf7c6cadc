"""Simulator point 25: reads are metered by the month, and refused at the cap; writes still pass."""

from datetime import UTC, datetime

import pytest

from daemon.sandbox.quickbooks.json_text import decode, encode
from unit.daemon.sandbox.caller import Caller, ok

LAST_DAY = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)


@pytest.fixture
def metered(caller: Caller) -> Caller:
    caller.clock.now = LAST_DAY
    caller.connect(caller.realm)
    caller.sandbox.set_read_cap(3)
    return caller


def read(caller: Caller) -> int:
    return caller.api("GET", "companyinfo/1").status


def test_reads_are_refused_at_the_cap_until_the_month_turns(metered: Caller) -> None:
    assert [read(metered) for _ in range(5)] == [200, 200, 200, 429, 429]
    statistics = metered.sandbox.statistics()
    assert (statistics.reads, statistics.reads_refused) == (3, 2)
    metered.clock.advance(minutes=30)
    assert read(metered) == 200
    assert metered.sandbox.statistics().reads == 1


def test_queries_and_the_feed_are_metered_too(metered: Caller) -> None:
    metered.query("select * from Item maxresults 1")
    metered.cdc("Item", LAST_DAY)
    assert metered.sandbox.statistics().reads == 2


def test_writes_and_tokens_pass_at_the_cap(metered: Caller) -> None:
    metered.sandbox.set_read_cap(0)
    assert read(metered) == 429
    metered.create("Customer", {"DisplayName": "Ada"})
    assert ok(metered.refresh())


def test_the_refusal_names_the_month_and_no_throttle(metered: Caller) -> None:
    metered.sandbox.set_read_cap(0)
    reply = metered.api("GET", "companyinfo/1")
    error = decode(reply.body)["fault"]["error"][0]
    assert error["code"] != "3001"
    assert "monthly" in error["detail"]
    assert metered.sandbox.statistics().throttled == 0


def test_the_cap_is_set_over_http_too(caller: Caller) -> None:
    body = encode({"reads_per_month": 0})
    assert caller.send("POST", "/sandbox/read-cap", body=body).status == 200
    assert read(caller) == 429
