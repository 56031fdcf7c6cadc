"""The token endpoint of OAuth partners: JSON in, and tokens for thirty days (§2.1).

Whether refresh tokens are spent by their use is not documented: both can be played.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.exchange import SandboxReply, json_reply
from daemon.sandbox.housecallpro.business import encoded

CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - of a stand-in
TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
LIFETIME_S = 2_592_000.0


@dataclass(slots=True)
class Partner:
    """One app that companies may have consented to.

    Attributes:
        lifetime_s: how long new access tokens live.
        rotates: whether a refresh token is spent by its use.
        issued: how many access tokens were.
    """

    chance: Random
    lifetime_s: float = LIFETIME_S
    rotates: bool = True
    issued: int = 0
    _codes: dict[str, str] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _access: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def consent(self, company_id: str) -> str:
        """Have a company's owner consent; return the code, which works once."""
        code = f"code{self.chance.getrandbits(128):032x}"
        self._codes[code] = company_id
        return code

    def withdraw(self, company_id: str) -> None:
        """Take all tokens of a company away."""
        self._refresh = {k: v for k, v in self._refresh.items() if v != company_id}
        self._access = {k: v for k, v in self._access.items() if v[0] != company_id}

    def issue(self, body: bytes, now: datetime) -> SandboxReply:
        """Answer the token endpoint."""
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return _refused(400, "invalid_request")
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused(401, "invalid_client")
        match given.get("grant_type"):
            case "authorization_code":
                company_id = self._codes.pop(str(given.get("code")), None)
            case "refresh_token":
                company_id = self._spent(str(given.get("refresh_token")))
            case _:
                return _refused(400, "unsupported_grant_type")
        if company_id is None:
            return _refused(400, "invalid_grant")
        access, refresh = (f"{self.chance.getrandbits(256):064x}" for _ in range(2))
        self._access[access] = (company_id, now + timedelta(seconds=self.lifetime_s))
        self._refresh[refresh] = company_id
        self.issued += 1
        tokens = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": round(self.lifetime_s),
            "refresh_token": refresh,
            "scope": "public",
            "created_at": int(now.timestamp()),
        }
        return json_reply(200, encoded(tokens))

    def company_of(self, authorization: str, now: datetime) -> str | None:
        """Return whose living token a call brings."""
        token = authorization.removeprefix("Bearer ") if authorization.startswith("Bearer ") else ""
        company_id, ends_at = self._access.get(token, ("", now))
        return company_id if now < ends_at else None

    def _spent(self, refresh: str) -> str | None:
        return self._refresh.pop(refresh, None) if self.rotates else self._refresh.get(refresh)


def _refused(status: int, error: str) -> SandboxReply:
    return json_reply(status, encoded({"error": error}))
