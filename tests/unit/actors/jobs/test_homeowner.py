import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.jobs.homeowner import homeowner_flaws, tidy_homeowner
from store.job_models import Homeowner


@pytest.mark.parametrize(
    ("phone", "email"),
    [
        ("+1 555 0100", ""),
        ("(217) 555-0100 x12", ""),
        ("", "ada@example.com"),
        ("+44 (0)20 7946 0000", "ada@sub.example.co.uk"),
    ],
)
def test_one_way_to_reach_somebody_is_enough(phone: str, email: str) -> None:
    assert not homeowner_flaws(tidy_homeowner(Homeowner(" Ada  Park ", phone, email)))


def test_who_cannot_be_reached_is_refused() -> None:
    (flaw,) = homeowner_flaws(Homeowner("Ada Park", "", ""))
    assert (flaw.path, flaw.found) == ("homeowner.phone", "neither")


def test_a_name_is_needed() -> None:
    nobody = tidy_homeowner(Homeowner("\t ", "+1 555 0100", ""))
    assert [flaw.path for flaw in homeowner_flaws(nobody)] == ["homeowner.name"]


@pytest.mark.parametrize("phone", ["555-010", "1234567890123456", "call me", "0100 or 5550101"])
def test_what_cannot_be_called_is_named_even_beside_an_address(phone: str) -> None:
    (flaw,) = homeowner_flaws(Homeowner("Ada Park", phone, "ada@example.com"))
    assert (flaw.path, flaw.found) == ("homeowner.phone", repr(phone))


@pytest.mark.parametrize("email", ["ada", "ada@", "ada@example", "ada @example.com", "a@b@c.de"])
def test_what_cannot_be_written_to_is_named(email: str) -> None:
    (flaw,) = homeowner_flaws(Homeowner("Ada Park", "+1 555 0100", email))
    assert flaw.path == "homeowner.email"


@given(st.text(), st.text(), st.text())
def test_tidying_a_second_time_changes_nothing(name: str, phone: str, email: str) -> None:
    tidy = tidy_homeowner(Homeowner(name, phone, email))
    assert tidy_homeowner(tidy) == tidy
