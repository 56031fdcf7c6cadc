"""The states of the US and the provinces of Canada, by code and by name. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

_US = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut,
DE Delaware, DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois,
IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland,
MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, MT Montana, NE Nebraska,
NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, NC North Carolina,
ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia,
WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming, AS American Samoa, GU Guam,
MP Northern Mariana Islands, PR Puerto Rico, VI Virgin Islands, AA Armed Forces Americas,
AE Armed Forces Europe, AP Armed Forces Pacific
"""
_CANADA = """
AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador,
NS Nova Scotia, NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island,
QC Quebec, QC Québec, SK Saskatchewan, YT Yukon
"""


def _by_code_and_name(table: str) -> Mapping[str, str]:
    rows = [each.strip().partition(" ") for each in table.replace("\n", " ").split(",")]
    codes = {code.casefold(): code for code, _, _ in rows}
    return MappingProxyType({**codes, **{name.casefold(): code for code, _, name in rows}})


REGIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"US": _by_code_and_name(_US), "CA": _by_code_and_name(_CANADA)}
)
"""By country: the code of a region, by that code or its name, case folded."""
