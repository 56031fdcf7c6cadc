"""The keys that seal tokens: found or made, and seen to be the ones that this database was sealed with."""

from pathlib import Path

import structlog

from actors.credential import Sealer
from actors.errors import CredentialError
from daemon.config import Config
from daemon.generated_secret import ensure_keys, keys_path, read_secret
from daemon.sealed_store import sealed_store
from daemon.sealing_proof import PROOF_KEY
from store.ports import Store

_KEY_IS_AT = {
    True: "put the key file back from its copy",
    False: "put the key file back from its copy, or copy another node's",
}
"""What to do without one, by whether the store is a file."""

log = structlog.get_logger()


class WrongKeyError(Exception):
    """The keys at hand do not open what is in the database; the text says what to do."""


async def open_sealer(config: Config, store: Store) -> Sealer:
    """Return a sealer with the configured keys, or with those that were made beside the database.

    With a new first key, all tokens are sealed anew, so that the old key may go at the next start.
    Nothing else may write tokens meanwhile.

    Raises:
        WrongKeyError: they are no keys, or not the ones that the database was sealed with, or
            those that were made are gone; no new one is made in their place.
        GeneratedSecretError: the file of made keys can't be used.
        StoreUnavailableError: the store takes no writes now; nothing was changed.
    """
    proof = await store.metadata(PROOF_KEY)
    sealer = known_sealer(config, proof)
    if sealer is None:
        sealer = Sealer(_make_keys(config.store.path))
    if proof is None:
        await store.set_metadata(PROOF_KEY, sealer.proof())
    elif not sealer.is_current(proof):
        credentials = await store.reseal(sealer.rotate, PROOF_KEY, sealer.proof())
        log.info("sealing_key_rotated", credentials=credentials)
    return sealer


async def take_up_keys(config: Config, store: Store, sealer: Sealer) -> int | None:
    """Have a sealer that is in use take up keys that were changed, and seal all tokens anew.

    Returns how many accounts' tokens that changed; None when the keys are the ones in use.

    Raises:
        WrongKeyError, GeneratedSecretError: as `open_sealer`; the keys in use are still the ones before.
        StoreUnavailableError: the tokens are sealed as before; the next time goes on.
    """
    keys, proof = _keys_at_hand(config), await store.metadata(PROOF_KEY)
    if keys is None or (sealer.has(keys) and proof is not None and sealer.is_current(proof)):
        return None
    known_sealer(config, proof)
    sealer.adopt(keys)
    credentials = await store.reseal(sealer.rotate, PROOF_KEY, sealer.proof())
    log.info("sealing_key_rotated", credentials=credentials)
    return credentials


def _keys_at_hand(config: Config) -> list[str] | None:
    if config.secrets.keys:
        return [key.reveal() for key in config.secrets.keys]
    kept = read_secret(keys_path(config.store.path))
    return None if kept is None else kept.reveal().split()


def known_sealer(config: Config, proof: bytes | None) -> Sealer | None:
    """Return a sealer with the keys that there are, seen to fit the proof; None without any.

    Raises:
        WrongKeyError: as `open_sealer`.
        GeneratedSecretError: the file of made keys can't be used.
    """
    database, path = sealed_store(config.store).name, keys_path(config.store.path)
    source = "secrets.keys" if config.secrets.keys else str(path)
    keys = _keys_at_hand(config)
    if keys is None and proof is not None:
        raise WrongKeyError(
            f"no {path}: the tokens in {database} were sealed with its key; "
            + _KEY_IS_AT[config.store.is_file]
        )
    if keys is None:
        return None
    try:
        sealer = Sealer(keys)
        if proof is not None:
            sealer.check(proof)
    except CredentialError as error:
        raise WrongKeyError(
            f"{source}: {error}; put back the key that sealed this database ({database})"
        ) from error
    return sealer


def _make_keys(database: Path) -> list[str]:
    made = ensure_keys(database)
    if made.created:
        log.warning(
            "sealing_key_generated",
            path=str(made.path),
            advice="back this file up apart from the database: without it the tokens are lost",
        )
    return made.value.reveal().split()
