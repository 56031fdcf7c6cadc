from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.polling import QUIET_AFTER_S, Stretch, WebhookHealth

STRETCH = Stretch(interval_s=300.0, stretched_s=3600.0, phase=0.25)


def test_poll_is_put_off_while_webhooks_work() -> None:
    assert STRETCH.due_s(375.0, inf) == 375.0 + 3300.0


def test_poll_keeps_its_time_without_webhooks() -> None:
    assert STRETCH.due_s(375.0, -inf) == 375.0
    assert STRETCH.due_s(375.0, 375.0) == 375.0


def test_poll_keeps_its_time_when_nothing_is_to_be_stretched() -> None:
    assert Stretch(300.0, None, 0.25).due_s(375.0, inf) == 375.0
    assert Stretch(300.0, 60.0, 0.25).due_s(375.0, inf) == 375.0


def test_accounts_come_back_one_after_the_other_when_webhooks_go_quiet() -> None:
    due = [Stretch(300.0, 3600.0, place / 10).due_s(400.0, 600.0) for place in range(10)]
    assert len(set(due)) == 10
    assert all(600.0 < each <= 900.0 for each in due)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 0.99))
def test_poll_is_never_sooner_than_normal_nor_later_than_the_bound(
    normal_s: float, works_until_s: float, phase: float
) -> None:
    due_s = Stretch(300.0, 3600.0, phase).due_s(normal_s, works_until_s)
    assert normal_s <= due_s <= normal_s + 3300.0
    assert due_s <= max(normal_s, works_until_s + 300.0) + 1e-6


def test_webhooks_work_for_a_day_after_a_delivery() -> None:
    health = WebhookHealth()
    assert health.works_until_s == -inf
    health.delivered(100.0)
    assert (health.works_until_s, health.since_s) == (100.0 + QUIET_AFTER_S, 100.0)
    health.delivered(200.0)
    assert (health.works_until_s, health.since_s) == (200.0 + QUIET_AFTER_S, 100.0)


def test_webhooks_that_were_quiet_for_long_begin_anew() -> None:
    health = WebhookHealth()
    health.delivered(100.0)
    health.delivered(100.0 + QUIET_AFTER_S)
    assert health.since_s == 100.0 + QUIET_AFTER_S


def test_missed_change_ends_the_trust_until_the_next_delivery() -> None:
    health = WebhookHealth()
    health.delivered(100.0)
    health.missed(100.5)
    assert (health.works_until_s, health.since_s) == (-inf, inf)
    health.delivered(101.0)
    assert health.since_s == 101.0


def test_delivery_to_another_node_lets_webhooks_work_here_too() -> None:
    health = WebhookHealth()
    health.hear(100.0, -inf)
    assert (health.works_until_s, health.since_s) == (100.0 + QUIET_AFTER_S, 100.0)
    health.hear(90.0, -inf)
    assert health.works_until_s == 100.0 + QUIET_AFTER_S
    assert health.delivered_s == -inf  # others are told only what we saw ourselves


@pytest.mark.parametrize("seen_by_us", [True, False])
def test_what_another_node_missed_ends_the_trust_until_a_later_delivery(seen_by_us: bool) -> None:
    health = WebhookHealth()
    health.delivered(100.0)
    for _ in range(2):
        health.hear(-inf, 200.0)
        assert (health.works_until_s, health.since_s) == (-inf, inf)
        health.hear(150.0, 200.0)
        assert health.works_until_s == -inf
    if seen_by_us:
        health.delivered(201.0)
    for _ in range(2):
        health.hear(201.0, 200.0)
        assert (health.works_until_s, health.since_s) == (201.0 + QUIET_AFTER_S, 201.0)


def test_what_was_missed_before_the_last_delivery_shortens_what_is_trusted() -> None:
    health = WebhookHealth()
    health.delivered(100.0)
    health.delivered(300.0)
    health.hear(-inf, 200.0)
    assert (health.works_until_s, health.since_s) == (300.0 + QUIET_AFTER_S, 300.0)
