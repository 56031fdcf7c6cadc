import pytest
from msgspec.structs import replace

from daemon.sandbox.quickbooks import Mutation, MutationKind
from support.simulation.checker import (
    AccountChecker,
    FeedChecker,
    Row,
    Step,
    breach,
    differences,
)
from support.simulation.history import History, Version, as_stored

S = 1_000_000
KEY = ("Customer", "7")
FIRST = Version(10 * S, 10 * S, b"first")
SECOND = Version(20 * S, 20 * S, b"second")
GONE = Version(30 * S, 30 * S, None)


def row(version: Version, *, deleted: bool = False) -> Row:
    return Row(version.body or b"second", version.updated_us, deleted)


def mutation(at_s: int, body: bytes | None, object_id: str = "7") -> Mutation:
    return Mutation(
        1, "1", "Customer", object_id, MutationKind.UPDATE, at_s * S, at_s, at_s * S, body
    )


@pytest.mark.parametrize(
    ("versions", "held", "exact_as_of_s", "problem"),
    [
        ([FIRST], row(FIRST), 10, None),
        ([FIRST], None, 9, None),
        ([FIRST], None, 10, "is missing"),
        ([FIRST, SECOND], row(FIRST), 19, None),
        ([FIRST, SECOND], row(SECOND), 9, None),
        ([FIRST, SECOND], row(FIRST), 20, "is out of date"),
        ([FIRST, SECOND, GONE], row(SECOND), 29, None),
        ([FIRST, SECOND, GONE], row(SECOND), 30, "is here and gone at the vendor"),
        ([FIRST, SECOND, GONE], row(GONE, deleted=True), 15, None),
        ([FIRST, SECOND, GONE], None, 15, None),
        (
            [FIRST, SECOND],
            row(SECOND, deleted=True),
            25,
            "is deleted here and was not at the vendor",
        ),
        ([], row(FIRST), 5, "holds bytes that the vendor never showed"),
        (
            [FIRST],
            replace(row(FIRST), body=b"other"),
            15,
            "holds bytes that the vendor never showed",
        ),
        (
            [FIRST],
            replace(row(FIRST), updated_us=11 * S),
            15,
            "has a time that it never had at the vendor",
        ),
    ],
)
def test_row_is_held_against_the_claim(
    versions: list[Version], held: Row | None, exact_as_of_s: int, problem: str | None
) -> None:
    assert breach(versions, held, exact_as_of_s * S) == problem


def test_only_what_may_have_become_wrong_is_looked_at() -> None:
    history = History(["Customer"])
    for at_s, object_id in ((10, "7"), (20, "8"), (30, "9")):
        history.take(mutation(at_s, b"body", object_id))
    checker = AccountChecker(history)
    assert checker.claim(15 * S) == ({("Customer", "7")}, [])
    checker.touched(("Customer", "7"))
    assert checker.claim(25 * S) == ({("Customer", "7"), ("Customer", "8")}, [])
    assert checker.claim(25 * S) == (set(), [])


def test_row_committed_late_with_an_older_time_is_looked_at() -> None:
    history = History(["Customer"])
    checker = AccountChecker(history)
    checker.claim(25 * S)
    history.take(mutation(20, b"late"))
    keys, _ = checker.claim(26 * S)
    assert checker.breaches(dict.fromkeys(keys)) == ["Customer 7 is missing"]


def test_claim_must_neither_go_back_nor_be_withdrawn() -> None:
    checker = AccountChecker(History([]))
    checker.claim(None)
    checker.claim(20 * S)
    assert "went back" in checker.claim(10 * S)[1][0]
    assert "unknown" in checker.claim(None)[1][0]


def test_nothing_is_held_against_an_account_that_claims_nothing() -> None:
    checker = AccountChecker(History(["Customer"]))
    checker.history.take(mutation(10, b"body"))
    checker.claim(None)
    assert checker.breaches({KEY: None}) == []


def test_types_that_are_not_replicated_have_no_history() -> None:
    history = History(["Invoice"])
    history.take(mutation(10, b"body"))
    assert (history.living(), history.ripened(100 * S)) == ({}, set())


def test_replica_at_rest_is_compared_byte_for_byte() -> None:
    living = {KEY: b"a", ("Customer", "8"): b"b", ("Customer", "9"): b"c"}
    rows = {
        KEY: Row(b"a", 0, deleted=False),
        ("Customer", "8"): Row(b"B", 0, deleted=False),
        ("Customer", "1"): Row(b"x", 0, deleted=False),
        ("Customer", "2"): Row(b"x", 0, deleted=True),
    }
    gone, ever = {("Customer", "3"), ("Customer", "4")}, {("Customer", "3")}
    assert differences(living, gone, rows, ever) == [
        "Customer 9 is missing at rest",
        "Customer 1 is extra at rest",
        "Customer 8 differs at rest",
        "Customer 2 is buried alive",
        "Customer 3 has no tombstone",
    ]


def test_change_feed_is_replayed_without_gaps() -> None:
    feed = FeedChecker()
    assert feed.take([Step(1, "a", KEY, deleted=False), Step(2, "a", KEY, deleted=True)]) == []
    assert feed.take([Step(4, "a", KEY, deleted=True)]) == [
        "the change feed goes from 2 to 4",
        "change 4 deletes what was not there",
    ]
    assert feed.mismatch("a", {KEY: Row(b"", 0, deleted=False)}) == [
        "Customer 7 is not where the change feed leads"
    ]


def test_bytes_that_are_no_utf8_are_kept_as_what_they_mean() -> None:
    assert as_stored(b"Caf\xe9") == "Caf\u00e9".encode()
    assert as_stored("Caf\u00e9".encode()) == "Caf\u00e9".encode()
