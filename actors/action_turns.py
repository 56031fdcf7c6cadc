"""When an account's actor works on users' writes. Pure."""

from dataclasses import dataclass
from math import inf

import msgspec


@dataclass(frozen=True, slots=True)
class ActionTurns:
    """What the actor knows of users' writes.

    Attributes:
        at_s: when they are to be worked on; infinite when there are none.
        under_way: how many runs over them are under way.
    """

    at_s: float = inf
    under_way: int = 0

    def due(self, now_s: float) -> bool:
        """Tell whether it is time for a run."""
        return self.at_s <= now_s

    def asked(self) -> "ActionTurns":
        """Return the turns after somebody said that there is work."""
        return ActionTurns(-inf, self.under_way)

    def begun(self) -> "ActionTurns":
        """Return the turns after a run was begun."""
        return ActionTurns(inf, self.under_way + 1)

    def over(self, now_s: float, rested: "ActionsRested") -> "ActionTurns":
        """Return the turns after a run has said when to go on."""
        ended = 0 if rested.compares else 1
        return ActionTurns(min(self.at_s, now_s + rested.wait_s), self.under_way - ended)


NO_ACTIONS = ActionTurns()
"""What all accounts share for which there is nothing to do."""


class ActionsRested(msgspec.Struct, frozen=True, gc=False):
    """A run over users' writes is over.

    Attributes:
        wait_s: when to go on; infinite when there are none left.
        touched: types of objects that were changed by them.
        refused: the vendor did not accept the access token.
        ended: why the account is not ours to work on any more, if it is not.
        compares: it goes on with comparisons, for which none of this is to wait, and tells again.
    """

    wait_s: float = inf
    touched: tuple[str, ...] = ()
    refused: bool = False
    ended: str | None = None
    compares: bool = False
