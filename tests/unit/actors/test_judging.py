"""No row that is right is ever called wrong, whatever happens between a page and its judging."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.judging import LISTED, Fault, Findings, Verdict, judge, judge_again, settled_before
from store.models import ObjectRecord
from store.verification import HeldRow
from support.virtual_time import EPOCH

AS_OF = 100


def version(second: int) -> ObjectRecord:
    at = EPOCH + timedelta(seconds=second)
    return ObjectRecord("Invoice", "1", str(second), at, str(second).encode())


def held(second: int | None, *, deleted: bool = False, body: str | None = None) -> HeldRow:
    at = None if second is None else EPOCH + timedelta(seconds=second)
    return HeldRow("Invoice", "1", at, deleted, (body or str(second)).encode())


AS_OF_INSTANT = EPOCH + timedelta(seconds=AS_OF)

times = st.integers(0, 200)
lives = st.lists(times, min_size=1, max_size=6, unique=True).map(sorted)


@given(lives, st.booleans(), st.data())
def test_a_faithful_replica_is_never_called_wrong(
    changed_at: list[int], ends: bool, data: st.DataObject
) -> None:
    """The replica holds at each moment what the vendor had at some moment from `AS_OF` on.

    The page is made first, the row looked up after it, the vendor asked again after that.
    """
    page_at = data.draw(st.integers(max(AS_OF, changed_at[0]), 210), label="page")
    looked_up_at = data.draw(st.integers(page_at, 220), label="looked up")
    asked_at = data.draw(st.integers(looked_up_at, 230), label="asked again")
    known_until = data.draw(st.integers(AS_OF, looked_up_at), label="known until")
    end = changed_at[-1] + 1 if ends else 1000

    def at_vendor(moment: int) -> ObjectRecord | None:
        past = [second for second in changed_at if second <= moment]
        return version(past[-1]) if past and moment < end else None

    shown = at_vendor(page_at)
    if shown is None:
        return
    past = [second for second in changed_at if second <= known_until]
    row = held(past[-1], deleted=known_until >= end) if past else None
    if row is not None and not row.deleted and row.updated_at == shown.updated_at:
        return  # it is held just so
    verdict = judge(shown, row, AS_OF_INSTANT)
    if verdict is Verdict.ASK:
        assert row is not None
        verdict = judge_again(at_vendor(asked_at), row, AS_OF_INSTANT)
    assert verdict in {Verdict.RIGHT, Verdict.GONE}


@given(st.integers(0, AS_OF - 1), st.one_of(st.none(), times), st.booleans())
def test_whatever_else_is_held_of_a_settled_row_is_wrong(
    changed_at: int, claimed: int | None, deleted: bool
) -> None:
    shown, row = version(changed_at), held(claimed, deleted=deleted, body="damaged")
    verdict = judge(shown, row, AS_OF_INSTANT)
    if verdict is Verdict.ASK:
        verdict = judge_again(shown, row, AS_OF_INSTANT)
    assert verdict is (Verdict.MISSING if deleted else Verdict.DIFFERING)
    assert judge(shown, None, AS_OF_INSTANT) is Verdict.MISSING


@given(st.integers(AS_OF, 200), st.one_of(st.none(), times), st.booleans())
def test_news_are_left_to_the_looks(changed_at: int, claimed: int | None, deleted: bool) -> None:
    row = held(claimed, deleted=deleted)
    assert judge(version(changed_at), row, AS_OF_INSTANT) is Verdict.RIGHT
    assert judge(version(changed_at), None, AS_OF_INSTANT) is Verdict.RIGHT


def test_a_row_that_claims_to_be_newer_than_the_vendor_says_is_wrong() -> None:
    assert judge_again(version(150), held(151), AS_OF_INSTANT) is Verdict.DIFFERING
    assert judge_again(version(150), held(150), AS_OF_INSTANT) is Verdict.RIGHT


def test_what_went_meanwhile_is_settled_with_what_was_not_shown() -> None:
    assert judge_again(None, held(150), AS_OF_INSTANT) is Verdict.GONE
    assert judge_again(None, held(150, deleted=True), AS_OF_INSTANT) is Verdict.RIGHT


def test_the_second_that_may_not_be_over_is_not_judged() -> None:
    covered = [EPOCH + timedelta(seconds=7.9), EPOCH + timedelta(seconds=9)]
    assert settled_before(covered) == EPOCH + timedelta(seconds=7)


def test_a_certificate_counts_all_and_lists_the_first() -> None:
    findings = Findings("Invoice", local_count=5)
    for number in range(LISTED + 7):
        record = ObjectRecord("Invoice", f"{number:05}", "0", EPOCH, b"")
        findings.note([Fault(Verdict.MISSING, record, None)])
    findings.note([Fault(Verdict.DIFFERING, version(3), held(4))])
    told = findings.comparison()
    assert (told.missing_count, len(told.missing)) == (LISTED + 7, LISTED)
    assert (list(told.differing), told.extra_count) == (["1"], 0)
    assert findings.differences == LISTED + 8
