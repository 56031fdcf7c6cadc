"""A fingerprint of many objects, so that a replica elsewhere can be compared without moving them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Digest:
    """How many objects of a type there are, and the SHA-256 of all of them.

    Attributes:
        count: Number of objects.
        sha256: Of every object's bytes and a newline, in the order of the ids as numbers.
    """

    count: int
    sha256: str


def digest(objects: Mapping[str, bytes]) -> Digest:
    """Fingerprint the objects of one type, given by id."""
    summed = hashlib.sha256()
    for object_id in sorted(objects, key=int):
        summed.update(objects[object_id] + b"\n")
    return Digest(len(objects), summed.hexdigest())
