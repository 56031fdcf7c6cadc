"""How Housecall Pro is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HousecallProSettings:
    """Where the API is, without a trailing slash. Each company has a key of its own."""

    api_url: str
    timeout_s: float = 30.0
    overlap_s: float = 60.0
    compare_every_s: float = 600.0
