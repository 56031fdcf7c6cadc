"""What all actors of one vendor share."""

from dataclasses import dataclass
from random import Random

from actors import events
from actors.clock import Clock
from actors.credential import Sealer
from actors.hearing import Hearing
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
        writer: what users' writes go through; None for a vendor that takes none.
    """

    store: ActorStore
    vendor: Vendor
    settings: AccountSettings
    sealer: Sealer
    clock: Clock
    random: Random
    slots: PageSlots
    listener: events.Listener
    reads: ReadMeter | None = None
    hearing: Hearing | None = None
    writer: Writer | None = None
