"""What a store's tokens were sealed with, seen from beside the daemon and without changing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from daemon.config import StoreConfig
from daemon.sealing_proof import PROOF_KEY, stored_proof
from daemon.store_opening import look_into_postgresql
from store.sqlite.backup import sealed_tokens_of_live


class SealedStore(Protocol):
    """A store, as whoever changes its keys sees it; reading it raises `StoreOpenError`."""

    @property
    def name(self) -> str:
        """Which one it is."""
        ...

    def proof(self) -> bytes | None:
        """Return what the sealer in use left; None when there was none yet."""
        ...

    def sealed_tokens(self) -> Sequence[bytes]:
        """Return all tokens as they are."""
        ...


@dataclass(frozen=True, slots=True)
class SealedFile:
    """SQLite's file."""

    path: Path

    @property
    def name(self) -> str:
        """Return the path."""
        return str(self.path)

    def proof(self) -> bytes | None:
        """Read the proof."""
        return stored_proof(self.path)

    def sealed_tokens(self) -> Sequence[bytes]:
        """Read all tokens."""
        return sealed_tokens_of_live(self.path)


@dataclass(frozen=True, slots=True)
class SealedDatabase:
    """A PostgreSQL database."""

    config: StoreConfig

    @property
    def name(self) -> str:
        """Say which one it is, without secrets."""
        return "the database of store.url"

    def proof(self) -> bytes | None:
        """Read the proof."""
        with look_into_postgresql(self.config) as database:
            return database.metadata(PROOF_KEY)

    def sealed_tokens(self) -> Sequence[bytes]:
        """Read all tokens."""
        with look_into_postgresql(self.config) as database:
            return database.sealed_tokens()


def sealed_store(config: StoreConfig) -> SealedStore:
    """Return the store that the configuration names."""
    return SealedFile(config.path) if config.is_file else SealedDatabase(config)
