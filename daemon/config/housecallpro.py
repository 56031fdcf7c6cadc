"""The section `vendors.housecallpro`."""

from dataclasses import dataclass, field
from typing import Annotated

from actors.settings import AccountSettings, CallLimits
from actors.vendors.housecallpro.object_types import OBJECT_TYPES
from actors.vendors.housecallpro.settings import HousecallProSettings
from daemon.config.rule import Flat, at_least, http_url, one_of
from daemon.config.secret import Secret
from daemon.config.vendor import VendorConfig

_ACCOUNT_RULES = {
    "object_types": one_of(OBJECT_TYPES, "one of Housecall Pro's object types"),
    "verify_interval_s": at_least(0, "a duration such as 24h; 0 or null is never"),
}


def _account_settings() -> AccountSettings:
    return AccountSettings(
        object_types=("jobs", "customers", "invoices", "employees", "leads", "estimates"),
        poll_interval_s=600.0,
        poll_interval_with_webhooks_s=None,
        overlap_s=60.0,
        verify_interval_s=86_400.0,
        limits=CallLimits(per_second=1, in_flight=1),
    )


@dataclass(frozen=True, slots=True)
class HousecallProEndpoints:
    """Where the vendor is reached."""

    api_url: Annotated[str, http_url()] = "https://api.housecallpro.com"
    token_url: Annotated[str, http_url()] = "https://api.housecallpro.com/oauth/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True, kw_only=True)
class HousecallProConfig(VendorConfig):
    """Housecall Pro. It needs nothing: each company's key comes when it is connected.

    Attributes:
        client_id: an OAuth partner's; empty for who is none.
        redirect_uri: where the vendor sends browsers with a code to, as it is registered there.
        webhook_secret: None when webhooks are not used.
    """

    account: Annotated[AccountSettings, Flat(_ACCOUNT_RULES)] = field(
        default_factory=_account_settings
    )
    client_id: str = ""
    client_secret: Secret | None = None
    redirect_uri: Annotated[str, http_url(drop="")] = ""
    webhook_secret: Secret | None = None
    endpoints: HousecallProEndpoints = field(default_factory=HousecallProEndpoints)

    def settings(self) -> HousecallProSettings:
        """What the vendor's package is built with."""
        return HousecallProSettings(
            api_url=self.endpoints.api_url,
            timeout_s=self.account.timeout_s,
            overlap_s=self.account.overlap_s,
            compare_every_s=self.account.poll_interval_s,
            token_url=self.endpoints.token_url,
            client_id=self.client_id,
            client_secret="" if self.client_secret is None else self.client_secret.reveal(),
            redirect_uri=self.redirect_uri,
        )
