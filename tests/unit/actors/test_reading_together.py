from hypothesis import given
from hypothesis import strategies as st

from actors.reading_together import A_CALL, groups, most_objects, uncertain

NAMES = [f"Type{n}" for n in range(40)]
EXPECTED = st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers(0, 3000))


def test_what_is_not_held_or_held_in_numbers_is_counted_first() -> None:
    held = {"Item": 1, "Customer": 900, "Invoice": 901, "Bill": 0}
    assert uncertain(["Item", "Customer", "Invoice", "Bill", "Vendor"], held) == [
        "Invoice",
        "Bill",
        "Vendor",
    ]


def test_small_types_share_a_call_and_others_do_not() -> None:
    expected = {"Invoice": 5000, "Item": 400, "Bill": 700, "Term": 0, "Vendor": 300, "Class": None}
    assert groups(list(expected), expected, 30) == [
        ["Item", "Term", "Vendor"],
        ["Bill"],
        ["Invoice"],
        ["Class"],
    ]


def test_without_batches_each_type_is_read_by_itself_in_their_order() -> None:
    assert groups(["B", "A"], {"A": 1, "B": 1}, 1) == [["B"], ["A"]]


@given(EXPECTED, st.integers(1, 30))
def test_each_type_is_read_once_and_no_call_brings_too_much(
    expected: dict[str, int | None], most: int
) -> None:
    found = groups(list(expected), expected, most)
    assert sorted(name for group in found for name in group) == sorted(expected)
    for group in found:
        assert 0 < len(group) <= most
        if len(group) > 1:
            assert sum(expected[name] or 0 for name in group) <= A_CALL
            assert None not in {expected[name] for name in group}


def test_a_page_has_room_for_what_came_meanwhile() -> None:
    assert most_objects(0) == 100
    assert most_objects(50) == 150
    assert most_objects(None) is None
