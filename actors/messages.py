"""What an actor can be told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Look for changes now. Empty `object_types` means all of them."""

    object_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RescanRequested:
    """Full readings of these types were asked for and are noted in the store."""

    object_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin nothing new until `Resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish what is in hand, then end."""


Message = SyncNow | RescanRequested | Pause | Resume | Stop
