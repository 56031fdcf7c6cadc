"""What a run of the chaos is made of: everything by one seed. Pure."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


class BlowKind(enum.StrEnum):
    """What is done to the cluster."""

    KILL = "kill"
    """A node is killed, and started again later."""
    FREEZE = "freeze"
    """A node stands still for a while, and then goes on as if nothing had been."""
    LEAVE = "leave"
    """A node is stopped in good order, and started again later."""
    JOIN = "join"
    """One node more than usual, which leaves again later."""
    CUT = "cut"
    """Some connections to the database are dropped."""
    CUT_ALL = "cut_all"
    """All of them are."""
    DATABASE_STOPPED = "database_stopped"
    """PostgreSQL is stopped in good order, and started again."""
    DATABASE_KILLED = "database_killed"
    """PostgreSQL is stopped as by a power cut, and started again."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One of them.

    Attributes:
        at_s: when, from the beginning.
        choice: which node, as a number from 0 to 1 among those that there are then.
        for_s: how long until it is mended.
    """

    at_s: float
    kind: BlowKind
    choice: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        blow_every_s: how long from one blow to the next, on average.
        wishes_per_s: how often users ask for something.
        acts_per_s: how often something changes at the vendor.
    """

    seed: int
    nodes: int
    accounts: int
    seconds: float
    blow_every_s: float = 9.0
    wishes_per_s: float = 4.0
    acts_per_s: float = 10.0

    @property
    def poll_interval_s(self) -> float:
        """So many polls a second as two cores can bear."""
        return max(1.0, self.accounts / 25)

    @property
    def token_life_s(self) -> int:
        """Access tokens are renewed some four times a second at most."""
        return max(60, round(self.accounts * 0.3) + REFRESH_BEFORE_S)


REFRESH_BEFORE_S = 20
OVERLAP_S = 10
_FOR_S = {
    BlowKind.KILL: (1.0, 15.0),
    BlowKind.FREEZE: (3.0, 20.0),
    BlowKind.LEAVE: (1.0, 12.0),
    BlowKind.JOIN: (10.0, 25.0),
    BlowKind.CUT: (0.0, 0.0),
    BlowKind.CUT_ALL: (0.0, 0.0),
    BlowKind.DATABASE_STOPPED: (0.2, 3.0),
    BlowKind.DATABASE_KILLED: (0.2, 3.0),
}
_DECK = (
    *(BlowKind.KILL,) * 3,
    *(BlowKind.FREEZE,) * 3,
    *(BlowKind.LEAVE,) * 2,
    BlowKind.JOIN,
    *(BlowKind.CUT,) * 2,
    BlowKind.CUT_ALL,
    BlowKind.DATABASE_STOPPED,
    BlowKind.DATABASE_KILLED,
)


def blows(plan: Plan) -> Sequence[Blow]:
    """Return what happens when. Each kind comes as often as it is in the deck, in an order of chance.

    A run that is too short for all of them has one of each kind first.
    """
    random = Random(plan.seed)
    found: list[Blow] = []
    kinds = _dealt(random, tuple(BlowKind))
    at_s = random.uniform(0.2, 0.6) * plan.blow_every_s
    while at_s < plan.seconds:
        if not kinds:
            kinds = _dealt(random, _DECK)
        kind = kinds.pop()
        found.append(Blow(at_s, kind, random.random(), random.uniform(*_FOR_S[kind])))
        at_s += plan.blow_every_s * random.uniform(0.3, 1.7)
    return found


def _dealt(random: Random, deck: Sequence[BlowKind]) -> list[BlowKind]:
    return random.sample(deck, len(deck))
