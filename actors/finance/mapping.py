"""What a vendor's package says about its payloads, so that finance views need not know them."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from store.finance import FinanceDocument, FinanceSource, UnusableObject


class CompanyProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A company as its vendor describes it. What is not known is null."""

    name: str | None = None
    legal_name: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    address: list[str] = []
    country: str | None = None
    fiscal_year_begins: str | None = None
    founded_on: str | None = None


@dataclass(frozen=True, slots=True)
class FinanceMapping:
    """How one vendor's payloads are read. Pure functions; they never raise.

    Attributes:
        version: raised whenever `document` makes something else of the same payload: every copy
            is then made anew.
        object_types: the types that `document` makes something of.
        company_type: the type of the object that describes the company.
        document: makes a document of an object that is not deleted; None when it is nothing that
            views count.
        company: reads the object that describes the company.
    """

    version: int
    object_types: tuple[str, ...]
    company_type: str
    document: Callable[[FinanceSource], FinanceDocument | UnusableObject | None]
    company: Callable[[bytes], CompanyProfile]
