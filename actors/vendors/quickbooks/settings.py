"""How QuickBooks Online is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuickBooksSettings:
    """The app's identity at Intuit and where its endpoints are. URLs without a trailing slash.

    Attributes:
        mails_per_day: how many mails a company may have sent within 24 hours; None is no limit.
    """

    client_id: str
    client_secret: str
    redirect_uri: str
    authorize_url: str
    token_url: str
    revoke_url: str
    api_url: str
    timeout_s: float = 30.0
    overlap_s: float = 120.0
    mails_per_day: int | None = None

    def __repr__(self) -> str:
        """Show all but the secret."""
        return f"QuickBooksSettings(client_id={self.client_id!r}, api_url={self.api_url!r})"
