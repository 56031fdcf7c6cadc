"""Simulator point 17: a change that is committed late."""

from daemon.sandbox.quickbooks import Behaviour
from unit.daemon.sandbox.caller import Caller, error_of, ok

RECENT = "2026-11-21T12:00:00Z"


def late(low_s: float, high_s: float | None = None) -> Caller:
    caller = Caller(behaviour=Behaviour(commit_delay_s=(low_s, high_s or low_s)))
    caller.connect()
    return caller


def test_a_late_change_shows_by_id_at_once_and_in_queries_after_its_delay() -> None:
    caller = late(30)
    created = caller.create("Vendor", {"DisplayName": "New"})
    stamped = created["MetaData"]["LastUpdatedTime"]
    since = f"where MetaData.LastUpdatedTime >= '{stamped}'"
    assert ok(caller.api("GET", f"vendor/{created['Id']}"))["Vendor"] == created
    caller.clock.advance(seconds=29)
    assert caller.find("Vendor", since) == []
    assert caller.cdc("Vendor", RECENT) == [{}]
    caller.clock.advance(seconds=1)
    assert caller.find("Vendor", since) == [created]
    assert caller.cdc("Vendor", RECENT)[0]["Vendor"] == [created]


def test_until_a_late_update_shows_queries_show_the_older_version() -> None:
    caller = late(30)
    before = caller.rows("select * from Item where Id = '2'")
    after = caller.sandbox.update(caller.realm, "Item", "2", {"Description": "new"})
    assert caller.rows("select * from Item where Id = '2'") == before
    assert caller.sandbox.read(caller.realm, "Item", "2") == after
    caller.clock.advance(seconds=30)
    assert caller.rows("select * from Item where Id = '2'") == [after]


def test_until_a_late_deletion_shows_queries_show_the_object() -> None:
    caller = late(30)
    row = caller.rows("select * from Payment maxresults 1")[0]
    caller.sandbox.delete(caller.realm, "Payment", row["Id"])
    assert error_of(caller.api("GET", f"payment/{row['Id']}"))["code"] == "610"
    own = f"where Id = '{row['Id']}'"
    assert caller.find("Payment", own) == [row]
    caller.clock.advance(seconds=30)
    assert caller.find("Payment", own) == []


def test_an_older_version_never_comes_back_over_a_newer_one() -> None:
    caller = late(60)
    caller.sandbox.update(caller.realm, "Item", "2", {"Description": "first"})
    caller.sandbox.behaviour.commit_delay_s = (0.0, 0.0)
    second = caller.sandbox.update(caller.realm, "Item", "2", {"Description": "second"})
    for _ in range(7):
        caller.clock.advance(seconds=10)
        caller.rows("select * from Item where Id = '2'")
    assert caller.rows("select * from Item where Id = '2'") == [second]


def test_drawn_delays_let_a_later_second_show_before_an_earlier_one() -> None:
    caller = late(0, 60)
    stamps: list[str] = []
    seen: list[str] = []
    for number in range(40):
        created = caller.create("Vendor", {"DisplayName": f"New {number}"})
        stamps.append(created["MetaData"]["LastUpdatedTime"])
        caller.clock.advance(seconds=2)
        [member] = caller.cdc("Vendor", RECENT)
        for row in member.get("Vendor", []):
            written = row["MetaData"]["LastUpdatedTime"]
            if written not in seen:
                seen.append(written)
    assert seen != sorted(seen)
    caller.clock.advance(seconds=60)
    assert len(caller.cdc("Vendor", RECENT)[0]["Vendor"]) == 40


def test_the_truth_is_what_queries_show() -> None:
    caller = late(30)
    before = caller.sandbox.truth(caller.realm)
    caller.sandbox.update(caller.realm, "Item", "2", {"Description": "new"})
    assert caller.sandbox.truth(caller.realm) == before
    middle = caller.clock.now
    caller.clock.advance(seconds=30)
    after = caller.sandbox.truth(caller.realm)
    assert after != before
    assert caller.sandbox.truth(caller.realm, middle) == before
    assert caller.sandbox.truth(caller.realm, caller.clock.now) == after
