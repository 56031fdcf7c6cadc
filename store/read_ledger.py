"""What a store keeps of metered reads."""

from collections.abc import Mapping
from typing import Protocol


class ReadLedger(Protocol):
    """How many metered reads were made, by vendor and calendar month (`2026-11`)."""

    async def noted_reads(self, vendor: str, month: str) -> int:
        """Return how many reads of the vendor's app were noted in the month."""
        ...

    async def note_reads(self, vendor: str, month: str, count: int) -> int:
        """Note that so many more are about to be made, fewer when negative; return all noted so far."""
        ...

    async def add_reads(self, vendor: str, month: str, by_account: Mapping[str, int]) -> None:
        """Add who made how many of them. What is noted of the app as a whole stays as it is."""
        ...

    async def account_reads(self, vendor: str, month: str, account_id: str) -> int:
        """Return how many of them were added for the account."""
        ...

    async def verification_reads(self, vendor: str) -> float:
        """Return how many reads an account's last verification took on average; 0 before the first."""
        ...
