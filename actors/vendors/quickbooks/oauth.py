"""Consent, tokens and their end, at Intuit's OAuth host (quickbooks facts §1)."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from msgspec import Raw

from actors.credential import Credential
from actors.errors import (
    GrantRefusedError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.caller import Caller
from actors.vendors.failed_call import FailedCall, UnreadableReplyError, scrubbed
from actors.vendors.quickbooks.faults import retry_after_s
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.settings import QuickBooksSettings

SCOPE = "com.intuit.quickbooks.accounting"
HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"

ABSENT = Raw(b"null")

WRONG_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
PASSING = frozenset({"server_error", "temporarily_unavailable"})


ACCESS_LIFETIME = timedelta(minutes=10)
"""Taken when the vendor does not tell it; less than the documented hour, so as not to outstay it."""

MOST_LIFETIME_S = 100 * 365 * 86_400.0
"""What claims to last longer is no lifetime."""


class _Tokens(msgspec.Struct, frozen=True):
    """Lifetimes are numbers of seconds, and none is to be taken for granted (§1.3).

    They are kept as they came: with the old refresh token spent, no oddity of a number may cost the
    new one.
    """

    access_token: str
    refresh_token: str
    expires_in: Raw = ABSENT
    refresh_expires_in: Raw = msgspec.field(name="x_refresh_token_expires_in", default=ABSENT)
    refresh_hard_expires_in: Raw = msgspec.field(
        name="x_refresh_token_hard_expires_in", default=ABSENT
    )


class _Refusal(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


_decode_tokens = msgspec.json.Decoder(_Tokens).decode
_decode_lifetime = msgspec.json.Decoder(float, strict=False).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode


class OAuth:
    """The token endpoints, as one app."""

    def __init__(self, caller: Caller, settings: QuickBooksSettings) -> None:
        self._caller = caller
        self._settings = settings

    def authorize_url(self, state: str) -> str:
        """Return where a browser is sent so that an owner can consent."""
        query = urlencode(
            {
                "client_id": self._settings.client_id,
                "scope": SCOPE,
                "redirect_uri": self._settings.redirect_uri,
                "response_type": "code",
                "state": state,
            }
        )
        return f"{self._settings.authorize_url}?{query}"

    async def exchange(self, authorization_code: str, account: str) -> Credential:
        """Trade a single-use code for tokens.

        Raises:
            GrantRefusedError: the code is wrong, spent or too old.
            VendorError: the call failed otherwise.
        """
        form = {
            "grant_type": "authorization_code",
            "code": authorization_code,
            "redirect_uri": self._settings.redirect_uri,
        }
        obtained_at = self._caller.clock.now().utc
        tokens = await self._tokens(Operation.TOKEN_EXCHANGE, form, [authorization_code], account)
        return _credential(tokens, obtained_at, None)

    async def refresh(self, credential: Credential) -> Credential:
        """Spend the refresh token for new tokens.

        Raises:
            GrantRefusedError: the refresh token is dead.
            TransientError: the outcome may be unknown; the token may be spent.
            VendorError: the call failed otherwise.
        """
        form = {"grant_type": "refresh_token", "refresh_token": credential.refresh_token}
        obtained_at = self._caller.clock.now().utc
        tokens = await self._tokens(Operation.TOKEN_REFRESH, form, [credential.refresh_token], None)
        return _credential(tokens, obtained_at, credential.refresh_hard_expires_at)

    async def revoke(self, credential: Credential) -> None:
        """End the grant. One that is dead already is no error.

        Raises:
            VendorError: the call failed, and the grant may live.
        """
        request = self._caller.channel.request(
            "POST",
            self._settings.revoke_url,
            headers={**self._headers(), "Content-Type": "application/json"},
            content=msgspec.json.encode({"token": credential.refresh_token}),
        )
        try:
            await self._caller.call(
                Operation.TOKEN_REVOKE,
                request,
                lambda _: None,
                judge=refusal,
                secrets=[credential.refresh_token, self._settings.client_secret],
            )
        except (GrantRefusedError, RejectedError) as error:
            # All that the vendor says of a token that is dead already is 400 (§1.6).
            if error.status != HTTPStatus.BAD_REQUEST or error.code in WRONG_CLIENT:
                raise

    async def _tokens(
        self,
        operation: Operation,
        form: dict[str, str],
        secrets: Sequence[str],
        account: str | None,
    ) -> _Tokens:
        request = self._caller.channel.request(
            "POST",
            self._settings.token_url,
            headers={
                **self._headers(),
                "Content-Type": "application/x-www-form-urlencoded",
                HARD_EXPIRY_HEADER: "true",
            },
            content=urlencode(form).encode(),
        )
        return await self._caller.call(
            operation,
            request,
            _read_tokens,
            judge=refusal,
            account=account,
            secrets=[*secrets, self._settings.client_secret],
        )

    def _headers(self) -> dict[str, str]:
        pair = f"{self._settings.client_id}:{self._settings.client_secret}"
        return {
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Accept": "application/json",
        }


def refusal(call: FailedCall) -> VendorError:
    """Name a failure of an OAuth endpoint by its body rather than its status (§1.5)."""
    if call.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(
            "the token endpoint asks to slow down",
            retry_after_s=retry_after_s(call.retry_after, call.now),
            status=call.status,
            trace_id=call.trace_id,
        )
    said = _said(call.body)
    kind: type[VendorError]
    if said is None or call.status >= HTTPStatus.INTERNAL_SERVER_ERROR or said.error in PASSING:
        kind, text = TransientError, f"HTTP {call.status} from an OAuth endpoint, and no refusal"
    elif said.error in WRONG_CLIENT:
        kind, text = RejectedError, f"{said.error}: check client_id and client_secret"
    else:
        kind = GrantRefusedError if said.error == "invalid_grant" else RejectedError
        text = scrubbed(f"{said.error} {said.error_description}", call.secrets)
    code = scrubbed(said.error, call.secrets) if said else None
    return kind(text, status=call.status, code=code, trace_id=call.trace_id)


def _said(body: bytes) -> _Refusal | None:
    try:
        return _decode_refusal(body)
    except (msgspec.MsgspecError, ValueError):
        return None


def _read_tokens(body: bytes) -> _Tokens:
    try:
        return _decode_tokens(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError(str(error)) from error


def _credential(
    tokens: _Tokens, obtained_at: datetime, known_hard_end: datetime | None
) -> Credential:
    """The hard end never moves (§1.4): the known one holds when the answer leaves it out."""
    return Credential(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        obtained_at=obtained_at,
        access_expires_at=_end(obtained_at, tokens.expires_in) or obtained_at + ACCESS_LIFETIME,
        refresh_expires_at=_end(obtained_at, tokens.refresh_expires_in),
        refresh_hard_expires_at=_end(obtained_at, tokens.refresh_hard_expires_in) or known_hard_end,
    )


def _end(obtained_at: datetime, lifetime: Raw) -> datetime | None:
    """Return when it ends; None when the lifetime is no number of seconds that can be."""
    try:
        lifetime_s = _decode_lifetime(lifetime)
    except (msgspec.MsgspecError, ValueError):
        return None
    if not 1 <= lifetime_s <= MOST_LIFETIME_S:
        return None
    return obtained_at + timedelta(seconds=int(lifetime_s))
