from hypothesis import given
from hypothesis import strategies as st

from store.models import ObjectRecord, Tombstone
from store.relational.pages import last_word, page_bytes
from support.store_fixtures import Owned, record, tombstone

SECONDS = st.integers(0, 4)
RECORDS = st.lists(st.builds(record, st.sampled_from("12"), SECONDS))
TOMBSTONES = st.lists(st.builds(tombstone, st.sampled_from("12"), st.none() | SECONDS))


def test_newest_version_is_kept() -> None:
    assert last_word([record("1", 2), record("1", 3), record("1", 1)], []) == ([record("1", 3)], [])


def test_later_of_equally_new_versions_is_kept() -> None:
    first, second = record("1", 2, payload=b"1"), record("1", 2, payload=b"2")
    assert last_word([first, second], []) == ([second], [])


def test_tombstone_as_new_as_its_version_is_kept_in_its_place() -> None:
    assert last_word([record("1", 2)], [tombstone("1", 2)]) == ([], [tombstone("1", 2)])


def test_tombstone_older_than_its_version_is_dropped() -> None:
    assert last_word([record("1", 2)], [tombstone("1", 1)]) == ([record("1", 2)], [])


def test_tombstone_without_a_time_ends_the_version_it_came_with() -> None:
    assert last_word([record("1", 2)], [tombstone("1")]) == ([], [tombstone("1", 2)])


def test_latest_tombstone_is_kept() -> None:
    graves = [tombstone("1"), tombstone("1", 2), tombstone("1", 1), tombstone("1")]
    assert last_word([], graves) == ([], [tombstone("1", 2)])


def test_objects_keep_their_order() -> None:
    page = [record("3"), record("1"), record("2"), record("3", 1)]
    assert [item.object_id for item in last_word(page, [])[0]] == ["3", "1", "2"]


@given(objects=RECORDS, tombstones=TOMBSTONES)
def test_there_is_one_last_word_for_each_object(
    objects: list[ObjectRecord], tombstones: list[Tombstone]
) -> None:
    alive, gone = last_word(objects, tombstones)
    said = {item.object_id for item in objects} | {grave.object_id for grave in tombstones}
    words = [item.object_id for item in alive] + [grave.object_id for grave in gone]
    assert sorted(words) == sorted(said)
    assert last_word(alive, gone) == (alive, gone)


def test_size_of_a_page_counts_its_payloads() -> None:
    small = Owned("a", 1).page(record("1", payload=b"x"))
    large = Owned("a", 1).page(record("1", payload=b"x" * 1001))
    assert page_bytes(large) - page_bytes(small) == 1000
