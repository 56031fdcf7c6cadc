"""How ServiceTitan is reached."""

from dataclasses import dataclass

SIGNATURE_HEADER = "x-servicetitan-signature"
"""What public integrations read; the vendor does not say (§1.13)."""


@dataclass(frozen=True, slots=True)
class ServiceTitanSettings:
    """The app's identity, the same for all tenants, and where its endpoints are.

    URLs are without a trailing slash.
    """

    app_key: str
    token_url: str
    api_url: str
    timeout_s: float = 100.0
    overlap_s: float = 600.0
    webhook_signature_header: str = SIGNATURE_HEADER

    def __repr__(self) -> str:
        """Show all but the key."""
        return f"ServiceTitanSettings(api_url={self.api_url!r})"
