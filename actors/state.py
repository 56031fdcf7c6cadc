"""What one account's actor remembers, and what it goes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from actors.access_token import Token
from actors.action_turns import NO_ACTIONS, ActionTurns
from actors.hints import NO_HINTS, Hints
from actors.pace import UNHINDERED, Pace
from actors.readers import NO_READERS, Readers
from actors.settings import AccountSettings
from actors.vendors.base import Look, Planner
from actors.verification_plan import NEVER, Plan
from store.models import Cursor, HeldDeletes

if TYPE_CHECKING:
    from random import Random

NO_TIMES: Mapping[str, float] = MappingProxyType({})
"""Shared by all that have none: ten thousand empty mappings would take half a megabyte."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a look, and how often in a row."""

    count: int
    error: str
    at: datetime


class State(msgspec.Struct, frozen=True, gc=False):
    """All that the actor of one account remembers between events.

    Attributes:
        first_look_at_s: when looks that come round are made for the first time.
        running: the looks under way, by key.
        again: keys of looks under way that were asked for once more since they began.
        next_at_s: before when a look is not begun again, by key.
        not_before_s: before when a look that failed is not begun, whoever hints at it, by key.
        failures: looks that failed the last time, by key.
        hints: what notices tell of that no look has answered.
        hinted_at_s: when a look that answers notices was last begun.
        trusts_from_s: from when on polls may be put off because webhooks work.
        actions: when users' writes are worked on.
        verification: when everything is compared with the vendor, beside the looks.
        ended: why the actor must end, when it must.
        held: deletes that wait for a person's word.
        urged: types that a person asked for and that were not looked at since.
        readers: who reads the account.
    """

    cursors: Mapping[str, Cursor]
    token: Token
    first_look_at_s: float
    paused: bool = False
    stopping: bool = False
    ended: str | None = None
    running: Mapping[str, Look] = {}
    again: frozenset[str] = frozenset()
    next_at_s: Mapping[str, float] = {}
    not_before_s: Mapping[str, float] = NO_TIMES
    hints: Hints = NO_HINTS
    hinted_at_s: float = -inf
    trusts_from_s: float = -inf
    failures: Mapping[str, Failure] = {}
    held: tuple[HeldDeletes, ...] = ()
    urged: frozenset[str] = frozenset()
    verification: Plan = NEVER
    actions: ActionTurns = NO_ACTIONS
    readers: Readers = NO_READERS


class Rules(msgspec.Struct, frozen=True, gc=False):
    """What an event does not change.

    Attributes:
        phase: this account's place in the poll interval, from 0 up to 1, so that accounts don't
            poll in step.
        pace: what the month's reads allow just now.
        keep_alive_at_s: when a paused account has to renew its tokens, so that they don't die.
    """

    settings: AccountSettings
    planner: Planner
    random: "Random"
    phase: float
    pace: Pace = UNHINDERED
    keep_alive_at_s: float = inf
