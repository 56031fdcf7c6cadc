from math import isclose, ulp
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors.polling import next_round_s
from actors.resumption import phase

nows_s = st.floats(0.0, 1e9)
intervals_s = st.one_of(st.floats(0.5, 1e5), st.sampled_from([1.0, 60.0, 300.0, 600.0]))
phases = st.floats(0.0, 1.0, exclude_max=True)


@given(now_s=nows_s, interval_s=intervals_s, place=phases)
def test_the_next_round_is_later_and_at_most_an_interval_away(
    now_s: float, interval_s: float, place: float
) -> None:
    following_s = next_round_s(now_s, interval_s, place)
    assert following_s > now_s
    assert following_s - now_s <= interval_s + 2 * ulp(now_s + interval_s)


@given(now_s=nows_s, interval_s=intervals_s, place=phases, rounds=st.integers(1, 50))
def test_the_phase_is_kept_over_many_rounds(
    now_s: float, interval_s: float, place: float, rounds: int
) -> None:
    at_s = now_s
    for _ in range(rounds):
        at_s = next_round_s(at_s, interval_s, place)
    behind = (at_s - place * interval_s) / interval_s
    assert isclose(behind, round(behind), abs_tol=1e-6)


@given(now_s=nows_s, interval_s=intervals_s, place=phases)
def test_rounds_are_a_whole_interval_apart(now_s: float, interval_s: float, place: float) -> None:
    first_s = next_round_s(now_s, interval_s, place)
    second_s = next_round_s(first_s, interval_s, place)
    assert isclose(second_s - first_s, interval_s, rel_tol=1e-6, abs_tol=1e-6)


@given(identifier=st.uuids())
def test_a_phase_is_a_place_within_the_interval(identifier: UUID) -> None:
    assert 0.0 <= phase(str(identifier)) < 1.0


def test_an_account_keeps_its_phase_after_a_restart() -> None:
    assert phase("8f0c") == phase("8f0c") == 0.6404788489374864


def test_phases_of_many_accounts_are_spread_evenly() -> None:
    places = [phase(str(number)) for number in range(10_000)]
    for tenth in range(10):
        assert 900 < sum(tenth <= 10 * place < tenth + 1 for place in places) < 1100
