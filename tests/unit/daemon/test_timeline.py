from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from daemon.timeline import IN_WORDS, What, Why, field_changes, timeline
from store.history import Mending, ObjectHistory, ObjectVersion, Refusal, Rule
from store.models import Via
from store.verification import Difference

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def version(
    seen: float, updated: float, payload: bytes = b"{}", *, deleted: bool = False
) -> ObjectVersion:
    return ObjectVersion(
        "1", at(updated), at(seen), None, deleted, Via.POLL, "feed", ("t",), msgspec.Raw(payload)
    )


def refusal(first: float, rule: Rule, times: int = 1) -> Refusal:
    return Refusal(rule, "0", at(0), at(first), at(first + times), times, Via.POLL, "feed", ())


def told(history: ObjectHistory) -> list[tuple[What, Why]]:
    return [(each.what, each.why) for each in timeline(history)]


def test_a_life_is_told_in_its_order() -> None:
    versions = [
        version(1, 1),
        version(2, 2, b'{"a":1}'),
        version(3, 2, b'{"a":2}'),
        version(4, 4, b'{"a":2}', deleted=True),
        version(6, 6, b'{"a":3}'),
    ]
    refusals = [refusal(5, Rule.OLDER_THAN_HELD), refusal(0, Rule.SECOND_WITNESS_SEES_IT)]
    assert told(ObjectHistory(versions, refusals, None)) == [
        (What.REFUSED, Why.SECOND_WITNESS_SEES_IT),
        (What.STORED, Why.FIRST_KEPT),
        (What.REPLACED, Why.NEWER),
        (What.REPLACED, Why.SAME_TIME_OTHER_BYTES),
        (What.DELETED, Why.GONE_BY_TWO_WITNESSES),
        (What.REFUSED, Why.OLDER_THAN_HELD),
        (What.REVIVED, Why.SHOWN_AGAIN),
    ]


def test_what_a_verification_wrote_over_a_row_is_told_as_mended() -> None:
    damaged, mended = version(1, 1), replace(version(2, 1, b'{"a":1}'), via=Via.VERIFY)
    assert told(ObjectHistory([damaged, mended], [], None))[-1] == (What.REPLACED, Why.MENDED)


def test_a_version_that_was_altered_in_the_replica_says_so_and_no_false_time() -> None:
    altered = replace(version(1, 1), updated_at=None, ended_at=at(5))
    first, second = timeline(ObjectHistory([altered, version(5, 3, b'{"a":1}')], (), None))
    assert (first.what, first.why) == (What.STORED, Why.FIRST_KEPT)
    assert (first.altered, first.updated_at, first.mended_at) == (True, None, at(5))
    assert (second.what, second.why, second.altered) == (What.REPLACED, Why.MENDED, False)
    (now,) = timeline(ObjectHistory([replace(version(1, 1), updated_at=None)], (), None))
    assert (now.altered, now.mended_at) == (True, None)


def test_what_was_lost_or_made_up_and_mended_is_told_as_that() -> None:
    mends = [Mending(at(5), Difference.MISSING, 1), Mending(at(9), Difference.EXTRA, None)]
    versions = [version(5, 1), version(9, 8, deleted=True)]
    assert told(ObjectHistory(versions, (), None, mends=mends)) == [
        (What.STORED, Why.MENDED),
        (What.DELETED, Why.MENDED),
    ]


def test_a_life_whose_beginning_is_forgotten_begins_with_what_is_kept() -> None:
    gone = version(4, 4, deleted=True)
    assert told(ObjectHistory([gone], (), None)) == [(What.DELETED, Why.GONE_BY_TWO_WITNESSES)]


def test_every_rule_is_said_in_words() -> None:
    assert IN_WORDS.keys() == set(Why)
    assert set(Why) >= {Why(rule.value) for rule in Rule}


def test_a_replaced_version_says_what_it_changed() -> None:
    before, after = version(1, 1, b'{"a":1,"b":2}'), version(2, 2, b'{"a":1.0,"c":null}')
    *_, last = timeline(ObjectHistory([before, after], (), None))
    assert msgspec.json.decode(msgspec.json.encode(last.changed)) == [
        {"name": "a", "before": 1, "after": 1.0},
        {"name": "b", "before": 2},
        {"name": "c", "after": None},
    ]


@pytest.mark.parametrize("odd", [b"[1]", b"", b'{"a":', b"nonsense"])
def test_what_is_no_json_object_has_no_fields_to_compare(odd: bytes) -> None:
    assert field_changes(b'{"a":1}', odd) == ()
    assert field_changes(odd, b'{"a":1}') == ()


def test_bytes_that_are_not_utf8_are_compared_all_the_same() -> None:
    (change,) = field_changes(b'{"a":"\xff"}', b'{"a":"b"}')
    assert change.name == "a"
