"""The configuration that leads a daemon to a sandbox."""

from daemon.sandbox.quickbooks import QuickBooksSandbox


def sandbox_section(sandbox: QuickBooksSandbox, url: str) -> dict[str, object]:
    """Return the section `vendors.quickbooks` for a sandbox that is served at this address.

    What takes minutes with a real vendor takes seconds.
    """
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
        "poll_interval": "5s",
        "poll_interval_with_webhooks": "1m",
        "overlap": "5s",
        "retry": {"cap": "5s"},
        "breaker": {"reset_after": "10s"},
    }
