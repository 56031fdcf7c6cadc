"""The section `vendors.quickbooks`.

The addresses are those of Intuit's discovery documents and its API reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self

from actors.settings import AccountSettings, CallLimits
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.settings import QuickBooksSettings
from daemon.config.rule import Flat, at_least, http_url, one_of
from daemon.config.secret import Secret
from daemon.config.vendor import VendorConfig

_API_URLS = {
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
    "production": "https://quickbooks.api.intuit.com",
}

_MAILS_PER_DAY: Mapping[str, int | None] = {"sandbox": 40, "production": None}

_ACCOUNT_RULES = {
    "object_types": one_of(OBJECT_TYPES, "one of QuickBooks' object types"),
    "verify_interval_s": at_least(0, "a duration such as 24h; 0 or null is never"),
}


_LIMITS = CallLimits(per_minute=500, per_second=10, in_flight=10, batches_per_minute=40)


def _account_settings() -> AccountSettings:
    return AccountSettings(
        object_types=(
            "Customer",
            "Vendor",
            "Account",
            "Item",
            "Invoice",
            "Bill",
            "Payment",
            "BillPayment",
            "CompanyInfo",
        ),
        limits=_LIMITS,
        verify_interval_s=86_400.0,
    )


@dataclass(frozen=True, slots=True)
class QuickBooksEndpoints:
    """Where Intuit is reached. One OAuth host serves both environments."""

    authorize_url: Annotated[str, http_url()] = "https://appcenter.intuit.com/connect/oauth2"
    token_url: Annotated[str, http_url()] = (
        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    )
    revoke_url: Annotated[str, http_url()] = (
        "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    )
    api_url: Annotated[str, http_url()] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickBooksConfig(VendorConfig):
    """QuickBooks Online.

    Attributes:
        environment: picks the API that `endpoints` does not name.
        webhook_verifier_token: None when webhooks are not used.
        mails_per_day: how many mails each company may have sent within 24 hours; None is what
            Intuit has for the environment.
    """

    account: Annotated[AccountSettings, Flat(_ACCOUNT_RULES)] = field(
        default_factory=_account_settings
    )
    reads_per_month: int | None = 500_000
    client_id: str
    client_secret: Secret
    webhook_verifier_token: Secret | None = None
    environment: Literal["sandbox", "production"] = "sandbox"
    endpoints: QuickBooksEndpoints = field(default_factory=QuickBooksEndpoints)
    redirect_uri: Annotated[str, http_url(drop="")] = ""
    mails_per_day: int | None = None

    @property
    def webhook_secret(self) -> Secret | None:
        """The verifier token."""
        return self.webhook_verifier_token

    @classmethod
    def vendor_limits(cls) -> CallLimits:
        """What Intuit allows one company."""
        return _LIMITS

    def resolved(self, public_url: str) -> Self:
        """Put in the environment's API and the callback that we serve."""
        api_url = self.endpoints.api_url or _API_URLS[self.environment]
        return replace(
            self,
            endpoints=replace(self.endpoints, api_url=api_url),
            redirect_uri=self.redirect_uri or f"{public_url}/auth/quickbooks/callback",
        )

    def settings(self) -> QuickBooksSettings:
        """What the vendor's package is built with."""
        return QuickBooksSettings(
            client_id=self.client_id,
            client_secret=self.client_secret.reveal(),
            redirect_uri=self.redirect_uri,
            authorize_url=self.endpoints.authorize_url,
            token_url=self.endpoints.token_url,
            revoke_url=self.endpoints.revoke_url,
            api_url=self.endpoints.api_url,
            timeout_s=self.account.timeout_s,
            overlap_s=self.account.overlap_s,
            mails_per_day=self.mails_per_day or _MAILS_PER_DAY[self.environment],
        )
