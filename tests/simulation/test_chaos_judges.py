"""What the chaos holds against a run can fail: each rule is shown what breaks it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import cast

import httpx
import msgspec
import pytest

from support.chaos.database_words import KnownAction
from support.chaos.house import ChaosHouse, Span
from support.chaos.logs import troubles_in
from support.chaos.reading import FeedReader
from support.chaos.tokens import Move, TokenVerdict, judge_tokens
from support.chaos.users import Accepted, Users
from support.chaos.vendor_words import Exchange, PaymentMade
from support.chaos.verdict import Verdict, judge_actions, judge_shards, judge_tokens_found
from support.chaos.watching import Orphaned, ShardWatch

BEGAN = datetime(2026, 11, 21, 9, tzinfo=UTC)
BEGAN_S = BEGAN.timestamp()
TAG = "0123456789abcde"
ACTION = "11111111-2222-3333-4444-555555555555"


def exchange(after_s: float, caller: str, token: str = "token") -> Exchange:
    return Exchange(BEGAN + timedelta(seconds=after_s), caller, "realm", token, taken=True)


def judged(
    *exchanges: Exchange, spans: Sequence[Span] = (), moves: Sequence[Move] = ()
) -> TokenVerdict:
    return judge_tokens(exchanges, spans, {3: moves}, {"realm": 3})


def test_token_tried_by_two_living_nodes_is_a_race() -> None:
    assert judged(exchange(0, "0.1"), exchange(5, "1.1")).raced


def test_token_tried_again_after_its_node_was_killed_is_recovered() -> None:
    killed = Span("0.1", BEGAN_S + 0.1, BEGAN_S + 9)
    found = judged(exchange(0, "0.1"), exchange(5, "1.1"), spans=[killed])
    assert (found.recovered, found.raced) == (["realm"], [])


def test_token_tried_again_after_its_node_was_fenced_off_is_told_apart() -> None:
    taken = Move(3, BEGAN + timedelta(seconds=3), "1.1")
    found = judged(exchange(0, "0.1"), exchange(5, "1.1"), moves=[taken])
    assert (found.fenced, found.raced) == (["realm"], [])


def test_shard_that_was_let_go_explains_nothing() -> None:
    taken = Move(3, BEGAN + timedelta(seconds=3), "1.1", by_force=False)
    assert judged(exchange(0, "0.1"), exchange(5, "1.1"), moves=[taken]).raced


def test_node_that_was_killed_long_before_explains_nothing() -> None:
    killed = Span("0.1", BEGAN_S - 60, BEGAN_S - 50)
    assert judged(exchange(0, "0.1"), exchange(5, "1.1"), spans=[killed]).raced


def test_other_nodes_end_explains_nothing() -> None:
    killed = Span("1.1", BEGAN_S, BEGAN_S + 4)
    assert judged(exchange(0, "0.1"), exchange(5, "1.1"), spans=[killed]).raced


def test_token_spent_by_a_node_that_lost_the_shard_is_told() -> None:
    moves = [Move(3, BEGAN, "0.1"), Move(3, BEGAN + timedelta(seconds=10), "1.1")]
    assert not judged(exchange(9, "0.1"), moves=moves).stale
    assert judged(exchange(12, "0.1"), moves=moves).stale


def test_one_that_had_been_frozen_is_told_apart() -> None:
    moves = [Move(3, BEGAN, "0.1"), Move(3, BEGAN + timedelta(seconds=10), "1.1")]
    frozen = Span("0.1", BEGAN_S + 2, BEGAN_S + 14)
    found = judged(exchange(14.2, "0.1"), moves=moves, spans=[frozen])
    assert found.late
    assert not found.stale


def test_owner_who_is_asked_without_a_lost_answer_is_told() -> None:
    verdict = Verdict()
    judge_tokens_found(verdict, TokenVerdict(recovered=["one"]), 0, {"one": "", "two": ""}, ())
    assert "    company two: " in verdict.wrong
    assert not any("company one" in line for line in verdict.wrong)


def payment(request_id: str = ACTION.replace("-", "")) -> PaymentMade:
    body = msgspec.json.encode({"PaymentRefNum": TAG}).decode()
    return PaymentMade(BEGAN, "realm", request_id, body)


def known(state: str) -> KnownAction:
    return KnownAction(
        ACTION, "realm", "payment.create", state, parked=False, last_error=None, key=f"key-{TAG}"
    )


def wrong_about(
    actions: Sequence[KnownAction], payments: Sequence[PaymentMade], **changes: object
) -> Sequence[str]:
    users = Users(cast("ChaosHouse", None), accepted=[Accepted("account", ACTION, TAG)])
    for name, value in changes.items():
        setattr(users, name, value)
    verdict = Verdict()
    judge_actions(verdict, users, actions, payments)
    return verdict.wrong


def test_payment_that_was_made_once_and_is_known_is_right() -> None:
    assert not wrong_about([known("succeeded")], [payment()])


@pytest.mark.parametrize(
    ("actions", "payments"),
    [
        ([known("succeeded")], [payment(), payment()]),
        ([known("succeeded")], [payment(), payment("another's")]),
        ([known("succeeded")], []),
        ([known("failed")], [payment()]),
        ([known("unknown")], [payment(), payment()]),
        ([known("pending")], []),
        ([], []),
    ],
    ids=["twice", "twice by two ids", "not made", "not failed", "unknown", "open", "forgotten"],
)
def test_payment_that_is_otherwise_is_told(
    actions: Sequence[KnownAction], payments: Sequence[PaymentMade]
) -> None:
    assert wrong_about(actions, payments)


async def test_reader_tells_of_a_gap_and_of_a_repeat() -> None:
    numbers = iter([[1, 2], [4], [2]])

    def answer(_request: httpx.Request) -> httpx.Response:
        change = {"account_id": "a", "object_type": "t", "object_id": "1", "op": "upsert"}
        return httpx.Response(200, json={"items": [{"seq": n, **change} for n in next(numbers)]})

    class House:
        random = Random(1)

        async def ask(self, method: str, path: str) -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
                return await http.request(method, f"http://node{path}")

    reader = FeedReader(cast("ChaosHouse", House()))
    assert await reader.read_on()
    assert not reader.wrong
    assert not await reader.read_on()
    assert not await reader.read_on()
    assert reader.wrong == ["the feed has 4 behind 2", "the feed has 2 behind 2"]


def test_shard_that_is_nobodys_for_too_long_is_told() -> None:
    watch = ShardWatch(cast("ChaosHouse", None))
    for shard, seconds in ((1, 14.9), (2, 15.1)):
        to_at = BEGAN + timedelta(seconds=seconds)
        watch.orphaned[shard] = Orphaned(shard, BEGAN, to_at, is_over=True)
    verdict = Verdict()
    judge_shards(verdict, watch)
    assert [line for line in verdict.wrong if "shard 2: 15.1 s" in line]
    assert not [line for line in verdict.wrong if "shard 1" in line]


def test_run_in_which_no_shard_was_seen_shows_nothing() -> None:
    verdict = Verdict()
    judge_shards(verdict, ShardWatch(cast("ChaosHouse", None)))
    assert verdict.wrong


def test_logs_are_searched_for_errors_and_tracebacks(tmp_path: Path) -> None:
    log = tmp_path / "0.1.log"
    entries = [
        {"level": "info", "event": "page_stored"},
        {"level": "error", "event": "store_not_writable"},
        {"level": "error", "event": "request_failed", "exception": "Traceback\nKeyError: 'x'"},
        {"level": "warning", "event": "library_message", "exception": "Traceback\nOSError: y"},
    ]
    lines = [msgspec.json.encode(entry).decode() for entry in entries]
    log.write_text("\n".join([*lines, "Traceback (most recent call last):"]))
    found = troubles_in([log])
    assert found.total() == 3
    assert any("KeyError" in said for said in found)
