from datetime import UTC, datetime, timedelta

import pytest

from daemon.web.pages.session import LASTS, EndedSessions, SessionSeal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = SessionSeal.of("the-admin-token")


def test_a_session_is_accepted_until_it_ends() -> None:
    session = OURS.issue(NOW)
    assert OURS.accepts(session, NOW)
    assert OURS.accepts(session, NOW + LASTS - timedelta(seconds=1))
    assert not OURS.accepts(session, NOW + LASTS)


def test_a_session_ends_with_the_token_that_it_was_given_for() -> None:
    assert not SessionSeal.of("another-token").accepts(OURS.issue(NOW), NOW)


def test_two_sessions_are_told_apart() -> None:
    assert OURS.issue(NOW) != OURS.issue(NOW + timedelta(microseconds=1))


def test_a_session_that_was_ended_early_is_known_until_it_would_have_ended() -> None:
    ended = EndedSessions()
    ended.add("left early", NOW)
    assert "left early" in ended
    assert "another" not in ended
    ended.add("another", NOW + LASTS)
    assert "left early" not in ended


def test_a_later_end_needs_a_seal_of_its_own() -> None:
    end, _, seal = OURS.issue(NOW).partition(".")
    assert not OURS.accepts(f"{int(end) + 1}.{seal}", NOW)


@pytest.mark.parametrize("session", ["", ".", "x", "é.é", "99999999999.", "1.2.3", "\ud800.x"])
def test_rubbish_is_no_session(session: str) -> None:
    assert not OURS.accepts(session, NOW)
