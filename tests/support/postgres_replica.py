"""The replica on a PostgreSQL server, as any program with a driver sees it."""

import psycopg


def read_replica(url: str, realm_id: str) -> dict[str, dict[str, bytes]]:
    """Read a company's objects."""
    found: dict[str, dict[str, bytes]] = {}
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT object_type, object_id, payload FROM objects"
            " JOIN accounts ON accounts.id = objects.account_id"
            " WHERE external_account_id = %s AND NOT deleted",
            (realm_id,),
        )
        for object_type, object_id, payload in rows:
            found.setdefault(object_type, {})[object_id] = bytes(payload)
    return found


def numbers_of_changes(url: str) -> list[int]:
    """Read the feed's numbers, in their order."""
    with psycopg.connect(url) as connection:
        return [seq for (seq,) in connection.execute("SELECT seq FROM changes ORDER BY seq")]
