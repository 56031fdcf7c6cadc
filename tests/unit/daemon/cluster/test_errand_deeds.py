from datetime import UTC, datetime
from math import inf

import pytest

from actors.messages import (
    ActionsWaiting,
    Hinted,
    Message,
    Pause,
    Read,
    RescanRequested,
    Resume,
    Stop,
    SyncNow,
    VerificationRequested,
)
from daemon.cluster.errand_deeds import BadErrandError, Deed, Start, StopAccount, deed, errand
from daemon.cluster.words import (
    FarRead,
    ReadAnswer,
    delivered_word,
    far_read,
    notice_words,
    read_answer,
    read_delivered,
    read_far_read,
    read_notice,
)
from store.notice import OpenNotices

HINTED = Hinted((OpenNotices("Invoice", 7), OpenNotices("booking tags", 9)))
DEEDS: tuple[Deed, ...] = (
    SyncNow(),
    SyncNow(("Invoice", "Item"), by_user=True),
    RescanRequested(("Invoice",)),
    HINTED,
    VerificationRequested(3, repair=False),
    Read(),
    ActionsWaiting(),
    Pause(),
    Resume(),
    Start(),
    StopAccount(),
    StopAccount(datetime(2026, 11, 3, 4, 5, 6, 789, tzinfo=UTC)),
)


@pytest.mark.parametrize("said", DEEDS, ids=str)
def test_what_is_written_down_is_read_again(said: Deed) -> None:
    left = errand("a1", said, 100.0)
    assert left.account_id == "a1"
    assert deed(left.kind, left.payload, 5_000.0) == said


def test_there_is_an_errand_for_every_message() -> None:
    assert {type(each) for each in DEEDS} - {Start, StopAccount} == set(Message.__args__) - {Stop}


def test_instant_of_one_process_becomes_an_age_and_then_one_of_another() -> None:
    left = errand("a1", Read(90.0), 100.0)
    assert deed(left.kind, left.payload, 5_000.0) == Read(4_990.0)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("dance", b"{}"), ("sync", b"{"), ("verify", b"{}"), ("sync", b'{"object_types": 3}')],
)
def test_what_nobody_here_knows_is_refused(kind: str, payload: bytes) -> None:
    with pytest.raises(BadErrandError):
        deed(kind, payload, 0.0)


def test_newer_version_may_say_more() -> None:
    assert deed("sync", b'{"by_user": true, "tune": "waltz"}', 0.0) == SyncNow((), by_user=True)


def test_words_are_read_as_they_were_said() -> None:
    said = notice_words("an account", HINTED)
    assert [read_notice(word) for word in said] == [
        ("an account", Hinted((each,))) for each in HINTED.notices
    ]
    ref = ("Invoice", "1 2")
    word = delivered_word("quickbooks", "an account", ref)
    assert read_delivered(word) == ("quickbooks", "an account", ref)
    read = far_read("an account", Read(90.25), "node 1", 100.0)
    assert read_far_read(read.word()) == read
    assert read.message(5_000.0) == Read(4_990.25)
    assert far_read("an account", Read(), "node 1", 100.0).message(1.0) == Read(-inf)
    answer = ReadAnswer("node 1", "an account", read.mark, served=True)
    assert read_answer(answer.word()) == answer
    assert answer.served_s == 90.25
    assert ReadAnswer("node 1", "an account", read.mark, served=False).served_s == -inf


@pytest.mark.parametrize("word", ["", "a", "a\tb", "a\tb\tc\td", "a\tb\tc\td\te"])
def test_word_that_cannot_be_read_is_none(word: str) -> None:
    assert read_notice(word) is None
    assert read_far_read(word) is None
    assert read_delivered(word) is None or word == "a\tb\tc\td"
    assert FarRead("a").word() != word
