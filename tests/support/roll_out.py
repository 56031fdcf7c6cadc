"""What moves when all nodes are restarted one after the other, by the rules that nodes keep to."""

from datetime import timedelta
from random import Random

from daemon.cluster.balance import fair_share, to_hand_over
from store.cluster_models import HOUSE, ShardMove
from support.cluster_seen import NOW

_SHARDS = 64


class RollOut:
    """A cluster in which shards are taken by whoever has room; `moves` are what came of it, oldest first."""

    def __init__(self, nodes: int) -> None:
        self._random = Random(nodes)
        self._held: dict[str, list[int]] = {f"{name}.0": [] for name in range(nodes)}
        self._last: dict[int, str] = {}
        self.moves: list[ShardMove] = []
        self._settle()

    def restart(self, name: int, life: int) -> None:
        """Have a node hand over and leave; then its next process joins. Not all is even before the next."""
        del self._held[f"{name}.{life}"]
        self._settle(looks=1)
        self._held[f"{name}.{life + 1}"] = []
        self._settle(looks=self._random.randint(1, 4))

    def _settle(self, looks: int = 100) -> None:
        for _ in range(looks):
            share = fair_share(_SHARDS, len(self._held))
            for shard in self._free():
                room = [node for node, held in self._held.items() if _count(held) < share]
                self._take(shard, self._random.choice(room or list(self._held)))
            for held in self._held.values():
                numbered = [shard for shard in held if shard != HOUSE]
                for shard in to_hand_over(numbered, share, _SHARDS):
                    held.remove(shard)

    def _free(self) -> list[int]:
        held = {shard for each in self._held.values() for shard in each}
        free = [shard for shard in range(HOUSE, _SHARDS) if shard not in held]
        self._random.shuffle(free)
        return free

    def _take(self, shard: int, node: str) -> None:
        at = NOW - timedelta(seconds=500) + timedelta(milliseconds=len(self.moves))
        before = self._last.get(shard)
        self.moves.append(ShardMove(shard, 1, node, before, before is not None, at, 0.1))
        self._last[shard] = node
        self._held[node].append(shard)


def rolled_out(nodes: int, *, times: int) -> list[ShardMove]:
    """Return the moves of so many roll-outs over all nodes, oldest first."""
    cluster = RollOut(nodes)
    cluster.moves.clear()
    for life in range(times):
        for name in range(nodes):
            cluster.restart(name, life)
    return cluster.moves


def _count(held: list[int]) -> int:
    return sum(shard != HOUSE for shard in held)
