"""`accounts`, `pause`, `resume`, `disconnect`."""

from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, all_accounts, chosen_account
from daemon.cli.account_table import account_table
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption, YesOption
from daemon.cli.replies import AccountReply, Disconnected, decoded
from daemon.cli.shell import Shell, shell_of


def accounts(
    ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """List the connected companies, with their state and how exact the replica is."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        if as_json:
            shell.output.json(list(daemon.items("/integrations")))
            return
        found = all_accounts(daemon)
    if not found:
        shell.output.message("No accounts yet. Connect one: syncline connect VENDOR")
        return
    now = shell.clock.now().utc
    shell.output.show(account_table(shell.output, found, now))


def pause(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Stop looking for an account's changes until it is resumed. Survives a restart."""
    _post(shell_of(ctx), account, "pause", config, as_json=as_json)


def resume(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a paused account go on from where it stopped."""
    _post(shell_of(ctx), account, "resume", config, as_json=as_json)


def disconnect(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    purge: Annotated[
        bool, typer.Option("--purge", help="Delete the account's data here as well.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Revoke the access to an account at its vendor and stop its sync; its data here stays.

    Connecting the company again goes on with the same account.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        also = " and delete all its data here" if purge else ""
        shell.confirm(f"Disconnect {chosen.name} ({chosen.vendor}){also}?", yes=yes)
        reply = daemon.delete(account_path(chosen), {"purge": purge})
    if as_json:
        shell.output.json(msgspec.Raw(reply))
        return
    done = decoded(reply, Disconnected)
    data = "deleted" if done.purged else "kept"
    but = f"; {done.detail}" if done.detail else ""
    shell.output.message(f"{chosen.name}: disconnected, its data {data}{but}")


def _post(shell: Shell, wanted: str, verb: str, config: ConfigOption, *, as_json: bool) -> None:
    with shell.daemon(config) as daemon:
        reply = daemon.post(account_path(chosen_account(daemon, wanted), verb))
    if as_json:
        shell.output.json(msgspec.Raw(reply))
        return
    account = decoded(reply, AccountReply)
    shell.output.message(f"{account.name}: {account.state}")
