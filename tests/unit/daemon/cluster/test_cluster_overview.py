"""What an operator is shown of a cluster, and told of it, follows from what the store knows."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.cluster.node_id import NUMBER_BITS, name_in, node_id
from daemon.cluster.overview import (
    ClusterOverview,
    cluster_overview,
    house_conditions,
    unheld_conditions,
)
from store.cluster_models import HOUSE, NodeStanding, ShardMove, ShardStanding
from support.cluster_seen import HOUR_S, NOW, move, node, shard
from support.roll_out import rolled_out
from support.store_fixtures import at


def seen(
    nodes: Sequence[NodeStanding],
    shards: Sequence[ShardStanding],
    moves: Sequence[ShardMove] = (),
    *,
    by: str = "a",
) -> ClusterOverview:
    return cluster_overview(f"id of {by}", nodes, shards, moves, at(0))


def told(overview: ClusterOverview) -> dict[tuple[str, str], str]:
    found = [unheld_conditions(overview), *house_conditions(overview).values()]
    return {(each.kind.name, each.subject): each.cause for some in found for each in some}


def test_each_node_is_shown_with_what_it_holds() -> None:
    overview = seen(
        [node("a"), node("b")], [shard(HOUSE, "b"), shard(0, "a"), shard(1, "b"), shard(2, "a")]
    )
    assert [(each.standing.name, each.shards, each.has_house) for each in overview.nodes] == [
        ("a", 2, False),
        ("b", 1, True),
    ]
    assert overview.me is not None
    assert overview.me.standing.name == "a"
    assert overview.taken == 28
    assert overview.at == NOW
    assert told(overview) == {}


def test_shard_is_unheld_when_nobody_has_it_or_its_node_is_not_seen() -> None:
    overview = seen(
        [node("a"), node("b", unseen_s=40)],
        [shard(HOUSE, "a"), shard(0, None, since_s=20), shard(1, "b"), shard(2, "nobody knows")],
    )
    assert [(each.shard, each.for_s) for each in overview.unheld] == [
        (0, 20.0),
        (1, 40.0),
        (2, HOUR_S),
    ]
    assert overview.longest_unheld_s == HOUR_S
    cause = told(overview)["shards_unheld", ""]
    assert cause.startswith("3 of 4 shards with 30 accounts are held by nobody for 3600 s: 0, 1, 2")


def test_what_may_be_silent_for_longer_is_gone_and_unheld_later() -> None:
    nodes = [node("a"), node("b", unseen_s=39)]
    shards = [shard(HOUSE, "a"), shard(0, "b"), shard(1, None, since_s=39)]
    patient = cluster_overview("id of a", nodes, shards, (), at(0), silent_after_s=30.0)
    assert [each.state for each in patient.nodes] == ["live", "live"]
    assert [each.shard for each in patient.unheld] == [1]
    assert told(patient) == {}
    assert {kind for kind, _ in told(seen(nodes, shards))} == {"shards_unheld", "node_vanished"}


def test_what_is_unheld_for_a_moment_is_shown_and_not_told() -> None:
    overview = seen([node("a")], [shard(HOUSE, None, since_s=14), shard(0, "a")])
    assert len(overview.unheld) == 1
    assert told(overview) == {}


def test_eldest_live_node_is_the_deputy_while_nobody_holds_the_house() -> None:
    gone, leaving = node("gone", unseen_s=60), replace(node("leaving"), is_leaving=True)
    nodes = [gone, leaving, node("a"), node("b")]
    without = [shard(HOUSE, "gone"), shard(0, "a")]
    assert seen(nodes, without, by="a").is_deputy()
    assert not seen(nodes, without, by="b").is_deputy()
    assert not seen(nodes, [shard(HOUSE, "b"), shard(0, None)], by="a").is_deputy()


def test_node_that_stopped_without_a_word_is_told_of_until_one_of_its_name_is_back() -> None:
    shards = [shard(HOUSE, "a")]
    vanished = replace(node("b", unseen_s=30), node="its last id")
    assert [*told(seen([node("a"), vanished], shards))] == [("node_vanished", "b")]
    assert told(seen([node("a"), vanished, node("b")], shards)) == {}
    left = replace(vanished, is_leaving=True)
    assert told(seen([node("a"), left], shards)) == {}


def test_silent_node_that_was_started_again_is_shown_once() -> None:
    shards = [shard(HOUSE, "a")]
    old = replace(node("b", unseen_s=6, up_s=HOUR_S), node="its last id")
    assert [each.standing.node for each in seen([old, node("a")], shards).nodes] == [
        "its last id",
        "id of a",
    ]
    for last in (old, replace(old, is_leaving=True), replace(old, unseen_s=900)):
        overview = seen([last, node("a"), node("b", up_s=5)], shards)
        assert [each.standing.node for each in overview.nodes] == ["id of a", "id of b"]
    both_live = [replace(old, unseen_s=0.5), node("b", up_s=5)]
    assert len(seen(both_live, shards).nodes) == len(both_live)


def test_node_that_left_is_still_called_by_its_name() -> None:
    overview = seen([node("a")], [shard(HOUSE, "a")])
    assert overview.name_of(node_id("node 2", 0xBEEF)) == "node 2"
    assert overview.name_of("id of a") == "a"
    assert overview.name_of("no id of ours") == "no id of ours"
    assert name_in(node_id("node 2", (1 << NUMBER_BITS) - 1)) == "node 2"


def test_versions_may_differ_for_an_hour() -> None:
    shards = [shard(HOUSE, "a")]
    young = [node("a"), node("b", version="1.1", up_s=HOUR_S - 1)]
    assert told(seen(young, shards)) == {}
    old = [node("a"), node("b", version="1.1", up_s=HOUR_S + 1)]
    cause = told(seen(old, shards))["versions_differ", ""]
    assert cause == "nodes run different versions: 1.0 on a; 1.1 on b"


def test_shard_that_goes_to_and_fro_is_told_of() -> None:
    def to_and_fro(times: int) -> list[ShardMove]:
        began = NOW - timedelta(seconds=500)
        return [
            move(3, each, began + timedelta(seconds=each), before, let_go=True, to=to)
            for each, (before, to) in enumerate([("a", "b"), ("b", "a")] * times)
        ]

    nodes, shards = [node("a"), node("b")], [shard(HOUSE, "a")]
    assert told(seen(nodes, shards, to_and_fro(2))) == {}
    cause = told(seen(nodes, shards, to_and_fro(3)))["cluster_flapping", ""]
    assert cause.startswith("shard 3 came back 5 times within ten minutes to nodes")


def test_shard_that_one_node_takes_again_and_again_is_not_going_to_and_fro() -> None:
    moves = [
        move(3, each, NOW - timedelta(seconds=20 - each), "a", let_go=True, to="a")
        for each in range(9)
    ]
    assert told(seen([node("a")], [shard(HOUSE, "a")], moves)) == {}


@pytest.mark.parametrize("nodes", [6, 8, 16])
def test_roll_outs_over_all_nodes_within_minutes_are_no_flapping(nodes: int) -> None:
    moves = rolled_out(nodes, times=3)
    assert max(Counter(each.shard for each in moves).values()) > 8
    assert told(seen([node("a")], [shard(HOUSE, "a")], moves)) == {}


def test_node_that_loses_all_it_has_again_and_again_is_told_of_and_one_that_does_once_is_not() -> (
    None
):
    nodes, shards = [node("a"), node("b")], [shard(HOUSE, "a")]

    def losses(times: int) -> list[ShardMove]:
        return [
            move(number, 10 + each, NOW - timedelta(seconds=500 - 100 * each), "a", let_go=False)
            for each in range(times)
            for number in range(5)
        ]

    assert told(seen(nodes, shards, losses(2))) == {}
    cause = told(seen(nodes, shards, losses(3)))["cluster_flapping", ""]
    assert cause == "node a lost what it held 3 times within ten minutes"
