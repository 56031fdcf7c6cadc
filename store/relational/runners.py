"""Where pieces of work run."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from store.crash_points import Commit
from store.models import StoreHealth
from store.relational.session import Work

T = TypeVar("T")


class ReadRunner(Protocol):
    """Runs what only reads."""

    async def run(self, work: Work[T]) -> T:
        """Run the work beside all writing, and return what it returns.

        Raises:
            StoreUnavailableError: the database cannot be read, or is closed.
        """
        ...


class WriteRunner(Protocol):
    """Commits what writes."""

    @property
    def health(self) -> StoreHealth:
        """How the last attempt went."""
        ...

    @property
    def wanted_bytes(self) -> int:
        """How much there was no room for; 0 when there was."""
        ...

    def on_health(self, listener: Callable[[StoreHealth], None]) -> None:
        """Call the listener each time writing stops or resumes."""
        ...

    def expect_urgent(self) -> None:
        """Begin nothing that would hold something urgent up, for a moment or until it came."""
        ...

    def urgent_came(self) -> None:
        """Go on with what was held back."""
        ...

    def submit(
        self,
        work: Work[T],
        size_bytes: int = 0,
        commit: Commit = Commit.OTHER,
        *,
        urgent: bool = False,
    ) -> Awaitable[T]:
        """Have the work committed, whole or not at all; the result comes once it is durable.

        `commit` names its crash points. `urgent` is for what a user waits for: small, and seldom.

        Raises:
            StoreUnavailableError: the store is closed.
        """
        ...
