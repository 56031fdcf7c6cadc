"""Whom a job is for: somebody with a name who can be reached. Pure."""

import re
from collections.abc import Sequence

from actors.jobs.flaw import Flaw
from actors.jobs.phone import is_phone
from actors.jobs.plain_text import one_line, shown
from store.job_models import Homeowner

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_EXPECTED_PHONE = "a phone number of 7 to 15 digits"
_EXPECTED_EMAIL = "an e-mail address"


def tidy_homeowner(homeowner: Homeowner) -> Homeowner:
    """Return the same without blanks that say nothing."""
    return Homeowner(one_line(homeowner.name), one_line(homeowner.phone), one_line(homeowner.email))


def homeowner_flaws(homeowner: Homeowner) -> Sequence[Flaw]:
    """Say what keeps a tidy homeowner from being reached; what is given has to be right."""
    flaws = []
    phone, email = homeowner.phone, homeowner.email
    if not homeowner.name:
        flaws.append(Flaw("homeowner.name", "a name", "nothing"))
    if not phone and not email:
        expected = f"{_EXPECTED_PHONE}, or {_EXPECTED_EMAIL} in homeowner.email"
        flaws.append(Flaw("homeowner.phone", expected, "neither"))
    if phone and not is_phone(phone):
        flaws.append(Flaw("homeowner.phone", _EXPECTED_PHONE, shown(phone)))
    if email and not _EMAIL.fullmatch(email):
        flaws.append(Flaw("homeowner.email", _EXPECTED_EMAIL, shown(email)))
    return flaws
