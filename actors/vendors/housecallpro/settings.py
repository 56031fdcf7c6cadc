"""How Housecall Pro is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HousecallProSettings:
    """Where the API is, without a trailing slash. Each company has a key or tokens of its own.

    Attributes:
        token_url: where an OAuth partner's tokens come from.
        client_id: the partner's; empty for who is none.
        redirect_uri: where the vendor sends browsers with a code to.
    """

    api_url: str
    timeout_s: float = 30.0
    overlap_s: float = 60.0
    compare_every_s: float = 600.0
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    redirect_uri: str = ""

    def __repr__(self) -> str:
        """Show all but the secret."""
        return f"HousecallProSettings(api_url={self.api_url!r})"
