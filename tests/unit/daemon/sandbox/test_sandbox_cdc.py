"""Simulator point 14: change data capture."""

from datetime import timedelta

import pytest

from daemon.sandbox.quickbooks import Fault, FaultKind
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import Caller, Json, error_of

RECENT = "2026-11-21T12:00:00Z"


def make_and_delete(caller: Caller) -> str:
    payment = caller.sandbox.create(
        caller.realm, "Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}
    )
    payment_id: str = payment["Id"]
    caller.clock.advance(seconds=10)
    caller.sandbox.delete(caller.realm, "Payment", payment_id)
    return payment_id


def test_members_follow_the_request_and_are_empty_where_nothing_changed(caller: Caller) -> None:
    vendor = caller.create("Vendor", {"DisplayName": "New"})
    members = caller.cdc("invoice,VENDOR,Customer", RECENT)
    assert members == [{}, {"Vendor": [vendor], "startPosition": 1, "maxResults": 1}, {}]


def test_an_idle_answer_is_small_and_timed(caller: Caller) -> None:
    reply = caller.api("GET", "cdc", {"entities": "Item,Bill", "changedSince": RECENT})
    expected = b'{"CDCResponse":[{"QueryResponse":[{},{}]}],"time":"2026-11-21T04:00:01.000-08:00"}'
    assert reply.body == expected


def test_total_count_comes_with_the_recorded_types(caller: Caller) -> None:
    caller.sandbox.bulk(caller.realm, "Invoice", 2)
    [member] = caller.cdc("Invoice", RECENT)
    assert (member["maxResults"], member["totalCount"]) == (2, 2)


def test_changes_come_whole_and_oldest_first(caller: Caller) -> None:
    ids = []
    for place in ("7", "3", "5"):
        caller.clock.advance(seconds=5)
        caller.sandbox.update(caller.realm, "Item", place, {"Description": "new"})
        ids.append(place)
    [member] = caller.cdc("Item", RECENT)
    assert [row["Id"] for row in member["Item"]] == ids
    assert member["Item"][0] == caller.sandbox.read(caller.realm, "Item", "7")


def test_a_deletion_is_a_stub_of_four_properties(caller: Caller) -> None:
    payment_id = make_and_delete(caller)
    [member] = caller.cdc("Payment", RECENT)
    assert member["Payment"] == [
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": payment_id,
            "MetaData": {"LastUpdatedTime": "2026-11-21T04:00:11-08:00"},
        }
    ]


def test_a_deactivated_object_comes_whole_and_inactive(caller: Caller) -> None:
    caller.sandbox.deactivate(caller.realm, "Item", "4")
    [member] = caller.cdc("Item", RECENT)
    assert [row["Active"] for row in member["Item"]] == [False]
    assert member["Item"][0]["Name"].endswith(" (deleted)")


def test_at_most_1000_objects_come_and_nothing_says_so(caller: Caller) -> None:
    caller.sandbox.bulk(caller.realm, "Vendor", 900)
    caller.sandbox.bulk(caller.realm, "Item", 300)
    vendors, items, accounts = caller.cdc("Vendor,Item,Account", RECENT)
    assert (vendors["maxResults"], items["maxResults"]) == (900, 100)
    assert accounts == {}


def test_changes_older_than_30_days_cannot_be_asked_for(caller: Caller) -> None:
    edge = caller.clock.now - timedelta(days=30)
    assert caller.cdc("Item", edge)
    text = (edge - timedelta(seconds=1)).isoformat()
    params = {"entities": "Item", "changedSince": text}
    error = error_of(caller.api("GET", "cdc", params))
    assert error["code"] == "500"
    assert error["Detail"] == (
        f"Operation cdc with changedSince date {text} which is older than fixed days "
        "is not supported."
    )


@pytest.mark.parametrize(
    ("entities", "since", "code"),
    [
        ("TimeActivity", RECENT, "500"),
        ("Item,TaxCode", RECENT, "500"),
        ("Itme", RECENT, "4001"),
        ("", RECENT, "2020"),
        ("Item", "", "2020"),
        ("Item", "2026-11-21T00:00:00 00:00", "500"),
    ],
)
def test_what_cannot_be_captured_is_refused(
    caller: Caller, entities: str, since: str, code: str
) -> None:
    reply = caller.api("GET", "cdc", {"entities": entities, "changedSince": since})
    assert error_of(reply)["code"] == code


@pytest.mark.parametrize(("inclusive", "seen"), [(True, 1), (False, 0)])
def test_the_second_asked_from_is_included_or_not_as_set(
    caller: Caller, inclusive: bool, seen: int
) -> None:
    caller.sandbox.behaviour.cdc_inclusive = inclusive
    caller.clock.advance(seconds=30)
    caller.create("Vendor", {"DisplayName": "New"})
    [member] = caller.cdc("Vendor", caller.clock.now)
    assert len(member.get("Vendor", [])) == seen
    [member] = caller.cdc("Vendor", caller.clock.now - timedelta(seconds=1))
    assert len(member["Vendor"]) == 1


def test_a_delete_can_be_missed(caller: Caller) -> None:
    make_and_delete(caller)
    caller.sandbox.inject(Fault(FaultKind.CDC_MISS_DELETE, count=1))
    assert caller.cdc("Payment", RECENT) == [{}]
    assert caller.cdc("Payment", RECENT)[0]["maxResults"] == 1


def test_a_live_object_can_be_shown_as_deleted(caller: Caller) -> None:
    created = caller.create("Vendor", {"DisplayName": "New"})
    caller.sandbox.inject(Fault(FaultKind.CDC_FALSE_DELETE, count=1))
    shown: Json = caller.cdc("Vendor", RECENT)[0]["Vendor"][0]
    assert (shown["Id"], shown["status"]) == (created["Id"], "Deleted")
    assert decode(caller.api("GET", f"vendor/{created['Id']}").body)["Vendor"] == created
    assert caller.cdc("Vendor", RECENT)[0]["Vendor"] == [created]
