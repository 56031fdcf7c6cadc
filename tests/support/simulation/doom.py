"""The sudden end of a process, in a simulation: from one moment on it reaches neither disk nor network."""

from collections.abc import Callable
from enum import Enum


class Killed(BaseException):
    """The process is dead; this unwinds what is left of it."""


class Moment(Enum):
    """Where a process can be when it dies."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit, before anybody knew"
    BEFORE_CALL = "before a call"
    AFTER_CALL = "after a call took effect, before its answer came"


class Doom:
    """Decides when one process dies. Each place where that matters asks `reach`."""

    def __init__(self) -> None:
        self.dead = False
        self._moment: Moment | None = None
        self._left = 0
        self._on_death: Callable[[], None] = lambda: None

    def on_death(self, act: Callable[[], None]) -> None:
        """Have this done at the moment of death."""
        self._on_death = act

    def strike_at(self, moment: Moment, after: int) -> None:
        """Die at the next such moment but `after`."""
        self._moment, self._left = moment, after

    def forgive(self) -> None:
        """Take back a death that is not yet."""
        self._moment = None

    def strike(self) -> None:
        """Die now."""
        if not self.dead:
            self.dead = True
            self._on_death()

    def reach(self, moment: Moment) -> None:
        """Come to such a moment.

        Raises:
            Killed: the process is dead, or dies here.
        """
        if not self.dead and moment is self._moment:
            self._left -= 1
            if self._left < 0:
                self.strike()
        if self.dead:
            raise Killed
