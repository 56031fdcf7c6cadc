"""Secrets that nobody configured: made once, kept beside the database, read ever after."""

import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.config import Secret

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class GeneratedSecretError(Exception):
    """A secret's file cannot be used or made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class GeneratedSecret:
    """A secret with the file that it is kept in.

    Attributes:
        created: whether it was made just now.
    """

    value: Secret
    path: Path
    created: bool


def admin_token_path(database: Path) -> Path:
    """Where the token that opens the API is kept."""
    return database.with_name(f"{database.name}.admin-token")


def keys_path(database: Path) -> Path:
    """Where the keys that seal tokens are kept, one a line; the first one seals."""
    return database.with_name(f"{database.name}.key")


def ensure_admin_token(
    database: Path, make: Callable[[], str] = secrets.token_urlsafe
) -> GeneratedSecret:
    """Return the token kept beside this database; make one when there is none.

    Raises:
        GeneratedSecretError: the file cannot be used or made.
    """
    return _ensure(admin_token_path(database), make)


def _new_key() -> str:
    # Only a first start makes one, and this loads slowly.
    from cryptography.fernet import Fernet  # noqa: PLC0415

    return Fernet.generate_key().decode("ascii")


def ensure_keys(database: Path, make: Callable[[], str] = _new_key) -> GeneratedSecret:
    """Return the key file's lines kept beside this database; make one key when there is none.

    Raises:
        GeneratedSecretError: the file cannot be used or made.
    """
    return _ensure(keys_path(database), make)


def read_secret(path: Path) -> Secret | None:
    """Return the secret in a file, or None when there is no such file.

    Raises:
        GeneratedSecretError: it cannot be read, is empty, or others than its owner may read it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS
            text = file.read().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise GeneratedSecretError(f"{path} cannot be read: {_reason(error)}") from error
    if others:
        raise GeneratedSecretError(
            f"{path} can be read by others than its owner; close it: chmod 600 {path}"
        )
    if not text:
        raise GeneratedSecretError(f"{path} is empty; put the secret back, or remove the file")
    return Secret(text)


def _ensure(path: Path, make: Callable[[], str]) -> GeneratedSecret:
    found = read_secret(path)
    if found is not None:
        return GeneratedSecret(found, path, created=False)
    value = make()
    try:
        created = _create(path, value)
    except OSError as error:
        raise GeneratedSecretError(f"{path} cannot be made: {_reason(error)}") from error
    # Another process may have been first: its secret is the one that counts.
    return GeneratedSecret(Secret(value), path, created=True) if created else _ensure(path, make)


def _create(path: Path, text: str) -> bool:
    """Put the file there whole and durable, for its owner only; False when there is one already."""
    # mkstemp opens with O_EXCL and mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it is not text"
