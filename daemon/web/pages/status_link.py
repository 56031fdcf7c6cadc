"""The address of one account's status page, which its own people may know and nobody can guess. Pure."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from uuid import UUID

KEY_BYTES = 32

_ID_BYTES = 16
_SEAL_BYTES = 16


@dataclass(frozen=True, slots=True)
class StatusLinks:
    """Makes the links, and reads them. Another key makes all that were given out useless."""

    key: bytes

    def token_of(self, account_id: str) -> str:
        """Return what stands in the link to this account."""
        known = UUID(account_id).bytes
        return urlsafe_b64encode(known + self._seal(known)).decode().rstrip("=")

    def account_of(self, token: str) -> str | None:
        """Return the account that a link is for; None when the link is not ours."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (Base64Error, ValueError):
            return None
        known, seal = raw[:_ID_BYTES], raw[_ID_BYTES:]
        if not hmac.compare_digest(seal, self._seal(known)):
            return None
        return str(UUID(bytes=known))

    def _seal(self, known: bytes) -> bytes:
        return hmac.digest(self.key, known, hashlib.sha256)[:_SEAL_BYTES]
