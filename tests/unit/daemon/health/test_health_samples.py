from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.status import AccountState
from daemon.health.checks import Check, Finding, Level
from daemon.health.samples import PARTS, Sample, pack, part_of, unpack
from store.watch_models import PackedSamples

AT = datetime(2026, 3, 1, tzinfo=UTC)

findings = st.lists(
    st.builds(
        Finding,
        st.sampled_from(Check),
        st.sampled_from([Level.WARNING, Level.CRITICAL]),
        st.just("why"),
    )
)


@given(
    st.text(),
    st.sampled_from(AccountState),
    st.none() | st.integers(0, 2**33),
    st.integers(0, 10**7),
    findings,
)
def test_what_was_found_comes_back_from_among_others(
    account_id: str, state: AccountState, age_s: int | None, ms: int, found: list[Finding]
) -> None:
    other = pack(f"{account_id}!", AccountState.LIVE, 1.0, 1.0, ())
    body = other + pack(account_id, state, age_s, ms / 1000, found) + other
    (sample,) = unpack(account_id, [PackedSamples(AT, other), PackedSamples(AT, body)])
    worst = {each.check: Level.OK for each in found}
    for each in found:
        worst[each.check] = max(worst[each.check], each.level)
    known_age = None if age_s is None else min(age_s, 2**32 - 2)
    assert sample == Sample(AT, state, known_age, sample.response_s, worst)
    assert abs(sample.response_s - ms / 1000) <= 0.001


def test_checks_come_in_their_order() -> None:
    packed = [
        PackedSamples(AT + timedelta(minutes=5 * n), pack("a", AccountState.LIVE, n, 0.0, ()))
        for n in range(3)
    ]
    assert [sample.age_s for sample in unpack("a", packed)] == [0, 1, 2]


def test_accounts_are_spread_over_all_parts() -> None:
    counts = [0] * PARTS
    for number in range(10_000):
        counts[part_of(f"account-{number}")] += 1
    assert min(counts) > 100
    assert max(counts) < 220
