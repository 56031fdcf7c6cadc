import pytest

from daemon.demo.proof import Objects, TypeProof, compare

TRUTH: Objects = {"Invoice": {"1": b'{"Id":"1"}', "2": b'{"Id":"2"}'}}


def test_equal_bytes_differ_in_nothing() -> None:
    assert compare(TRUTH, TRUTH, ["Invoice"]) == [TypeProof("Invoice", 2, 2, 0)]


@pytest.mark.parametrize(
    ("replica", "here"),
    [
        ({"1": b'{"Id":"1"}'}, 1),
        ({**TRUTH["Invoice"], "3": b"{}"}, 3),
        ({"1": b'{"Id":"1"}', "2": b'{"Id": "2"}'}, 2),
    ],
    ids=["missing", "extra", "one byte more"],
)
def test_object_that_is_missing_extra_or_different_counts(
    replica: dict[str, bytes], here: int
) -> None:
    assert compare(TRUTH, {"Invoice": replica}, ["Invoice"]) == [TypeProof("Invoice", 2, here, 1)]


def test_only_the_replicated_types_are_compared() -> None:
    assert compare(TRUTH, {}, ["Bill"]) == [TypeProof("Bill", 0, 0, 0)]
