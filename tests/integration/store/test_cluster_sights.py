"""What nodes see reaches whoever asks, for as long as it was said of late."""

from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase


async def test_last_word_of_each_node_counts_while_it_is_young(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    await store.publish_sight("b", b"old")
    await store.publish_sight("b", b"new")
    await store.publish_sight("a", b"\x00\xff")
    assert await store.sights(within_s=20) == [("a", b"\x00\xff"), ("b", b"new")]
    postgres.query(
        "UPDATE node_sights SET at = at - interval '30 s' WHERE node = 'a' RETURNING node"
    )
    assert await store.sights(within_s=20) == [("b", b"new")]
    await store.withdraw_sight("b")
    assert await store.sights(within_s=60) == [("a", b"\x00\xff")]
