"""Access to a company: by a key, which is used for every call, or by an OAuth partner's tokens (§2.1).

Calls with a key and with a token name them by different words; whose is whose is told by a word that
an access token, and what renews it, are kept with.

Whether a refresh token is spent by its use is not documented. Each answer's is kept. One whose answer
was lost is tried again: where it was spent, the vendor refuses it, and the owner is asked for.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec
from msgspec import Raw

from actors.credential import Credential
from actors.errors import GrantRefusedError, ReauthorizeError, RejectedError, VendorError
from actors.vendors.base import Permit
from actors.vendors.caller import Caller
from actors.vendors.failed_call import FailedCall, UnreadableReplyError
from actors.vendors.housecallpro.client import BEARER, ApiClient
from actors.vendors.housecallpro.faults import failure
from actors.vendors.housecallpro.grant import CODE
from actors.vendors.housecallpro.operation import Operation
from actors.vendors.housecallpro.settings import HousecallProSettings

KEY_TRIED_EVERY = timedelta(days=30)
"""Keys don't end by themselves; so often one is tried although nobody refused it."""
ACCESS_LIFETIME = timedelta(days=1)
"""Taken when the vendor does not tell it; less than the usual thirty days."""

_REFRESH = "refresh "
_ABSENT = Raw(b"null")
_MOST_LIFETIME_S = 366 * 86_400.0


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    expires_in: Raw = _ABSENT


class _Refusal(msgspec.Struct, frozen=True):
    error: str


_decode_tokens = msgspec.json.Decoder(_Tokens).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode
_decode_lifetime = msgspec.json.Decoder(float, strict=False).decode


class Authorization:
    """Keys and the token endpoint."""

    def __init__(self, caller: Caller, api: ApiClient, settings: HousecallProSettings) -> None:
        self._caller = caller
        self._api = api
        self._settings = settings

    async def obtain(self, proof: str) -> Credential:
        """See whose a key is, or trade a code for tokens.

        Raises:
            GrantRefusedError: the key or code is wrong, or spent.
            VendorError: the call failed otherwise.
        """
        if not proof.startswith(CODE):
            return await self._with_key(proof)
        code = proof.removeprefix(CODE)
        given = {"grant_type": "authorization_code", "code": code}
        return await self._with_tokens(given, code, None)

    async def renew(self, credential: Credential, permit: Permit | None) -> Credential:
        """See that the key is still good, or get the next tokens. Raises as `obtain`.

        A key is tried by an ordinary call, which takes its turn among the account's others.
        """
        if not credential.refresh_token.startswith(_REFRESH):
            return await self._with_key(credential.refresh_token, permit)
        token = credential.refresh_token.removeprefix(_REFRESH)
        given = {"grant_type": "refresh_token", "refresh_token": token}
        return await self._with_tokens(given, token, credential.company)

    async def _with_key(self, api_key: str, permit: Permit | None = None) -> Credential:
        obtained_at = self._caller.clock.now().utc
        return Credential(
            access_token=api_key,
            refresh_token=api_key,
            obtained_at=obtained_at,
            access_expires_at=obtained_at + KEY_TRIED_EVERY,
            company=await self._whose(api_key, permit),
        )

    async def _with_tokens(
        self, given: dict[str, str], secret: str, company: str | None
    ) -> Credential:
        settings = self._settings
        if not settings.client_id:
            raise RejectedError("vendors.housecallpro has no client_id: it takes keys only")
        document = {
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "redirect_uri": settings.redirect_uri,
            **given,
        }
        request = self._caller.channel.request(
            "POST",
            settings.token_url,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            content=msgspec.json.encode(document),
        )
        obtained_at = self._caller.clock.now().utc
        tokens = await self._caller.call(
            Operation.TOKEN,
            request,
            _read_tokens,
            judge=_refusal,
            secrets=[secret, settings.client_secret],
        )
        access_token = f"{BEARER}{tokens.access_token}"
        return Credential(
            access_token=access_token,
            refresh_token=f"{_REFRESH}{tokens.refresh_token or secret}",
            obtained_at=obtained_at,
            access_expires_at=_end(obtained_at, tokens.expires_in),
            company=company or await self._whose(access_token),
        )

    async def _whose(self, access_token: str, permit: Permit | None = None) -> str:
        try:
            return (await self._api.whose(access_token, permit))[0]
        except ReauthorizeError as error:
            raise GrantRefusedError(str(error), status=error.status) from error


def _refusal(call: FailedCall) -> VendorError:
    """Name a failure of the token endpoint: by its `error`, if it says one."""
    error = failure(call)
    try:
        said = _decode_refusal(call.body).error
    except (msgspec.MsgspecError, ValueError, RecursionError):
        said = ""
    if call.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        if said == "invalid_grant":
            return GrantRefusedError(str(error), status=error.status, code=said)
        return RejectedError(
            f"{error}: check client_id, client_secret and redirect_uri", status=error.status
        )
    return error


def _read_tokens(body: bytes) -> _Tokens:
    try:
        tokens = _decode_tokens(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError("an answer without an access token") from error
    if not tokens.access_token.isascii() or not tokens.access_token.isprintable():
        raise UnreadableReplyError("an access token that cannot be sent")
    return tokens


def _end(obtained_at: datetime, lifetime: Raw) -> datetime:
    try:
        lifetime_s = _decode_lifetime(lifetime)
    except (msgspec.MsgspecError, ValueError):
        lifetime_s = 0.0
    if not 1 <= lifetime_s <= _MOST_LIFETIME_S:
        return obtained_at + ACCESS_LIFETIME
    return obtained_at + timedelta(seconds=int(lifetime_s))
