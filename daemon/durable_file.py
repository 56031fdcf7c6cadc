"""Writing files so that they are whole, durable, and for their owner alone."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, for its owner alone, and wait until it is on the disk. Raises `OSError`."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reader, os.fdopen(descriptor, "wb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())


def give_to_owner(path: Path, like: Path) -> None:
    """Give a file that root made to the owner of another, or of its folder where there is none.

    Without it the daemon, which runs as a user of its own, could not read what root restored.

    Raises:
        OSError: it cannot be given.
    """
    if os.geteuid() == 0:
        status = (like if like.exists() else like.parent).stat()
        # In a folder that is theirs others might have put a link in the place of the file.
        os.chown(path, status.st_uid, status.st_gid, follow_symlinks=False)


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file. Raises `OSError`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Wait until what was put into a folder is on the disk. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str, mode: int = 0o600) -> None:
    """Put a small file in the place of an earlier one, whole and durable. Raises `OSError`."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            give_to_owner(Path(name), like=path)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)
