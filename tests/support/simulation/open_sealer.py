"""A sealer that hides nothing: in a run, keeping tokens secret was a twentieth of the time.

The real one is used wherever a daemon is a process of its own, and in its own tests.
"""

import msgspec
from cryptography.fernet import Fernet

from actors.credential import Credential, Sealer
from store.models import SealedCredential


class OpenSealer(Sealer):
    """Writes tokens down as they are."""

    def __init__(self) -> None:
        super().__init__([Fernet.generate_key().decode()])

    def seal(self, credential: Credential) -> SealedCredential:
        return SealedCredential(
            sealed=msgspec.json.encode(credential),
            obtained_at=credential.obtained_at,
            access_expires_at=credential.access_expires_at,
            refresh_expires_at=credential.refresh_expires_at,
            refresh_hard_expires_at=credential.refresh_hard_expires_at,
        )

    def unseal(self, sealed: SealedCredential) -> Credential:
        return _read(sealed.sealed)


_read = msgspec.json.Decoder(Credential).decode
