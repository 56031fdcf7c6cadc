import pytest

from daemon.single_use import SpentCodes, States

TEN_MINUTES_S = 600.0
MOST = 1000


def test_state_is_taken_once() -> None:
    states = States()
    state = states.issue("quickbooks", 0.0)
    assert states.take("quickbooks", state, 1.0)
    assert not states.take("quickbooks", state, 1.0)


@pytest.mark.parametrize(
    ("waited_s", "taken"), [(TEN_MINUTES_S - 0.1, True), (TEN_MINUTES_S, False)]
)
def test_state_is_good_for_ten_minutes(waited_s: float, taken: bool) -> None:
    states = States()
    state = states.issue("quickbooks", 50.0)
    assert states.take("quickbooks", state, 50.0 + waited_s) is taken


def test_state_of_another_vendor_is_refused_and_spent() -> None:
    states = States()
    state = states.issue("quickbooks", 0.0)
    assert not states.take("other", state, 1.0)
    assert not states.take("quickbooks", state, 1.0)


@pytest.mark.parametrize("vendor", ["", "quickbooks"])
def test_made_up_state_is_refused(vendor: str) -> None:
    assert not States().take(vendor, "made up", -1.0)


def test_only_the_newest_states_are_remembered() -> None:
    states = States()
    issued = [states.issue("quickbooks", 0.0) for _ in range(MOST + 1)]
    assert len(set(issued)) == MOST + 1
    assert not states.take("quickbooks", issued[0], 1.0)
    assert states.take("quickbooks", issued[1], 1.0)


def test_only_the_newest_codes_are_remembered() -> None:
    spent = SpentCodes()
    for number in range(MOST + 1):
        spent.add(f"code-{number}")
    assert "code-0" not in spent
    assert "code-1" in spent
    assert "code" not in spent
