"""A vendor's record of a write that took effect, so that a test can count them exactly."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AppliedWrite:
    """One write through the API that made something.

    Attributes:
        at: When.
        company: The vendor's id of the company.
        kind: What was made.
        object_id: Its id.
        body: What was sent.
    """

    at: datetime
    company: str
    kind: str
    object_id: str
    body: bytes
