from random import Random

from hypothesis import given
from hypothesis import strategies as st

from actors.backoff import full_jitter_s
from actors.settings import RetryPolicy

policies = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 10),
    base_s=st.floats(0.001, 100.0),
    cap_s=st.floats(0.001, 10_000.0),
)


@given(failures=st.integers(-1, 10**9), policy=policies, seed=st.integers(0, 2**32))
def test_a_wait_is_within_base_doubled_and_cap(
    failures: int, policy: RetryPolicy, seed: int
) -> None:
    wait_s = full_jitter_s(failures, policy, Random(seed))
    assert 0 <= wait_s <= policy.cap_s
    if failures <= 20:
        assert wait_s <= policy.base_s * 2 ** max(0, failures - 1)


def test_waits_are_spread_over_the_whole_range() -> None:
    random, policy = Random(1), RetryPolicy(base_s=1.0, cap_s=60.0)
    waits_s = [full_jitter_s(4, policy, random) for _ in range(2000)]
    assert min(waits_s) < 0.5
    assert max(waits_s) > 7.5
    assert 3.7 < sum(waits_s) / len(waits_s) < 4.3
