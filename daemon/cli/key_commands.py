"""`keys`: the keys that seal tokens, and how they are changed."""

import os
import signal
from pathlib import Path
from typing import Annotated

import anyio
import typer
from cryptography.fernet import Fernet

from daemon.cli.failure import CommandError
from daemon.cli.options import ConfigOption, YesOption
from daemon.cli.shell import Shell, shell_of
from daemon.cli.wording import count
from daemon.config import Config
from daemon.key_rotation import (
    KeyRotationError,
    add_key,
    forget_old_keys,
    is_in_use,
    key_file,
    read_keys,
)
from daemon.sealed_store import sealed_store
from daemon.sealing_key import WrongKeyError, known_sealer
from daemon.sealing_proof import PROOF_KEY
from daemon.store_opening import open_configured_store
from store.errors import StoreError, StoreOpenError
from store.sqlite.lock import holder

_LOOK_EVERY_S = 0.2
_LOOKS = 150
_BY_HAND = (
    "Put a new key (syncline keys new) in front of the others by hand, then reload the daemon"
)

KeysFileOption = Annotated[
    Path | None,
    typer.Option(
        "--keys-file",
        metavar="FILE",
        show_default=False,
        help="The file of the keys, one a line. Default: what the configuration says.",
    ),
]


def rotate(
    ctx: typer.Context, *, keys_file: KeysFileOption = None, config: ConfigOption = None
) -> None:
    """Put a new key in front of the others, and seal all tokens with it.

    A daemon that runs is told to do it; else it is done here. Whenever it dies, it may be called again:
    the keys before stay in the file until `keys forget`.
    """
    shell = shell_of(ctx)
    settings, path = _keys(shell, config, keys_file)
    try:
        if add_key(path, sealed_store(settings.store)):
            shell.output.message(f"a new key is in front in {path}")
        else:
            shell.output.message(f"the key in front in {path} was not in use yet")
        _seal(shell, shell.config(config), path)
    except (KeyRotationError, WrongKeyError, StoreError) as error:
        raise CommandError(str(error)) from error
    shell.output.line(f"all tokens are sealed with the first key in {path}")
    shell.output.message(
        f"copy {path} to where its copies are kept. Backups made before need the old keys: syncline"
        " keys forget removes those from the file once no such backup is kept"
    )


def forget(
    ctx: typer.Context,
    *,
    keys_file: KeysFileOption = None,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Remove all keys but the first from the file, when nothing in the database needs them any more."""
    shell = shell_of(ctx)
    settings, path = _keys(shell, config, keys_file)
    shell.confirm("Backups made before the last rotation can't be used then. Go ahead?", yes=yes)
    try:
        gone = forget_old_keys(path, sealed_store(settings.store))
    except (KeyRotationError, StoreError) as error:
        raise CommandError(str(error)) from error
    shell.output.line(f"{count(gone, 'key')} removed from {path}")


def new(ctx: typer.Context) -> None:
    """Print a new key, for where the keys are kept by something else."""
    shell_of(ctx).output.line(Fernet.generate_key().decode("ascii"))


def _keys(shell: Shell, config: Path | None, named: Path | None) -> tuple[Config, Path]:
    settings = shell.config(config)
    try:
        path = named or key_file(
            settings, shell.config_path(config), shell.environ.get("CREDENTIALS_DIRECTORY")
        )
        read_keys(path)
    except KeyRotationError as error:
        raise CommandError(str(error)) from error
    return settings, path


def _seal(shell: Shell, config: Config, path: Path) -> None:
    """Have all tokens sealed with the first key in the file.

    Raises:
        KeyRotationError: the daemon that runs did not take it.
        WrongKeyError, StoreError: it could not be done here.
    """
    store = sealed_store(config.store)
    if config.store.is_file:
        _seal_file(shell, config)
    else:
        _seal_postgresql(shell, config)
    for _ in range(_LOOKS):
        if is_in_use(path, store):
            return
        shell.pause(_LOOK_EVERY_S)
    raise KeyRotationError(
        f"{store.name} is not sealed with the first key in {path} yet: see the log; where the keys are a"
        " systemd credential, restart the daemon"
    )


def _seal_file(shell: Shell, config: Config) -> None:
    """Seal the tokens here, or tell the daemon that runs."""
    running = holder(config.store.path)
    if running is None:
        anyio.run(_seal_here, config)
        return
    try:
        os.kill(running, signal.SIGHUP)
    except PermissionError as error:
        raise KeyRotationError(
            f"the daemon (process {running}) is another user's: reload it (systemctl reload"
            " syncline), which seals all tokens anew"
        ) from error
    shell.output.message(f"told the daemon (process {running})")


def _seal_postgresql(shell: Shell, config: Config) -> None:
    """Seal the tokens here, or have a person tell the daemon, which may be on another machine."""
    try:
        anyio.run(_seal_here, config)
    except StoreOpenError:
        # Seen again by whoever looks whether the key is in use, if it was not a daemon.
        shell.output.message(
            "a daemon uses the database: have it read its keys now (systemctl reload syncline), which"
            " seals all tokens anew"
        )


async def _seal_here(config: Config) -> None:
    try:
        async with await open_configured_store(config.store, alone=True) as store:
            sealer = known_sealer(config, await store.metadata(PROOF_KEY))
            if sealer is not None:
                await store.reseal(sealer.rotate, PROOF_KEY, sealer.proof())
    except StoreOpenError:
        # A daemon that began meanwhile took the key up at its start.
        if not config.store.is_file or holder(config.store.path) is None:
            raise
