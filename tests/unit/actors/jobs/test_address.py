from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.jobs.address import address_flaws, normal_address
from store.job_models import Address

HOME = Address("1 Main St", "", "Springfield", "IL", "62701", "US")
texts = st.text(max_size=20)
addresses = st.builds(
    Address,
    street=texts,
    unit=texts,
    city=texts,
    state=texts | st.sampled_from(["il", "Illinois", "N.Y.", "québec", "ON"]),
    zip=texts | st.sampled_from(["62701", "627011234", "k1a0b1", "62701 1234"]),
    country=texts | st.sampled_from(["us", "U.S.A.", "canada", "CA", "de", "Mexico"]),
)


def test_an_address_is_written_in_one_form() -> None:
    typed = Address("  1  Main\tSt ", " ", "Springfield\n", "illinois", "627011234", "u.s.a.")
    assert normal_address(typed) == replace(HOME, zip="62701-1234")


def test_no_country_is_the_us() -> None:
    assert normal_address(replace(HOME, country=" ")).country == "US"


@pytest.mark.parametrize(
    ("typed", "written"), [("k1a0b1", "K1A 0B1"), ("K1A-0B1", "K1A 0B1"), ("k1a 0b", "k1a 0b")]
)
def test_a_canadian_code_is_written_as_the_post_does_if_it_is_one(typed: str, written: str) -> None:
    ottawa = Address("80 Wellington St", "", "Ottawa", "Ontario", typed, "Canada")
    assert normal_address(ottawa) == replace(ottawa, state="ON", zip=written, country="CA")


def test_elsewhere_what_was_typed_stays() -> None:
    berlin = Address("Torstr. 1", "", "Berlin", "", "10119", "de")
    normal = normal_address(berlin)
    assert normal == replace(berlin, country="DE")
    assert not address_flaws(normal)


@pytest.mark.parametrize("part", ["street", "city", "state", "zip"])
def test_what_is_missing_is_named(part: str) -> None:
    (flaw,) = address_flaws(normal_address(replace(HOME, **{part: "  "})))
    assert (flaw.path, flaw.found) == (f"address.{part}", "nothing")


@pytest.mark.parametrize(
    ("part", "wrong"),
    [("state", "Ilinois"), ("state", "ON"), ("zip", "6270"), ("zip", "627011"), ("zip", "K1A 0B1")],
)
def test_what_cannot_be_in_the_us_is_named(part: str, wrong: str) -> None:
    (flaw,) = address_flaws(normal_address(replace(HOME, **{part: wrong})))
    assert (flaw.path, flaw.found) == (f"address.{part}", repr(wrong))


def test_all_that_is_wrong_is_told_at_once() -> None:
    nowhere = normal_address(Address("", "", "", "", "", ""))
    assert [flaw.path.partition(".")[2] for flaw in address_flaws(nowhere)] == [
        "street",
        "city",
        "zip",
        "state",
    ]


@given(addresses)
def test_a_second_time_changes_nothing(address: Address) -> None:
    once = normal_address(address)
    assert normal_address(once) == once


@given(addresses)
def test_nothing_is_made_up(address: Address) -> None:
    normal = normal_address(address)
    for part in ("street", "unit", "city", "state", "zip"):
        typed = getattr(address, part)
        assert bool(getattr(normal, part)) <= bool(typed)
        assert len(getattr(normal, part)) <= max(3 * len(typed), len(typed) + 1)


@given(addresses, st.sampled_from(["  ", "\t", " \n"]))
def test_blanks_around_mean_nothing(address: Address, blanks: str) -> None:
    padded = Address(
        *(
            f"{blanks}{part}{blanks}"
            for part in (
                address.street,
                address.unit,
                address.city,
                address.state,
                address.zip,
                address.country,
            )
        )
    )
    assert normal_address(padded) == normal_address(address)
