"""What all actors of one vendor share."""

from dataclasses import dataclass
from math import inf
from random import Random

from actors import events
from actors.clock import LastingClock
from actors.credential import Sealer
from actors.hearing import Hearing
from actors.moment import Moment
from actors.outage import Outage
from actors.pace import UNHINDERED, Pace
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.vendors.base import Vendor
from actors.vendors.writing import Writer
from store.ports import ActorStore


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One vendor as its actors see it, and the world around them.

    Attributes:
        reads: counts its metered reads; None where nothing is metered.
        hearing: what is known of its webhooks; None when nobody listens to any.
        outage: whether most of its accounts fail just now; None where nobody looks at that.
    """

    store: ActorStore
    vendor: Vendor
    settings: AccountSettings
    sealer: Sealer
    clock: LastingClock
    random: Random
    slots: PageSlots
    listener: events.Listener
    reads: ReadMeter | None = None
    hearing: Hearing | None = None
    outage: Outage | None = None

    @property
    def writer(self) -> Writer | None:
        """What users' writes go through; None for a vendor that takes none."""
        return self.vendor.writer

    @property
    def works_until_s(self) -> float:
        """Until when the vendor's webhooks count as working; in the past when they don't."""
        return -inf if self.hearing is None else self.hearing.health.works_until_s

    def pace(self, account_id: str, now: Moment) -> Pace:
        """Return how fast the account may look now."""
        return UNHINDERED if self.reads is None else self.reads.pace(account_id, now)

    def why_reads_rest(self) -> str | None:
        """Say why nothing is polled; None while polls go on."""
        return None if self.reads is None else self.reads.why_resting()
