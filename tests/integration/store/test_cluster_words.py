"""What nodes say reaches whoever asks under the same topic, for as long as it was said of late."""

from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase


async def said(store: PostgresqlStore, topic: str, within_s: float) -> list[tuple[str, bytes]]:
    found = await store.words(topic, within_s=within_s)
    return [(each.node, each.word) for each in found.words]


async def test_last_word_of_each_node_counts_while_it_is_young(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    await store.leave_word("sights", "b", b"old")
    await store.leave_word("sights", "b", b"new")
    await store.leave_word("sights", "a", b"\x00\xff")
    await store.leave_word("vendor quickbooks", "a", b"another topic's")
    assert await said(store, "sights", 20) == [("a", b"\x00\xff"), ("b", b"new")]
    postgres.query(
        "UPDATE node_words SET at = at - interval '30 s' WHERE topic = 'sights' AND node = 'a'"
        " RETURNING node"
    )
    assert await said(store, "sights", 20) == [("b", b"new")]
    found = await store.words("sights", within_s=60)
    assert 30 <= found.words[0].age_s < 40
    await store.take_back_words("b")
    assert await said(store, "sights", 60) == [("a", b"\x00\xff")]
    assert await said(store, "vendor quickbooks", 60) == [("a", b"another topic's")]


async def test_words_of_nodes_that_were_killed_are_forgotten_with_nodes(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    for node in ("killed", "lately", "here"):
        await store.leave_word("sights", node, b"said")
    for node, ago in (("killed", "25 h"), ("lately", "23 h")):
        older = "UPDATE node_words SET at = at - %s::interval WHERE node = %s RETURNING node"
        assert postgres.query(older, ago, node) == [(node,)]
    assert await store.forget_nodes(unseen_s=3600) == 0
    assert postgres.query("SELECT node FROM node_words ORDER BY node") == [("here",), ("lately",)]
