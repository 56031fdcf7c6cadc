"""Secrets that stand in files of their own: `<name>_file` and systemd's credentials."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ReadText = Callable[[Path], str]
"""Returns a file's text. Raises OSError or UnicodeDecodeError."""


def read_text(path: Path) -> str:
    """Read a file as UTF-8."""
    return path.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Where secret files are.

    Attributes:
        folder: what a relative name is taken from.
        credentials: the folder in which systemd puts them (`$CREDENTIALS_DIRECTORY`), or None.
    """

    folder: Path
    credentials: Path | None
    read_text: ReadText

    def named(self, name: str) -> str:
        """Return the text of the file that the configuration names."""
        return self.read_text(self.folder / name)

    def credential(self, path: str) -> str | None:
        """Return the text of the credential called as the secret's path, or None without one."""
        if self.credentials is None:
            return None
        try:
            return self.read_text(self.credentials / path)
        except FileNotFoundError:
            return None
