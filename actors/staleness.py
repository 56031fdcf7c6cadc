"""What becomes of a wish for a replica of some age, in words from closed sets."""

from enum import StrEnum


class ReadOutcome(StrEnum):
    """What became of a wish for a replica of some age."""

    FRESH = "fresh"
    LOOKED = "looked"
    STALE = "stale"


class StaleReason(StrEnum):
    """Why what is shown is older than it should be."""

    BEHIND = "behind"
    BACKFILLING = "backfilling"
    PAUSED = "paused"
    REAUTH_REQUIRED = "reauth_required"
    QUARANTINED = "quarantined"
    DISCONNECTED = "disconnected"
    NOT_RUNNING = "not_running"
    BREAKER_OPEN = "breaker_open"
    ALLOWANCE_USED_UP = "allowance_used_up"
    STORE_UNAVAILABLE = "store_unavailable"
    VENDOR_FAILING = "vendor_failing"
    DELETES_HELD = "deletes_held"
    TIMED_OUT = "timed_out"
    BUSY = "busy"
