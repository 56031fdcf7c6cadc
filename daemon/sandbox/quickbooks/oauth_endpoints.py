"""The OAuth host over HTTP: consent, tokens, revocation, discovery and user information."""

import base64
import binascii
from datetime import datetime
from html import escape
from urllib.parse import urlencode

import msgspec

from daemon.sandbox.exchange import (
    SandboxReply,
    SandboxRequest,
    html_reply,
    json_reply,
)
from daemon.sandbox.quickbooks.fault_bodies import unauthorized
from daemon.sandbox.quickbooks.grants import KNOWN_SCOPES, App, IssuedTokens, OAuthRefusal
from daemon.sandbox.quickbooks.json_text import Document, decode, encode
from daemon.sandbox.quickbooks.routes import Route
from daemon.sandbox.quickbooks.world import World

HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"
_FOUND, _OK, _BAD_REQUEST = 302, 200, 400


class OAuthEndpoints:
    """Serves the routes of the OAuth host."""

    def __init__(self, world: World) -> None:
        self._world = world

    def serve(self, route: Route, request: SandboxRequest, now: datetime) -> SandboxReply:
        """Answer one call."""
        match route:
            case Route.AUTHORIZE:
                return self._authorize(request, now)
            case Route.TOKEN:
                return self._token(request, now)
            case Route.REVOKE:
                return self._revoke(request)
            case Route.USERINFO:
                return self._user_information(request, now)
            case Route.KEYS:
                return json_reply(_OK, encode({"keys": []}))
            case _:
                return json_reply(_OK, encode(_discovery(request.origin)))

    def _authorize(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        """Consent: at once when there is one company, else through a page that asks which."""
        params = request.params()
        app = self._world.authorization.apps.get(params.get("client_id", ""))
        redirect_uri = params.get("redirect_uri", "")
        problem = _authorize_problem(app, redirect_uri, params)
        if app is None or problem:
            return html_reply(_BAD_REQUEST, _page("Sorry, we can't connect you", escape(problem)))
        state = params["state"]
        if params.get("decision") == "deny":
            return _redirect(redirect_uri, {"error": "access_denied", "state": state})
        realms = {
            company.realm_id: company.name
            for company in self._world.companies.values()
            if company.environment is app.environment and not company.deleted
        }
        realm_id = params.get("realmId") or (next(iter(realms)) if len(realms) == 1 else "")
        if realm_id not in realms:
            return html_reply(_OK, _picker(realms, request.query))
        scopes = frozenset(params["scope"].split())
        code = self._world.authorization.issue_code(app, realm_id, scopes, redirect_uri, now)
        answer = {"code": code, "state": state, "realmId": realm_id}
        return _redirect(redirect_uri, answer)

    def _token(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        form = request.form()
        app = self._app(request, form)
        if app is None:
            status = self._world.behaviour.invalid_client_status
            return json_reply(status, encode({"error": "invalid_client"}))
        try:
            issued = self._issue(app, form, now)
        except OAuthRefusal as refusal:
            return self._refused(refusal)
        hard = request.headers.get(HARD_EXPIRY_HEADER, "").lower() == "true"
        return json_reply(_OK, encode(_token_document(issued, hard_expiry=hard)))

    def _issue(self, app: App, form: dict[str, str], now: datetime) -> IssuedTokens:
        match form.get("grant_type"):
            case "authorization_code":
                code, redirect_uri = form.get("code", ""), form.get("redirect_uri", "")
                return self._world.authorization.exchange(app, code, redirect_uri, now)
            case "refresh_token":
                token = form.get("refresh_token", "")
                return self._world.authorization.refresh(app, token, now)
            case None:
                raise OAuthRefusal("invalid_request", "grant_type is missing")
        raise OAuthRefusal("unsupported_grant_type")

    def _revoke(self, request: SandboxRequest) -> SandboxReply:
        try:
            body = decode(request.body)
        except msgspec.DecodeError:
            body = request.form()
        token = body.get("token") if isinstance(body, dict) else None
        app = self._app(request, {})
        if app is None:
            status = self._world.behaviour.invalid_client_status
            return json_reply(status, encode({"error": "invalid_client"}))
        if not isinstance(token, str) or not self._world.authorization.revoke(app, token):
            return json_reply(_BAD_REQUEST, encode({"error": "invalid_request"}))
        return SandboxReply(_OK)

    def _user_information(self, request: SandboxRequest, now: datetime) -> SandboxReply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        access = self._world.authorization.access(token)
        if access is None or access.grant.revoked or now >= access.expires_at:
            return unauthorized(f"Token expired: {token[:50]}", now)
        document: Document = {"sub": f"user-{access.grant.realm_id}"}
        if "email" in access.grant.scopes:
            document |= {"email": "owner@company.example", "emailVerified": True}
        if "profile" in access.grant.scopes:
            document |= {"givenName": "Renée", "familyName": "O'Brien"}
        if "phone" in access.grant.scopes:
            document |= {"phoneNumber": "+1 5550100", "phoneNumberVerified": False}
        return json_reply(_OK, encode(document))

    def _app(self, request: SandboxRequest, form: dict[str, str]) -> App | None:
        client_id, secret = _basic(request.headers.get("authorization", ""))
        if not client_id:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        app = self._world.authorization.apps.get(client_id)
        return app if app is not None and app.client_secret == secret else None

    def _refused(self, refusal: OAuthRefusal) -> SandboxReply:
        document = {"error": refusal.error}
        if refusal.description and self._world.behaviour.describe_invalid_grant:
            document = {"error_description": refusal.description, "error": refusal.error}
        return json_reply(_BAD_REQUEST, encode(document))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _token_document(issued: IssuedTokens, *, hard_expiry: bool) -> Document:
    document: Document = {
        "token_type": "bearer",
        "expires_in": issued.expires_in_s,
        "refresh_token": issued.refresh_token,
        "x_refresh_token_expires_in": issued.refresh_expires_in_s,
        "access_token": issued.access_token,
    }
    if hard_expiry:
        document["x_refresh_token_hard_expires_in"] = issued.hard_expires_in_s
    return document


def _authorize_problem(app: App | None, redirect_uri: str, params: dict[str, str]) -> str:
    if app is None:
        return "The client_id query parameter value is not a registered app's."
    if not redirect_uri or not app.allows(redirect_uri):
        return "The redirect_uri query parameter value is invalid."
    if params.get("response_type") != "code":
        return "The response_type query parameter value must be code."
    if not params.get("state"):
        return "The state query parameter value is missing."
    scopes = set(params.get("scope", "").split())
    if not scopes or not scopes <= KNOWN_SCOPES:
        return "The scope query parameter value is invalid."
    return ""


def _redirect(redirect_uri: str, answer: dict[str, str]) -> SandboxReply:
    joint = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{joint}{urlencode(answer)}"
    return SandboxReply(_FOUND, (("Location", location),))


def _picker(realms: dict[str, str], query: str) -> str:
    links = "".join(
        f'<li><a href="/connect/oauth2?{escape(query)}&amp;realmId={realm_id}">'
        f"{escape(name)}</a> <small>{realm_id}</small></li>"
        for realm_id, name in realms.items()
    )
    deny = f'<p><a href="/connect/oauth2?{escape(query)}&amp;decision=deny">Cancel</a></p>'
    return _page("Which company do you want to connect?", f"<ul>{links}</ul>{deny}")


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{content}</body></html>"
    )


def _discovery(origin: str) -> Document:
    return {
        "issuer": f"{origin}/op/v1",
        "authorization_endpoint": f"{origin}/connect/oauth2",
        "token_endpoint": f"{origin}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{origin}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{origin}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{origin}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }
