"""Simulator points 10, 13 and 31: how numbers and times are written and read."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.quickbooks import SandboxRequest
from daemon.sandbox.quickbooks.json_text import decode, encode, money, rate
from daemon.sandbox.quickbooks.timestamps import (
    envelope_time,
    epoch_s,
    from_epoch_s,
    parse_instant,
    stamp,
)
from unit.daemon.sandbox.caller import Caller

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00")


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_an_objects_time_reads_back_as_the_same_second(second: int) -> None:
    written = stamp(second)
    assert STAMP.fullmatch(written)
    assert epoch_s(parse_instant(written)) == second


@given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False))
def test_money_has_two_decimals_and_zero_has_none(amount: Decimal) -> None:
    printed = encode(money(amount)).decode()
    assert printed == "0" if money(amount) == 0 else re.fullmatch(r"-?\d+\.\d\d", printed)
    assert abs(Decimal(printed) - amount) <= Decimal("0.005")


@given(st.decimals(min_value=0, max_value=10**6, places=5))
def test_rates_keep_their_value_and_lose_padding_zeros(amount: Decimal) -> None:
    printed = encode(rate(amount)).decode()
    assert Decimal(printed) == amount
    assert not re.search(r"\.\d*0$|\.$|E", printed)


@pytest.mark.parametrize(
    ("utc", "written"),
    [
        ("2026-03-08T09:59:59Z", "2026-03-08T01:59:59-08:00"),
        ("2026-03-08T10:00:00Z", "2026-03-08T03:00:00-07:00"),
        ("2026-11-01T08:59:59Z", "2026-11-01T01:59:59-07:00"),
        ("2026-11-01T09:00:00Z", "2026-11-01T01:00:00-08:00"),
    ],
)
def test_offsets_follow_daylight_saving_to_the_second(utc: str, written: str) -> None:
    assert stamp(epoch_s(datetime.fromisoformat(utc))) == written


@pytest.mark.parametrize(
    ("sent", "utc"),
    [
        ("2026-05-05T05:16:21Z", "2026-05-05T05:16:21"),
        ("2026-05-05T05:16:21.718Z", "2026-05-05T05:16:21.718"),
        ("2026-05-05T05:16:21+02:00", "2026-05-05T03:16:21"),
        ("2026-05-05T05:16:21-0700", "2026-05-05T12:16:21"),
        ("2026-05-05T05:16:21", "2026-05-05T12:16:21"),
        ("2026-05-05T05:16", "2026-05-05T12:16:00"),
        ("2026-05-05", "2026-05-05T07:00:00"),
        ("2026-12-05", "2026-12-05T08:00:00"),
    ],
)
def test_every_documented_form_of_time_is_read(sent: str, utc: str) -> None:
    assert parse_instant(sent) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "sent", ["", "yesterday", "2026-05-05T05:16:21 02:00", "2026-13-01", "2026-05-05 05:16:21"]
)
def test_other_forms_are_refused_a_lost_plus_among_them(sent: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(sent)


def test_a_plus_that_was_not_percent_encoded_breaks_the_query(caller: Caller) -> None:
    raw = "query=select+*+from+Item+where+MetaData.LastUpdatedTime+>+'2026-01-01T00:00:00+00:00'"
    request = caller.sandbox.handle
    bearer = {"authorization": f"Bearer {caller.tokens['access_token']}"}
    path = f"/v3/company/{caller.realm}/query"
    assert request(SandboxRequest("GET", path, raw, bearer)).status == 400
    fixed = raw.replace("00+00:00", "00%2B00:00")
    assert request(SandboxRequest("GET", path, fixed, bearer)).status == 200


def test_the_envelopes_time_is_the_servers_with_milliseconds(caller: Caller) -> None:
    caller.clock.now = datetime(2026, 5, 5, 12, 16, 21, 718_900, tzinfo=UTC)
    caller.tokens = decode(caller.exchange(caller.sandbox.issue_code(caller.realm)).body)
    assert decode(caller.api("GET", "item/1").body)["time"] == "2026-05-05T05:16:21.718-07:00"


def test_time_goes_as_the_sandboxs_clock_goes_backwards_too(caller: Caller) -> None:
    early = caller.create("Customer", {"DisplayName": "Early"})
    caller.clock.advance(hours=-2)
    late = caller.create("Customer", {"DisplayName": "Late"})
    times = [parse_instant(item["MetaData"]["LastUpdatedTime"]) for item in (early, late)]
    assert times[0] - times[1] == timedelta(hours=2)


def test_an_objects_time_is_never_after_the_envelope_that_shows_it(caller: Caller) -> None:
    caller.clock.now += timedelta(milliseconds=900)
    created = caller.create("Customer", {"DisplayName": "New"})
    written = parse_instant(created["MetaData"]["LastUpdatedTime"])
    assert written == from_epoch_s(epoch_s(caller.clock.now))
    assert written <= parse_instant(envelope_time(caller.clock.now))


def test_ids_and_sync_tokens_are_text_and_empty_properties_are_left_out(caller: Caller) -> None:
    for row in caller.rows("select * from Customer"):
        assert isinstance(row["Id"], str)
        assert isinstance(row["SyncToken"], str)
        assert None not in row.values()
        assert row["domain"] == "QBO"
        assert row["sparse"] is False


def test_printed_numbers_have_the_recorded_forms(caller: Caller) -> None:
    sent = {
        "CustomerRef": {"value": "1"},
        "Line": [
            {
                "Amount": 100.0,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "1"},
                    "UnitPrice": 22.50,
                    "Qty": 4.0,
                },
            }
        ],
    }
    reply = caller.api("POST", "invoice", body=encode(sent).replace(b"100.0,", b"1e2,"))
    assert reply.status == 200
    assert b'"Amount":100.00,' in reply.body
    assert b'"UnitPrice":22.5,"Qty":4,' in reply.body
    assert b'"TotalTax":0}' in reply.body
    assert b'"TotalAmt":100.00,' in reply.body
