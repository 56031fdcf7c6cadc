"""An account's tokens: what they are, how they are sealed for rest, and how one is named without being shown."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from actors.errors import CredentialError
from store.models import SealedCredential

_PROOF = b"syncline"


class Credential(msgspec.Struct, frozen=True):
    """What lets us speak for one company.

    Attributes:
        refresh_token: whatever renews the access token; opaque to all but the vendor's package.
        refresh_expires_at: when the refresh token ends if it is not used, or None.
        refresh_hard_expires_at: when it ends whatever happens, or None when unknown.
        company: the company's id at the vendor, where the vendor tells it with the tokens.
    """

    access_token: str
    refresh_token: str
    obtained_at: datetime
    access_expires_at: datetime
    refresh_expires_at: datetime | None = None
    refresh_hard_expires_at: datetime | None = None
    company: str | None = None

    def __repr__(self) -> str:
        """Show when it ends, never what it is."""
        return f"Credential(access_expires_at={self.access_expires_at.isoformat()})"


class Sealer:
    """Seals tokens for rest. The first key seals; all of them unseal, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys (32 bytes, URL-safe base64).

        Raises:
            CredentialError: there is no key, or one is not a Fernet key.
        """
        self.adopt(keys)

    def adopt(self, keys: Sequence[str]) -> None:
        """Use these keys from now on; when one is wrong, go on with those before.

        Raises:
            CredentialError: there is no key, or one is not a Fernet key.
        """
        if not keys:
            raise CredentialError("no key to seal tokens with")
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError as error:
            raise CredentialError(
                "a key is not a Fernet key (32 bytes in URL-safe base64)"
            ) from error
        self._keys, self._first, self._fernet = tuple(keys), fernets[0], MultiFernet(fernets)

    def has(self, keys: Sequence[str]) -> bool:
        """Say whether these are its keys, in their order."""
        return self._keys == tuple(keys)

    def seal(self, credential: Credential) -> SealedCredential:
        """Make the form that is stored."""
        return SealedCredential(
            sealed=self._fernet.encrypt(msgspec.json.encode(credential)),
            obtained_at=credential.obtained_at,
            access_expires_at=credential.access_expires_at,
            refresh_expires_at=credential.refresh_expires_at,
            refresh_hard_expires_at=credential.refresh_hard_expires_at,
        )

    def unseal(self, sealed: SealedCredential) -> Credential:
        """Undo `seal`.

        Raises:
            CredentialError: none of the keys sealed it.
        """
        try:
            return msgspec.json.decode(self._fernet.decrypt(sealed.sealed), type=Credential)
        except InvalidToken as error:
            raise CredentialError("the tokens were sealed with a key that is not here") from error

    def proof(self) -> bytes:
        """Return what `check` later knows these keys by."""
        return self._fernet.encrypt(_PROOF)

    def check(self, proof: bytes) -> None:
        """See that what was sealed when the proof was made can be unsealed now.

        Raises:
            CredentialError: it cannot.
        """
        try:
            self._fernet.decrypt(proof)
        except InvalidToken as error:
            raise CredentialError("the tokens were sealed with a key that is not here") from error

    def is_current(self, proof: bytes) -> bool:
        """Say whether the first key made the proof, so that no other is needed any more."""
        try:
            self._first.decrypt(proof)
        except InvalidToken:
            return False
        return True

    def rotate(self, sealed: bytes) -> bytes:
        """Seal with the first key what any key sealed; what none of them opens stays as it is."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            return sealed


def token_hash(token: str) -> str:
    """Name a token without showing it: the hex SHA-256 of its text."""
    return hashlib.sha256(token.encode()).hexdigest()
