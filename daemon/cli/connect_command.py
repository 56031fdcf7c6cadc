"""`connect`: give the daemon a company to keep in sync."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import all_accounts
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.follow import describe, follow
from daemon.cli.grant_fields import asked_for, grant_fields, read_grant
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.replies import AccountReply, decoded
from daemon.cli.shell import Shell, shell_of
from daemon.cli.vendor_choice import require_vendor

_LOOK_EVERY_S = 1.0


def connect(  # noqa: PLR0913 - each is an option
    ctx: typer.Context,
    vendor: Annotated[
        str,
        typer.Argument(
            metavar="VENDOR", help="The kind of system: quickbooks, servicetitan, housecallpro."
        ),
    ],
    *,
    code: Annotated[
        str, typer.Option(show_default=False, help="An authorization code, used once.")
    ] = "",
    realm_id: Annotated[
        str, typer.Option(show_default=False, help="The company that goes with it.")
    ] = "",
    from_file: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FILE",
            show_default=False,
            help="What connects it, in a JSON or YAML file; - is standard input.",
        ),
    ] = "",
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the consent page in a browser.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the company until it is all here.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Connect a company: print the vendor's consent page, or use a code or keys that are at hand.

    The consent page leads back to the daemon, which does the rest. A vendor without one is
    connected with keys: they are asked for, secrets without showing them, or taken from a file. A
    company that was connected before keeps its account and its data.
    """
    shell = shell_of(ctx)
    grant = _grant(shell, vendor, config, code=code, realm_id=realm_id, from_file=from_file)
    with shell.daemon(config) as daemon:
        if grant is not None:
            account = decoded(daemon.post(f"/auth/{vendor}/connect", grant), AccountReply)
        else:
            before = {known.id: known.connected_at for known in all_accounts(daemon)}
            _show_page(shell, daemon, vendor, open_page=open_page)
            if not wait:
                return
            account = _connected_since(shell, daemon, vendor, before)
        shell.output.message(f"Connected {account.name} as {account.id}")
        if wait:
            status = follow(shell, daemon, account, lambda cursor: cursor.complete)
            shell.output.message(f"{account.name}: {describe(status)}")
        if as_json:
            shell.output.json(msgspec.Raw(daemon.get(f"/integrations/{account.id}")))


def _grant(
    shell: Shell, vendor: str, config: Path | None, *, code: str, realm_id: str, from_file: str
) -> Mapping[str, object] | None:
    """Return what is at hand to connect a company with; None when its owner has to consent first."""
    if bool(code) != bool(realm_id):
        raise CommandError(
            "--code and --realm-id belong together", "Give both or none.", ExitCode.USAGE
        )
    if code and from_file:
        raise CommandError("--code and --from exclude each other", exit_code=ExitCode.USAGE)
    require_vendor(vendor, shell.config_path(config))
    if code:
        return {"authorization_code": code, "realm_id": realm_id}
    if from_file:
        return read_grant(from_file, shell.folder, vendor)
    fields = grant_fields(vendor)
    return None if fields is None else asked_for(shell, fields)


def _show_page(shell: Shell, daemon: DaemonClient, vendor: str, *, open_page: bool) -> None:
    address = daemon.redirect(f"/auth/{vendor}/start")
    shell.output.message("Open this page as somebody who may give access to the company:")
    shell.output.line(address)
    if open_page and not shell.open_page(address):
        shell.output.message("There is no browser to open it in.", "yellow")


def _connected_since(
    shell: Shell, daemon: DaemonClient, vendor: str, before: Mapping[str, datetime]
) -> AccountReply:
    shell.output.message("Waiting for the consent ... (Ctrl-C stops waiting, not the consent)")
    while True:
        for account in all_accounts(daemon):
            if account.vendor == vendor and before.get(account.id) != account.connected_at:
                return account
        shell.pause(_LOOK_EVERY_S)
