"""The vendor's record of writes that took effect, so that a test can count them exactly."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AppliedWrite:
    """One write through the API that changed something.

    Attributes:
        sequence: Number of the last mutation that it made.
        at: When.
        realm_id: Company.
        client_id: The app that made it.
        operation: ``create``, ``update``, ``delete``, ``void`` or ``send``.
        object_type: Type.
        object_id: Id.
        request_id: The ``requestid`` that it came with, or None.
        body: What was sent.
    """

    sequence: int
    at: datetime
    realm_id: str
    client_id: str
    operation: str
    object_type: str
    object_id: str
    request_id: str | None
    body: bytes
