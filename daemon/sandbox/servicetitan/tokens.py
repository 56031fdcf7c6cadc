"""The token endpoint: client credentials of one app in one tenant. There are no refresh tokens (§1.1)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from random import Random

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.servicetitan.problems import encoded, ok
from daemon.sandbox.servicetitan.tenant import Tenant

LIFETIME_S = 900


@dataclass(slots=True)
class Tokens:
    """What was issued.

    Attributes:
        lifetime_s: how long new tokens live.
        issued: how many were.
    """

    chance: Random
    lifetime_s: float = LIFETIME_S
    issued: int = 0
    _owners: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def issue(
        self, request: SandboxRequest, tenants: dict[str, Tenant], now: datetime
    ) -> SandboxReply:
        """Answer the token endpoint."""
        kind = request.headers.get("content-type", "").partition(";")[0]
        if request.method != "POST" or kind != "application/x-www-form-urlencoded":
            return _refused("invalid_request")
        form = request.form()
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type")
        tenant = next(
            (each for each in tenants.values() if each.client_id == form.get("client_id")), None
        )
        if tenant is None or tenant.client_secret != form.get("client_secret"):
            return _refused("invalid_client")
        token = f"eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.{self.chance.getrandbits(256):064x}"
        self._owners[token] = (tenant.tenant_id, now + timedelta(seconds=self.lifetime_s))
        self.issued += 1
        return ok(
            {
                "access_token": token,
                "expires_in": round(self.lifetime_s),
                "token_type": "Bearer",
                "scope": "tn.crm tn.jpm tn.acc",
            }
        )

    def tenant_of(self, request: SandboxRequest, now: datetime) -> str | None:
        """Return whose living token a call brings, with or without its scheme."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        tenant_id, ends_at = self._owners.get(token, ("", now))
        return tenant_id if now < ends_at else None

    def end_all(self) -> None:
        """Take all access tokens away."""
        self._owners.clear()


def _refused(error: str) -> SandboxReply:
    return json_reply(HTTPStatus.BAD_REQUEST, encoded({"error": error}))
