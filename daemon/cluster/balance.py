"""Who is to hold how many shards, and which jobs there are to be. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from store.cluster_models import HOUSE, NodeStanding

_IN_PIECES = 8
_LEAST_PIECE = 4


@dataclass(frozen=True, slots=True)
class Timing:
    """How the nodes notice each other. Durations are seconds.

    Attributes:
        beat_s: how often a node says that it lives.
        stalled_after_s: after how long a silent one counts as dead, to itself too.
        look_s: how often a node looks whether everything is hosted, and evenly.
        fetch_s: how often it looks for a shard to host, if nobody tells it of one.
    """

    beat_s: float = 1.0
    stalled_after_s: float = 5.0
    look_s: float = 1.0
    fetch_s: float = 0.5


@dataclass(frozen=True, slots=True)
class ShardJob:
    """The engine's word that a shard is to be hosted.

    Attributes:
        worker: whose it is while it runs; None when nobody runs it yet.
    """

    id: int
    shard: int
    worker: int | None


def live_nodes(nodes: Iterable[NodeStanding], stalled_after_s: float) -> Sequence[NodeStanding]:
    """Return those that live and take shards."""
    return [node for node in nodes if not node.is_leaving and node.unseen_s <= stalled_after_s]


def fair_share(shards: int, nodes: int) -> int:
    """Return how many shards each of so many nodes holds at most, so that all are held."""
    return -(-shards // max(1, nodes))


def to_hand_over(held: Sequence[int], share: int, shards: int) -> Sequence[int]:
    """Return which shards a node lets go of now: the last it took, and not too many at once.

    Args:
        held: what it holds, in the order of taking.
        share: how many it may hold.
        shards: how many there are in all.
    """
    piece = max(_LEAST_PIECE, -(-shards // _IN_PIECES))
    beyond = max(0, len(held) - share)
    return held[len(held) - min(piece, beyond) :] if beyond else ()


def in_turn(jobs: Sequence[ShardJob], node: str) -> Sequence[ShardJob]:
    """Return the jobs in an order that is the node's own, so that not all begin with the same."""
    begin = crc32(node.encode()) % len(jobs) if jobs else 0
    return [*jobs[begin:], *jobs[:begin]]


def without_job(shards: int, jobs: Iterable[ShardJob]) -> Sequence[int]:
    """Return which shards, and the house, nobody hosts nor is asked to."""
    known = {job.shard for job in jobs}
    return [shard for shard in range(HOUSE, shards) if shard not in known]


def ended_elsewhere(held: Collection[int], jobs: Iterable[ShardJob], worker: int) -> Sequence[int]:
    """Return which of the jobs that this worker runs, by id, are none of its any more."""
    mine = {job.id for job in jobs if job.worker == worker}
    return [job_id for job_id in held if job_id not in mine]


def left_over(held: Collection[int], jobs: Iterable[ShardJob], worker: int) -> Sequence[ShardJob]:
    """Return the jobs that count as run by this worker, and are not."""
    return [job for job in jobs if job.worker == worker and job.id not in held]
