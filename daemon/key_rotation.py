"""Changing the key that seals tokens, in steps each of which may be the last: nothing is lost."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

from actors.credential import Sealer
from actors.errors import CredentialError
from daemon.config import Config
from daemon.durable_file import replace_text
from daemon.generated_secret import GeneratedSecretError, keys_path, read_secret
from daemon.sealed_store import SealedStore


class KeyRotationError(Exception):
    """The keys cannot be changed; the text says why and what to do."""


def key_file(config: Config, config_path: Path, credentials: str | None) -> Path:
    """Return the file that the keys are in.

    Raises:
        KeyRotationError: they are in none that could be written.
    """
    if credentials is not None and (Path(credentials) / "secrets.keys").exists():
        raise KeyRotationError("the keys are a systemd credential: name its file with --keys-file")
    if not config.secrets.keys:
        return keys_path(config.store.path)
    section = (yaml.safe_load(config_path.read_text(encoding="utf-8")) or {}).get("secrets") or {}
    if named := section.get("keys_file"):
        return config_path.absolute().parent / str(named)
    raise KeyRotationError(
        "the keys stand in the configuration itself: put a new one in front there (syncline keys new"
        " prints one), then reload the daemon; or name their file with --keys-file"
    )


def read_keys(path: Path) -> Sequence[str]:
    """Return the keys in a file, the one that seals first.

    Raises:
        KeyRotationError: there are none, or they are none.
    """
    try:
        kept = read_secret(path)
    except GeneratedSecretError as error:
        raise KeyRotationError(str(error)) from error
    if kept is None:
        raise KeyRotationError(f"there is no {path}: start the daemon once")
    keys = kept.reveal().split()
    _sealer(keys, path)
    return keys


def add_key(path: Path, store: SealedStore) -> bool:
    """Put a new key in front of those in the file; False when one is in front that is not in use yet.

    Raises:
        KeyRotationError: the keys are not those of this database, or the file cannot be written.
    """
    keys = read_keys(path)
    sealer, proof = _sealer(keys, path), store.proof()
    if proof is not None:
        try:
            sealer.check(proof)
        except CredentialError as error:
            raise KeyRotationError(f"{path} has not the key that sealed {store.name}") from error
        if not sealer.is_current(proof):
            return False
    _write(path, [Fernet.generate_key().decode("ascii"), *keys])
    return True


def is_in_use(path: Path, store: SealedStore) -> bool:
    """Say whether the first key in the file is the one that the database is sealed with."""
    proof = store.proof()
    return proof is not None and _sealer(read_keys(path), path).is_current(proof)


def forget_old_keys(path: Path, store: SealedStore) -> int:
    """Leave only the first key in the file; return how many went.

    Raises:
        KeyRotationError: something is still sealed with another one.
    """
    keys = read_keys(path)
    first = _sealer(keys[:1], path)
    if not is_in_use(path, store):
        raise KeyRotationError("the first key is not in use yet: syncline keys rotate")
    for sealed in store.sealed_tokens():
        try:
            first.check(sealed)
        except CredentialError as error:
            raise KeyRotationError(
                "an account's tokens are still sealed with another key: restart the daemon, which"
                " seals them anew"
            ) from error
    _write(path, keys[:1])
    return len(keys) - 1


def _sealer(keys: Sequence[str], path: Path) -> Sealer:
    try:
        return Sealer(keys)
    except CredentialError as error:
        raise KeyRotationError(f"{path}: {error}") from error


def _write(path: Path, keys: Sequence[str]) -> None:
    try:
        replace_text(path, "".join(f"{key}\n" for key in keys))
    except OSError as error:
        raise KeyRotationError(f"{path} cannot be written: {error.strerror}") from error
