"""A row of the replica that was damaged."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Damage:
    """One damaged row. `versions` is how many the vendor had of it by then."""

    account_id: str
    object_type: str
    object_id: str
    versions: int
    how: str
