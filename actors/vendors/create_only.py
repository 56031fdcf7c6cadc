"""What a vendor's package says whose vendor only lets us make new objects.

Nothing is changed, so nothing is known of an object before, nothing is merged, and what a company does
with what was made for it is no drift. A vendor without ids for requests is sent each write with a mark
of its own, by which a lost one is looked for.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta

from actors.errors import NotSentError, VendorError
from actors.vendors.base import Session
from actors.vendors.writing import DailyLimit, Difference, Intent, Target, Written
from store.models import ObjectRecord

WITHOUT_MARK = "the vendor's answer does not show the mark that was sent with it"


class CreateOnly:
    """A base of writers that create. Each write travels by itself."""

    @property
    def settled_after(self) -> timedelta:
        """Longer than a call may take there, and what it made may be hidden."""
        return timedelta(minutes=5)

    def daily_limit(self, action_type: str) -> DailyLimit | None:
        """Limit nothing."""
        del action_type
        return None

    def base(self, action_type: str, payload: bytes, record: bytes) -> str:
        """Note nothing: there is no object before."""
        del action_type, payload, record
        return ""

    def merges_again(self, payload: bytes) -> bool:
        """There is no version to write over."""
        del payload
        return False

    def quiet_s(self, action_type: str) -> float:
        """Marks tell writes from each other, however close they are."""
        del action_type
        return 0.0

    def is_ours(self, action_id: str, record: bytes) -> bool:
        """Tell whether the object carries the action's id, however it is spelled around it."""
        return mark_of(action_id).encode() in record or action_id.encode() in record

    def is_compared(self, action_type: str) -> bool:
        """Never: what was made is the company's own to change."""
        del action_type
        return False

    def differences(
        self, action_type: str, payload: bytes, record: bytes | None
    ) -> Sequence[Difference]:
        """Find none."""
        del action_type, payload, record
        return ()

    def overwrites(self, action_type: str) -> bool:
        """Nothing is written over."""
        del action_type
        return False

    def ends(self, action_type: str) -> bool:
        """Nothing is ended."""
        del action_type
        return False

    def related(self, action_type: str, payload: bytes) -> Sequence[Target]:
        """Name none."""
        del action_type, payload
        return ()

    def related_differences(
        self, action_type: str, payload: bytes, object_id: str, record: bytes
    ) -> Sequence[Difference]:
        """Find none."""
        del action_type, payload, object_id, record
        return ()

    def touched_types(self, action_type: str, payload: bytes) -> Sequence[str]:
        """Name none: polls bring whatever the vendor makes besides."""
        del action_type, payload
        return ()

    async def read(self, session: Session, target: Target) -> ObjectRecord | None:
        """Read nothing: nothing is looked at before or after."""
        del session, target
        return None

    @property
    def most_together(self) -> int:
        """There is no call for several writes."""
        return 1

    def goes_together(self, action_type: str) -> bool:
        """None does."""
        del action_type
        return False

    def leans_on(self, action_type: str, payload: bytes) -> AbstractSet[str]:
        """Name nothing."""
        del action_type, payload
        return frozenset()

    async def write_together(
        self, session: Session, intents: Sequence[Intent]
    ) -> Sequence[Written | VendorError]:
        """Raise `NotSentError`: there is no such call."""
        del session, intents
        raise NotSentError("there is no call for several writes")


def mark_of(action_id: str) -> str:
    """Return what a new object carries in a text of its own, for us and for people."""
    return f"syncline:{action_id.replace('-', '')}"


def stamped(text: str, action_id: str) -> str:
    """Return the text with the mark below it."""
    mark = f"[{mark_of(action_id)}]"
    return f"{text}\n{mark}" if text else mark


def made_twice(object_type: str, object_ids: Sequence[str]) -> str | None:
    """Say that more than one object carries an action's mark; the first is taken for the action's."""
    others = ", ".join(object_ids[1:])
    return (
        f"{object_type} {others} carry the same mark: look whether it is there twice"
        if others
        else None
    )
