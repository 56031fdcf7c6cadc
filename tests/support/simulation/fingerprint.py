"""What tells two runs apart: everything that the store holds in the end."""

import hashlib
import sqlite3
from pathlib import Path

from support.simulation.run import run
from support.simulation.scenario import Scenario

_ALL = (
    "SELECT * FROM objects ORDER BY account_id, object_type, object_id",
    "SELECT * FROM changes ORDER BY seq",
    "SELECT * FROM cursors ORDER BY account_id, object_type",
    "SELECT id, epoch, exact_as_of, last_synced_at FROM accounts ORDER BY id",
    "SELECT account_id, token_hash, started_at, ended_at FROM refresh_journal ORDER BY 1, id",
)


def fingerprint(scenario: Scenario, seed: int, folder: Path) -> str:
    """Play the seed; return the hash of all that it left behind."""
    outcome = run(scenario, seed, folder)
    digest = hashlib.sha256(f"{outcome.calls} {outcome.violations}".encode())
    connection = sqlite3.connect(folder / "syncline.db")
    try:
        for query in _ALL:
            for row in connection.execute(query):
                digest.update(repr(row).encode())
    finally:
        connection.close()
    return digest.hexdigest()
