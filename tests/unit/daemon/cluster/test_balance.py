from datetime import UTC, datetime

import pytest

from daemon.cluster.balance import (
    ShardJob,
    ended_elsewhere,
    fair_share,
    in_turn,
    left_over,
    live_nodes,
    to_hand_over,
    without_job,
)
from store.cluster_models import HOUSE, NodeStanding

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def node(name: str, unseen_s: float, *, is_leaving: bool = False) -> NodeStanding:
    return NodeStanding(name, name, "", "1", NOW, NOW, is_leaving, unseen_s)


def test_silent_and_leaving_nodes_take_nothing() -> None:
    nodes = [node("a", 0), node("b", 5), node("c", 5.1), node("d", 0, is_leaving=True)]
    assert [each.node for each in live_nodes(nodes, 5)] == ["a", "b"]


@pytest.mark.parametrize("shards", [1, 8, 64, 65])
@pytest.mark.parametrize("nodes", [1, 2, 3, 7, 100])
def test_shares_are_even_and_hold_all(shards: int, nodes: int) -> None:
    share = fair_share(shards, nodes)
    assert share * nodes >= shards
    assert (share - 1) * nodes < shards


def test_whoever_sees_no_node_at_all_holds_everything() -> None:
    assert fair_share(64, 0) == 64


def test_what_was_taken_last_is_handed_over_first_and_not_all_at_once() -> None:
    held = list(range(64))
    assert list(to_hand_over(held, 64, 64)) == []
    assert list(to_hand_over(held, 63, 64)) == [63]
    assert list(to_hand_over(held, 32, 64)) == list(range(56, 64))
    assert list(to_hand_over(held[:8], 0, 8)) == [4, 5, 6, 7]
    assert list(to_hand_over([], 3, 8)) == []


def test_node_that_joins_has_its_share_after_few_looks() -> None:
    held, looks = list(range(1000)), 0
    while going := to_hand_over(held, 500, 1000):
        held = held[: -len(going)]
        looks += 1
    assert len(held) == 500
    assert looks <= 8


def test_every_shard_and_the_house_has_a_job() -> None:
    jobs = [ShardJob(1, 0, None), ShardJob(2, 2, 9)]
    assert list(without_job(4, jobs)) == [HOUSE, 1, 3]
    assert list(without_job(1, [*jobs, ShardJob(3, HOUSE, None)])) == []


def test_jobs_here_and_in_the_engine_are_held_against_each_other() -> None:
    jobs = [ShardJob(1, 0, 9), ShardJob(2, 1, 8), ShardJob(3, 2, 9), ShardJob(4, 3, None)]
    assert list(ended_elsewhere([1, 2, 7], jobs, 9)) == [2, 7]
    assert list(left_over([1, 2, 7], jobs, 9)) == [jobs[2]]


def test_each_node_begins_with_another_of_the_same_jobs() -> None:
    jobs = [ShardJob(number, number, None) for number in range(8)]
    orders = {tuple(job.id for job in in_turn(jobs, f"node {number}")) for number in range(20)}
    assert len(orders) > 4
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert list(in_turn([], "a")) == []
