"""Access tokens for a tenant, by the client credentials of this app there (servicetitan facts §1.1)."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from msgspec import Raw

from actors.credential import Credential
from actors.errors import GrantRefusedError, RejectedError
from actors.vendors.caller import Caller
from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.servicetitan.faults import refusal
from actors.vendors.servicetitan.grant import Keys
from actors.vendors.servicetitan.operation import Operation
from actors.vendors.servicetitan.settings import ServiceTitanSettings

ABSENT = Raw(b"null")

ACCESS_LIFETIME = timedelta(minutes=5)
"""Taken when the vendor does not tell it; less than the usual quarter of an hour."""
MOST_LIFETIME_S = 30 * 86_400.0
"""What claims to last longer is no lifetime."""


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: Raw = ABSENT


_decode_token = msgspec.json.Decoder(_Token).decode
_decode_lifetime = msgspec.json.Decoder(float, strict=False).decode
_decode_keys = msgspec.json.Decoder(Keys).decode


class Authorization:
    """The token endpoint. There is no refresh token: the keys get every new access token."""

    def __init__(self, caller: Caller, settings: ServiceTitanSettings) -> None:
        self._caller = caller
        self._settings = settings

    async def obtain(self, proof: str, account: str | None) -> Credential:
        """Get an access token with a tenant's keys, which the credential keeps for the next time.

        Raises:
            GrantRefusedError: the keys are wrong, or were withdrawn.
            VendorError: the call failed otherwise.
        """
        keys = _keys(proof)
        form = {
            "grant_type": "client_credentials",
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
        }
        request = self._caller.channel.request(
            "POST",
            self._settings.token_url,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            content=urlencode(form).encode(),
        )
        obtained_at = self._caller.clock.now().utc
        token = await self._caller.call(
            Operation.TOKEN,
            request,
            _read_token,
            judge=refusal,
            account=account,
            secrets=[keys.client_secret, keys.client_id],
        )
        return Credential(
            access_token=token.access_token,
            refresh_token=proof,
            obtained_at=obtained_at,
            access_expires_at=_end(obtained_at, token.expires_in),
        )


def cannot_revoke() -> RejectedError:
    """Say that a grant can be ended only at the vendor."""
    return RejectedError("there is no call for that: the app is disconnected in its settings")


def _keys(proof: str) -> Keys:
    try:
        return _decode_keys(proof)
    except msgspec.MsgspecError as error:
        raise GrantRefusedError("what is stored are no keys of ServiceTitan's") from error


def _read_token(body: bytes) -> _Token:
    try:
        token = _decode_token(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError("an answer without an access token") from error
    if not token.access_token.isascii() or not token.access_token.isprintable():
        raise UnreadableReplyError("an access token that cannot be sent")
    return token


def _end(obtained_at: datetime, lifetime: Raw) -> datetime:
    try:
        lifetime_s = _decode_lifetime(lifetime)
    except (msgspec.MsgspecError, ValueError):
        lifetime_s = 0.0
    if not 1 <= lifetime_s <= MOST_LIFETIME_S:
        return obtained_at + ACCESS_LIFETIME
    return obtained_at + timedelta(seconds=int(lifetime_s))
