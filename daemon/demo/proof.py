"""Whether the replica is what the vendor has, byte for byte."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Objects = Mapping[str, Mapping[str, bytes]]
"""Payloads by object type and id."""


@dataclass(frozen=True, slots=True)
class TypeProof:
    """One object type compared.

    Attributes:
        differing: objects that are missing here, are here and should not be, or differ in a byte.
    """

    object_type: str
    vendor_count: int
    replica_count: int
    differing: int


def compare(truth: Objects, replica: Objects, object_types: Iterable[str]) -> Sequence[TypeProof]:
    """Compare what the vendor has with what is here, type by type."""
    return [
        _compare_type(name, truth.get(name, {}), replica.get(name, {})) for name in object_types
    ]


def read_replica(database: Path, company_id: str) -> Objects:
    """Read a company's objects from the database's file, as any other program could."""
    found: dict[str, dict[str, bytes]] = {}
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT object_type, object_id, payload FROM objects"
            " JOIN accounts ON accounts.id = objects.account_id"
            " WHERE external_account_id = ? AND NOT deleted",
            (company_id,),
        )
        for object_type, object_id, payload in rows:
            found.setdefault(object_type, {})[object_id] = payload.encode()
    return found


def _compare_type(name: str, truth: Mapping[str, bytes], replica: Mapping[str, bytes]) -> TypeProof:
    ids = truth.keys() | replica.keys()
    differing = sum(truth.get(object_id) != replica.get(object_id) for object_id in ids)
    return TypeProof(name, len(truth), len(replica), differing)
