from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from actors.jobs.fingerprint import job_fingerprint
from store.job_models import Address, Homeowner

ADA = Homeowner("Ada Park", "+1 217 555 0100", "ada@example.com")
HOME = Address("1 Main St", "", "Springfield", "IL", "62701", "US")
PRICE = Decimal("850.00")


@dataclass(frozen=True)
class Entry:
    account_id: str = "a1"
    technician_id: str = "7"
    summary: str = "Replace the water heater"
    homeowner: Homeowner = ADA
    address: Address = HOME
    revenue: Decimal | None = PRICE

    @property
    def fingerprint(self) -> str:
        return job_fingerprint(
            self.account_id,
            self.technician_id,
            self.summary,
            self.homeowner,
            self.address,
            self.revenue,
        )


ENTRY = Entry()


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, summary="  replace the WATER  heater"),
        replace(ENTRY, homeowner=Homeowner("ada park", "(217) 555-0100", "ADA@example.com")),
        replace(ENTRY, address=replace(ENTRY.address, street="1 MAIN ST", city="springfield")),
        replace(ENTRY, revenue=Decimal(850)),
    ],
)
def test_jobs_that_mean_the_same_are_the_same(other: Entry) -> None:
    assert other.fingerprint == ENTRY.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, account_id="a2"),
        replace(ENTRY, technician_id="8"),
        replace(ENTRY, summary="Replace the heater"),
        replace(ENTRY, homeowner=replace(ENTRY.homeowner, phone="+1 217 555 0101")),
        replace(ENTRY, address=replace(ENTRY.address, unit="1 Main St", street="")),
        replace(ENTRY, revenue=Decimal("850.01")),
        replace(ENTRY, revenue=None),
    ],
)
def test_jobs_that_differ_are_not(other: Entry) -> None:
    assert other.fingerprint != ENTRY.fingerprint
