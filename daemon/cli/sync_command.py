"""`sync`: look for an account's changes now."""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.follow import describe, follow
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.price import require_account, show_price
from daemon.cli.replies import CursorReply, StatusReply, decoded
from daemon.cli.shell import shell_of


def sync(
    ctx: typer.Context,
    account: Annotated[
        str,
        typer.Argument(
            metavar="[ACCOUNT]",
            show_default=False,
            help="As in other commands; with --full --dry-run, all accounts when left out.",
        ),
    ] = "",
    *,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", "-t", metavar="TYPE", show_default=False, help="Only this type. Repeatable."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again and compare.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do nothing; print what it would cost.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it is done.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Look for an account's changes now rather than at its next poll."""
    shell = shell_of(ctx)
    require_account(account, all_allowed=full and dry_run)
    wish = ({"object_types": types} if types else {}) | ({"full": True} if full else {})
    with shell.daemon(config) as daemon:
        if dry_run:
            show_price(shell, daemon, account, wish, as_json=as_json)
            return
        chosen = chosen_account(daemon, account)
        path = account_path(chosen, "status")
        before = decoded(daemon.get(path), StatusReply)
        daemon.post(account_path(chosen, "sync"), wish)
        shell.output.message(f"{chosen.name}: asked to look now")
        if wait:
            after = follow(shell, daemon, chosen, looked_since(before, types or ()))
            shell.output.message(f"{chosen.name}: {describe(after)}")
        if as_json:
            shell.output.json(msgspec.Raw(daemon.get(path)))


def looked_since(before: StatusReply, types: Sequence[str]) -> Callable[[CursorReply], bool]:
    """Return a test of whether a type was looked at since; a type that is not named passes.

    A look that ends moves what the type covers. One that was under way while a full reading was
    asked for is not that reading.
    """
    covered = {cursor.object_type: cursor.covered_until for cursor in before.cursors}

    def is_done(cursor: CursorReply) -> bool:
        if types and cursor.object_type not in types:
            return True
        if cursor.rescan_requested:
            covered[cursor.object_type] = cursor.covered_until
        moved = cursor.covered_until != covered.get(cursor.object_type)
        return moved and cursor.complete and not cursor.rescan_requested

    return is_done
