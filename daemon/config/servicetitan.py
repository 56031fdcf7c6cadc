"""The section `vendors.servicetitan`.

The addresses are those of the vendor's own API documents.
"""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self

from actors.settings import AccountSettings, CallLimits
from actors.vendors.servicetitan.object_types import OBJECT_TYPES
from actors.vendors.servicetitan.settings import SIGNATURE_HEADER, ServiceTitanSettings
from daemon.config.rule import Flat, at_least, http_url, one_of
from daemon.config.secret import Secret
from daemon.config.vendor import VendorConfig

_HOSTS = {"integration": "-integration.servicetitan.io", "production": ".servicetitan.io"}

_LIMITS = CallLimits(per_second=60, in_flight=2)
"""More calls at once are not forbidden, and some endpoints answer them with rubbish (§1.11)."""

_ACCOUNT_RULES = {
    "object_types": one_of(OBJECT_TYPES, "one of ServiceTitan's object types"),
    "verify_interval_s": at_least(0, "a duration such as 24h; 0 or null is never"),
}


def _account_settings() -> AccountSettings:
    return AccountSettings(
        object_types=(
            "jobs",
            "appointments",
            "customers",
            "locations",
            "invoices",
            "technicians",
            "leads",
            "bookings",
            "estimates",
        ),
        poll_interval_s=600.0,
        poll_interval_with_webhooks_s=None,
        overlap_s=600.0,
        refresh_before_s=60.0,
        timeout_s=100.0,
        verify_interval_s=86_400.0,
        limits=_LIMITS,
    )


@dataclass(frozen=True, slots=True)
class ServiceTitanEndpoints:
    """Where the vendor is reached; what is empty follows from the environment."""

    token_url: Annotated[str, http_url()] = ""
    api_url: Annotated[str, http_url()] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTitanConfig(VendorConfig):
    """ServiceTitan.

    Attributes:
        app_key: the app's own; each tenant's keys come when it is connected.
        environment: picks the endpoints that are not named.
        webhook_key: None when webhooks are not used.
    """

    account: Annotated[AccountSettings, Flat(_ACCOUNT_RULES)] = field(
        default_factory=_account_settings
    )
    app_key: Secret
    webhook_key: Secret | None = None
    webhook_signature_header: str = SIGNATURE_HEADER
    environment: Literal["integration", "production"] = "integration"
    endpoints: ServiceTitanEndpoints = field(default_factory=ServiceTitanEndpoints)

    @property
    def webhook_secret(self) -> Secret | None:
        """The key that was entered for the webhook."""
        return self.webhook_key

    @classmethod
    def vendor_limits(cls) -> CallLimits:
        """What the vendor allows the app in one tenant."""
        return _LIMITS

    def resolved(self, public_url: str) -> Self:
        """Put in the environment's endpoints."""
        del public_url
        host = _HOSTS[self.environment]
        token_url = self.endpoints.token_url or f"https://auth{host}/connect/token"
        api_url = self.endpoints.api_url or f"https://api{host}"
        return replace(self, endpoints=ServiceTitanEndpoints(token_url, api_url))

    def settings(self) -> ServiceTitanSettings:
        """What the vendor's package is built with."""
        return ServiceTitanSettings(
            app_key=self.app_key.reveal(),
            token_url=self.endpoints.token_url,
            api_url=self.endpoints.api_url,
            timeout_s=self.account.timeout_s,
            overlap_s=self.account.overlap_s,
            webhook_signature_header=self.webhook_signature_header,
        )
