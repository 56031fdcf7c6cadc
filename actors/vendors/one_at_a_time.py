"""What a vendor's package says whose vendor has no call for several things at once."""

from collections.abc import Mapping, Sequence

from actors.vendors.base import Count, Look, Page, Session


class OneAtATime:
    """A base of vendors that count and look at one type at a time."""

    @property
    def most_together(self) -> int:
        """There is no call for several things."""
        return 1

    async def count_together(
        self, session: Session, object_types: Sequence[str]
    ) -> Mapping[str, Count]:
        """Count nothing: there is no such call."""
        del session, object_types
        return {}

    async def look_together(self, session: Session, looks: Sequence[Look]) -> Mapping[str, Page]:
        """Bring nothing: there is no such call."""
        del session, looks
        return {}
