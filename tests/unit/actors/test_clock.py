from datetime import UTC

from actors.clock import SystemClock, system_random


def test_the_machines_clock_tells_an_aware_time_and_never_goes_back() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.monotonic_s >= first.monotonic_s
    assert first.utc.tzinfo is UTC


def test_chance_differs_from_one_source_to_the_next() -> None:
    assert system_random().random() != system_random().random()
