"""Who reads an account has it looked at sooner, and what that costs stays within bounds."""

from math import inf

from actors.readers import (
    NO_READERS,
    Readers,
    looked,
    next_look_s,
    read,
    served_s,
    wants,
)

ACTIVE_S, IDLE_S = 60.0, 7200.0


def looks_after_one_reading(shortest_s: float, idle_s: float, stretch: float = 1.0) -> list[float]:
    """Return when an account is looked at that is read once, at 0, until nothing is left to remember."""
    readers = looked(read(NO_READERS, 0.0, -inf), "feed", 0.0, idle_s)
    made = list[float]()
    while readers is not NO_READERS:
        at_s = next_look_s(readers, "feed", shortest_s, stretch)
        last_s = made[-1] if made else 0.0
        made.append(min(at_s, last_s + idle_s))
        readers = looked(readers, "feed", made[-1], idle_s)
    return made


def test_one_reading_asks_for_looks_at_distances_that_double() -> None:
    assert looks_after_one_reading(ACTIVE_S, 300.0) == [60.0, 120.0, 240.0, 480.0]


def test_one_reading_costs_a_dozen_looks_at_most_until_the_account_is_idle_again() -> None:
    assert len(looks_after_one_reading(ACTIVE_S, IDLE_S)) <= 9


def test_an_account_that_is_read_all_the_time_is_looked_at_in_the_shortest_interval() -> None:
    readers = Readers(before_s=0.0)
    for now_s in range(0, 3600, 10):
        readers = read(readers, float(now_s), -inf)
        if next_look_s(readers, "feed", ACTIVE_S, 1.0) <= now_s:
            readers = looked(readers, "feed", float(now_s), IDLE_S)
            assert next_look_s(readers, "feed", ACTIVE_S, 1.0) == now_s + ACTIVE_S


def test_the_months_stretch_holds_for_accounts_that_are_read() -> None:
    readers = looked(read(NO_READERS, 100.0, -inf), "feed", 100.0, IDLE_S)
    assert next_look_s(readers, "feed", ACTIVE_S, 4.0) == 100.0 + 4 * ACTIVE_S


def test_an_account_that_nobody_reads_asks_for_nothing_and_keeps_nothing() -> None:
    assert next_look_s(NO_READERS, "feed", ACTIVE_S, 1.0) == inf
    readers = read(NO_READERS, 0.0, -inf)
    assert looked(readers, "feed", IDLE_S, IDLE_S) is NO_READERS


def test_a_look_that_began_too_early_does_not_serve_those_who_came_later() -> None:
    readers = read(NO_READERS, 100.0, 100.0)
    readers = looked(readers, "feed", 99.0, IDLE_S)
    assert wants(readers, "feed")
    readers = looked(readers, "feed", 100.0, IDLE_S)
    assert not wants(readers, "feed")
    assert served_s(readers, ["feed"]) == 100.0


def test_all_looks_have_to_be_made_before_anybody_is_served() -> None:
    readers = looked(read(NO_READERS, 100.0, 50.0), "feed", 101.0, IDLE_S)
    assert served_s(readers, ["feed", "TaxCode"]) == -inf
    assert served_s(looked(readers, "TaxCode", 80.0, IDLE_S), ["feed", "TaxCode"]) == 80.0


def test_the_latest_wish_holds_and_a_mere_reading_takes_none_back() -> None:
    readers = read(read(Readers(), 100.0, 90.0), 101.0, -inf)
    assert (readers.read_at_s, readers.wanted_s) == (101.0, 90.0)
