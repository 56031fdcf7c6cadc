"""Where a job is: an address in one form, and what it lacks. Nothing is made up. Pure."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from actors.jobs.flaw import Flaw
from actors.jobs.plain_text import one_line, shown
from actors.jobs.regions import REGIONS
from store.job_models import Address

DEFAULT_COUNTRY = "US"
_CODE_LETTERS = 2
_COUNTRIES: Mapping[str, str] = MappingProxyType(
    {
        "": DEFAULT_COUNTRY,
        "us": "US",
        "usa": "US",
        "united states": "US",
        "united states of america": "US",
        "ca": "CA",
        "can": "CA",
        "canada": "CA",
    }
)
_ZIP_US = re.compile(r"([0-9]{5})(?:[ -]?([0-9]{4}))?")
_ZIP_CANADA = re.compile(r"([A-Z][0-9][A-Z])[ -]?([0-9][A-Z][0-9])")
_EXPECTED_REGION = {
    "US": "a state of the US, such as IL",
    "CA": "a province of Canada, such as ON",
}
_EXPECTED_ZIP = {
    "US": "a ZIP code such as 62701 or 62701-1234",
    "CA": "a postal code such as K1A 0B1",
}
_NEEDED = (("street", "a street with its number"), ("city", "a city"), ("zip", "a postal code"))


def normal_address(address: Address) -> Address:
    """Return the address in one form: blanks, and how state, country and postal code are written.

    What is not understood stays as it was written; no country means the US.
    """
    country = _country(one_line(address.country))
    return Address(
        street=one_line(address.street),
        unit=one_line(address.unit),
        city=one_line(address.city),
        state=_region(one_line(address.state), country),
        zip=_postal_code(one_line(address.zip), country),
        country=country,
    )


def address_flaws(address: Address) -> Sequence[Flaw]:
    """Say what an address in normal form lacks, or has wrong.

    In the US and Canada the state and the postal code are checked; elsewhere a postal code must be
    there, whatever it looks like.
    """
    flaws = [
        Flaw(f"address.{name}", expected, "nothing")
        for name, expected in _NEEDED
        if not getattr(address, name)
    ]
    regions = REGIONS.get(address.country)
    if regions is None:
        return flaws
    if address.state not in regions.values():
        expected = _EXPECTED_REGION[address.country]
        flaws.append(Flaw("address.state", expected, shown(address.state)))
    pattern = _ZIP_US if address.country == "US" else _ZIP_CANADA
    if address.zip and not pattern.fullmatch(address.zip):
        flaws.append(Flaw("address.zip", _EXPECTED_ZIP[address.country], shown(address.zip)))
    return flaws


def _country(text: str) -> str:
    known = _COUNTRIES.get(text.replace(".", "").casefold())
    if known is not None:
        return known
    is_code = len(text) == _CODE_LETTERS and text.isascii() and text.isalpha()
    return text.upper() if is_code else text


def _region(text: str, country: str) -> str:
    codes = REGIONS.get(country, {})
    return codes.get(text.casefold()) or codes.get(text.replace(".", "").casefold()) or text


def _postal_code(text: str, country: str) -> str:
    if country == "US" and (found := _ZIP_US.fullmatch(text)):
        return "-".join(part for part in found.groups() if part)
    if country == "CA" and (found := _ZIP_CANADA.fullmatch(text.upper())):
        return " ".join(found.groups())
    return text
