from random import Random

from hypothesis import given
from hypothesis import strategies as st

from daemon.restart import CrashHistory, Quarantine, Restart, RestartPolicy, after_crash

POLICY = RestartPolicy()


def crash_again_and_again(
    policy: RestartPolicy, runs_s: list[float], seed: int = 0
) -> list[Restart | Quarantine]:
    """Let runs of these lengths end in a crash, each begun after the wait that was said."""
    history, now_s, verdicts, random = CrashHistory(), 0.0, [], Random(seed)
    for run_s in runs_s:
        began_s, now_s = now_s, now_s + run_s
        history, verdict = after_crash(history, began_s, now_s, policy, random)
        verdicts.append(verdict)
        if isinstance(verdict, Quarantine):
            break
        now_s += verdict.delay_s
    return verdicts


def delays_s(verdicts: list[Restart | Quarantine]) -> list[float]:
    return [verdict.delay_s for verdict in verdicts if isinstance(verdict, Restart)]


def test_waits_double_with_each_crash() -> None:
    found = delays_s(crash_again_and_again(POLICY, [0.0] * 5))
    for delay_s, full_s in zip(found, [1, 2, 4, 8, 16], strict=True):
        assert 0.8 * full_s <= delay_s <= full_s


def test_no_wait_is_longer_than_the_cap() -> None:
    policy = RestartPolicy(cap_s=30.0, max_restarts=100)
    found = delays_s(crash_again_and_again(policy, [0.0] * 60))
    assert max(found) <= 30.0
    assert found[-1] >= 0.8 * 30.0


def test_a_healthy_run_makes_earlier_crashes_forgotten() -> None:
    found = delays_s(crash_again_and_again(POLICY, [0.0, 0.0, 0.0, 600.0, 0.0]))
    assert found[3] <= 1.0
    assert 1.6 <= found[4] <= 2.0


def test_a_run_that_is_not_long_enough_is_not_healthy() -> None:
    found = delays_s(crash_again_and_again(POLICY, [0.0, 0.0, 0.0, 599.0]))
    assert found[3] >= 6.4


def test_more_crashes_than_allowed_within_the_window_quarantine() -> None:
    verdicts = crash_again_and_again(POLICY, [0.0] * 50)
    assert len(verdicts) == POLICY.max_restarts + 1
    assert isinstance(verdicts[-1], Quarantine)


def test_crashes_older_than_the_window_do_not_count() -> None:
    policy = RestartPolicy(max_restarts=2, window_s=100.0, healthy_after_s=1e9)
    verdicts = crash_again_and_again(policy, [60.0] * 30)
    assert not any(isinstance(verdict, Quarantine) for verdict in verdicts)


@given(
    runs_s=st.lists(st.floats(0.0, 2000.0), max_size=60),
    seed=st.integers(0, 1000),
    max_restarts=st.integers(0, 12),
)
def test_waits_stay_in_bounds_whatever_the_runs(
    runs_s: list[float], seed: int, max_restarts: int
) -> None:
    policy = RestartPolicy(max_restarts=max_restarts)
    verdicts = crash_again_and_again(policy, runs_s, seed)
    assert all(0.8 * policy.base_s <= delay <= policy.cap_s for delay in delays_s(verdicts))
    if any(isinstance(verdict, Quarantine) for verdict in verdicts):
        assert len(verdicts) > max_restarts
