"""One of the engine's jobs, while this node runs it."""

from dataclasses import dataclass, field

import anyio

from store.cluster_models import ShardHold


@dataclass(slots=True)
class HeldJob:
    """A job that runs here, and what is known of its end.

    Attributes:
        hold: the shard's, once it is taken.
        end: set when the job is to end.
        over: set when its shard may be hosted elsewhere.
        released: set when nothing runs for it here any more.
        lost: set when the hold is somebody else's, or may be.
    """

    job_id: int
    shard: int
    hold: ShardHold | None = None
    end: anyio.Event = field(default_factory=anyio.Event)
    over: anyio.Event = field(default_factory=anyio.Event)
    released: anyio.Event = field(default_factory=anyio.Event)
    lost: anyio.Event = field(default_factory=anyio.Event)

    @property
    def standing(self) -> ShardHold | None:
        """The hold, as long as the job is not to end: the shard's accounts are hosted here."""
        return None if self.end.is_set() else self.hold

    def lose(self) -> None:
        """Give it up without a word."""
        self.lost.set()
        self.end.set()
        self.over.set()
