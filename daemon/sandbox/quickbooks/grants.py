"""Apps, consents and tokens: what the vendor's authorization server keeps.

Facts: access tokens live 3,600 s; the refresh value changes on the first refresh after 24 h and
is the same before; a refresh that overlaps another fails and may cost the whole grant; five
years after the consent it is over (oauth-jsclient README and issues 77, 128, 138; Intuit blog of
2025-11-12).
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.company import Environment

ACCOUNTING_SCOPE = "com.intuit.quickbooks.accounting"
KNOWN_SCOPES = frozenset(
    {
        ACCOUNTING_SCOPE,
        "com.intuit.quickbooks.payment",
        "openid",
        "profile",
        "email",
        "phone",
        "address",
    }
)


@dataclass(frozen=True, slots=True)
class App:
    """A registered app: one key pair.

    Attributes:
        client_id: Client id.
        client_secret: Client secret.
        redirect_uris: The registered redirect URIs; none registered takes any.
        environment: Which companies its keys open.
    """

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ()
    environment: Environment = Environment.SANDBOX

    def allows(self, redirect_uri: str) -> bool:
        """Return whether a redirect URI is registered, character for character."""
        return not self.redirect_uris or redirect_uri in self.redirect_uris


class OAuthRefusal(Exception):
    """The authorization server refuses; ``error`` is the OAuth code."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(slots=True)
class Grant:
    """One consent of one company to one app.

    Attributes:
        client_id: The app.
        realm_id: The company.
        scopes: What was consented to.
        authorized_at: When.
        refresh_token: The current refresh value.
        issued_at: When that value was issued.
        used_at: When a refresh value was last issued or used.
        previous: Replaced values and until when they still work.
        refreshing_until: Until when the last refresh is under way.
        revoked: The grant is over.
        is_trapped: A refresh trap revoked it.
        access_values: Its access tokens, oldest first.
    """

    client_id: str
    realm_id: str
    scopes: frozenset[str]
    authorized_at: datetime
    refresh_token: str
    issued_at: datetime
    used_at: datetime
    previous: dict[str, datetime] = field(default_factory=dict)
    refreshing_until: datetime | None = None
    revoked: bool = False
    is_trapped: bool = False
    access_values: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token and the grant behind it."""

    value: str
    grant: Grant
    expires_at: datetime


@dataclass(slots=True)
class _Code:
    client_id: str
    realm_id: str
    scopes: frozenset[str]
    redirect_uri: str | None
    expires_at: datetime
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """What a token call hands out.

    Attributes:
        access_token: Access token.
        expires_in_s: Its life.
        refresh_token: The refresh value, new or the same as before.
        refresh_expires_in_s: Its life if it is not used.
        hard_expires_in_s: What is left of the grant's life.
    """

    access_token: str
    expires_in_s: int
    refresh_token: str
    refresh_expires_in_s: int
    hard_expires_in_s: int


class AuthorizationServer:
    """Issues, checks and ends tokens."""

    def __init__(self, apps: tuple[App, ...], behaviour: Behaviour, chance: Random) -> None:
        self.apps = {app.client_id: app for app in apps}
        self.refreshes = 0
        self.exchanges = 0
        self.traps = 0
        self._behaviour = behaviour
        self._chance = chance
        self._codes: dict[str, _Code] = {}
        self._grants: dict[tuple[str, str], Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._access: dict[str, AccessToken] = {}

    def issue_code(
        self,
        app: App,
        realm_id: str,
        scopes: frozenset[str],
        redirect_uri: str | None,
        now: datetime,
    ) -> str:
        """Record a consent and return its single-use code."""
        code = f"XAB1{self._text(24)}"
        expires_at = now + timedelta(seconds=self._behaviour.code_life_s)
        self._codes[code] = _Code(app.client_id, realm_id, scopes, redirect_uri, expires_at)
        return code

    def exchange(self, app: App, code_value: str, redirect_uri: str, now: datetime) -> IssuedTokens:
        """Turn a code into tokens; an older grant of the same app and company ends.

        Raises:
            OAuthRefusal: ``invalid_grant``, the code is unknown, another app's, expired, used
                before, or came with another redirect URI.
        """
        code = self._codes.get(code_value)
        if code is None or code.client_id != app.client_id or now >= code.expires_at:
            raise OAuthRefusal("invalid_grant", "Invalid authorization code")
        if code.grant is not None:
            self._spring_trap(code.grant)
            raise OAuthRefusal("invalid_grant", "Authorization code was used already")
        expected = code.redirect_uri
        if redirect_uri != expected and (expected is not None or not app.allows(redirect_uri)):
            raise OAuthRefusal("invalid_grant", "Redirect URI does not match")
        self.exchanges += 1
        code.grant = self._open_grant(code, now)
        return self._tokens(code.grant, now)

    def refresh(self, app: App, refresh_token: str, now: datetime) -> IssuedTokens:
        """Turn a refresh value into an access token, and after 24 h into a new refresh value.

        Raises:
            OAuthRefusal: ``invalid_grant``, the value is dead, or another refresh of the grant
                is under way.
        """
        grant = self._by_refresh.get(refresh_token)
        if grant is None or grant.client_id != app.client_id:
            raise OAuthRefusal("invalid_grant", "Incorrect or invalid refresh token")
        if grant.refreshing_until is not None and now < grant.refreshing_until:
            self._spring_trap(grant)
        if not self._is_usable(grant, refresh_token, now):
            raise OAuthRefusal("invalid_grant", "Incorrect or invalid refresh token")
        self.refreshes += 1
        grant.refreshing_until = now + timedelta(seconds=self._behaviour.token_latency_s)
        age_s = (now - grant.issued_at).total_seconds()
        if refresh_token == grant.refresh_token and age_s >= self._behaviour.rotate_after_s:
            self._rotate(grant, now)
        grant.used_at = now
        return self._tokens(grant, now)

    def revoke(self, app: App, token: str) -> bool:
        """End the grant behind a refresh or an access token; False when there is none."""
        access = self._access.get(token)
        grant = access.grant if access else self._by_refresh.get(token)
        if grant is None or grant.revoked or grant.client_id != app.client_id:
            return False
        self._end(grant)
        return True

    def grants_of(self, realm_id: str, client_id: str | None = None) -> list[Grant]:
        """Return the company's living grants, of one app or of all."""
        return [
            grant
            for (owner, realm), grant in self._grants.items()
            if realm == realm_id and client_id in (None, owner) and not grant.revoked
        ]

    def disconnect(self, realm_id: str, client_id: str | None = None) -> None:
        """End the company's grants, as its user does inside the product."""
        for grant in self.grants_of(realm_id, client_id):
            self._end(grant)

    def access(self, token: str) -> AccessToken | None:
        """Return what is known of an access token, expired or revoked as it may be."""
        return self._access.get(token)

    def _open_grant(self, code: _Code, now: datetime) -> Grant:
        older = self._grants.get((code.client_id, code.realm_id))
        if older is not None:
            self._end(older)
        value = self._refresh_value(now)
        grant = Grant(code.client_id, code.realm_id, code.scopes, now, value, now, now)
        self._grants[code.client_id, code.realm_id] = grant
        self._by_refresh[value] = grant
        return grant

    def _is_usable(self, grant: Grant, refresh_token: str, now: datetime) -> bool:
        idle_end = grant.used_at + timedelta(seconds=self._behaviour.refresh_idle_life_s)
        if grant.revoked or now >= idle_end or now >= self._hard_end(grant):
            return False
        if refresh_token == grant.refresh_token:
            return grant.refreshing_until is None or now >= grant.refreshing_until
        return now < grant.previous.get(refresh_token, grant.authorized_at)

    def _spring_trap(self, grant: Grant) -> None:
        self.traps += 1
        if self._behaviour.strict_refresh:
            grant.is_trapped = True
            self._end(grant)

    def _rotate(self, grant: Grant, now: datetime) -> None:
        grace = timedelta(seconds=self._behaviour.rotation_grace_s)
        grant.previous[grant.refresh_token] = now + grace
        grant.refresh_token = self._refresh_value(now)
        grant.issued_at = now
        self._by_refresh[grant.refresh_token] = grant

    def _tokens(self, grant: Grant, now: datetime) -> IssuedTokens:
        life_s = self._behaviour.access_token_life_s
        self._forget_expired(grant, now)
        value = "eyJlbmMi" + base64.urlsafe_b64encode(self._chance.randbytes(660)).decode()
        self._access[value] = AccessToken(value, grant, now + timedelta(seconds=life_s))
        grant.access_values.append(value)
        return IssuedTokens(
            value,
            life_s,
            grant.refresh_token,
            self._behaviour.refresh_idle_life_s,
            int((self._hard_end(grant) - now).total_seconds()),
        )

    def _forget_expired(self, grant: Grant, now: datetime) -> None:
        forgotten = now - timedelta(hours=1)
        while grant.access_values:
            oldest = grant.access_values[0]
            if self._access[oldest].expires_at >= forgotten:
                return
            del self._access[oldest]
            del grant.access_values[0]

    def _hard_end(self, grant: Grant) -> datetime:
        return grant.authorized_at + timedelta(seconds=self._behaviour.refresh_hard_life_s)

    def _end(self, grant: Grant) -> None:
        grant.revoked = True

    def _refresh_value(self, now: datetime) -> str:
        expires = int(now.timestamp()) + self._behaviour.refresh_idle_life_s
        return f"RT1-{self._chance.randrange(10, 100)}-H0-{expires}{self._text(15)}"

    def _text(self, random_bytes: int) -> str:
        return base64.b32encode(self._chance.randbytes(random_bytes)).decode().rstrip("=").lower()
