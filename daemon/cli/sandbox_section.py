"""The configuration that leads a daemon to a sandbox."""

from daemon.sandbox.housecallpro import DEFAULT_SECRET
from daemon.sandbox.housecallpro.oauth import CLIENT_ID, CLIENT_SECRET
from daemon.sandbox.housecallpro.oauth import TOKEN_PATH as PARTNER_PATH
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.servicetitan import APP_KEY, TOKEN_PATH, ServiceTitanSandbox


def _swift() -> dict[str, object]:
    """What takes minutes with a real vendor takes seconds."""
    return {
        "poll_interval": "5s",
        "overlap": "5s",
        "retry": {"cap": "5s"},
        "breaker": {"reset_after": "10s"},
    }


def sandbox_section(sandbox: QuickBooksSandbox, url: str) -> dict[str, object]:
    """Return the section `vendors.quickbooks` for a sandbox that is served at this address."""
    app = next(iter(sandbox.world.authorization.apps.values()))
    return {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_verifier_token": sandbox.webhooks.verifier_token,
        "endpoints": {
            "authorize_url": f"{url}/connect/oauth2",
            "token_url": f"{url}/oauth2/v1/tokens/bearer",
            "revoke_url": f"{url}/v2/oauth2/tokens/revoke",
            "api_url": url,
        },
        "poll_interval_with_webhooks": "1m",
        **_swift(),
    }


def titan_section(sandbox: ServiceTitanSandbox, url: str) -> dict[str, object]:
    """Return the section `vendors.servicetitan` for a sandbox that is served at this address."""
    return {
        "app_key": APP_KEY,
        "webhook_key": sandbox.webhooks.key,
        "endpoints": {"token_url": f"{url}{TOKEN_PATH}", "api_url": url},
        **_swift(),
    }


def housecall_section(url: str) -> dict[str, object]:
    """Return the section `vendors.housecallpro` for a sandbox that is served at this address."""
    return {
        "webhook_secret": DEFAULT_SECRET,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "endpoints": {"api_url": url, "token_url": f"{url}{PARTNER_PATH}"},
        **_swift(),
        "limits": {"per_second": 20},
    }
