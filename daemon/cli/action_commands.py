"""`actions`: what users asked to have done at the vendor."""

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import ActionReply, decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count, printable

_WAIT_S = 10
_HEADINGS = ("ID", "TYPE", "STATE", "CREATED", "ATTEMPTS", "OBJECT", "LAST ERROR")

ActionArgument = Annotated[str, typer.Argument(metavar="ACTION", help="The action's id.")]


def list_actions(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    state: Annotated[
        str, typer.Option(show_default=False, help="Only those that stand so: unknown.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List an account's actions, newest first."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        path = account_path(chosen_account(daemon, account), "actions")
        query = {"limit": min(limit, 500)} | ({"state": state} if state else {})
        found = islice(daemon.items(path, query), limit)
        if as_json:
            for item in found:
                shell.output.json_line(item)
            return
        rows = [_row(decoded(item, ActionReply)) for item in found]
    shell.output.table(_HEADINGS, rows)
    if len(rows) == limit:
        shell.output.message(f"The newest {count(limit, 'action')}; --limit shows more.")


def show(
    ctx: typer.Context,
    account: AccountArgument,
    action: ActionArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one action with every attempt at it."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.get(account_path(chosen_account(daemon, account), "actions", action))
    _show(shell.output, reply, as_json=as_json)


def send(
    ctx: typer.Context,
    account: AccountArgument,
    action_type: Annotated[str, typer.Argument(metavar="TYPE", help="payment.create")],
    payload: Annotated[
        str, typer.Argument(metavar="PAYLOAD", help="JSON; @FILE reads a file, - standard input.")
    ],
    *,
    key: Annotated[
        str, typer.Option("--key", show_default=False, help="The same key, the same action.")
    ] = "",
    allow_duplicate: Annotated[
        bool,
        typer.Option("--allow-duplicate", help="It may be the same as one of the last 24 h."),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Have something done at an account's vendor, once."""
    shell = shell_of(ctx)
    wish: dict[str, object] = {"type": action_type, "payload": _payload(payload)}
    wish |= ({"idempotency_key": key} if key else {}) | (
        {"allow_duplicate": True} if allow_duplicate else {}
    )
    with shell.daemon(config) as daemon:
        path = account_path(chosen_account(daemon, account), "actions")
        reply = daemon.post(f"{path}?wait={_WAIT_S}", wish)
    _show(shell.output, reply, as_json=as_json)
    if decoded(reply, ActionReply).state == "failed":
        raise typer.Exit(ExitCode.FAILED)


def retry(
    ctx: typer.Context,
    account: AccountArgument,
    action: ActionArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Try a failed action again, or look for one whose outcome is unknown. Never sends blindly."""
    _post(ctx, account, action, f"retry?wait={_WAIT_S}", config, as_json=as_json)


def cancel(
    ctx: typer.Context,
    account: AccountArgument,
    action: ActionArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Call an action off that was not sent yet."""
    _post(ctx, account, action, "cancel", config, as_json=as_json)


def _post(
    ctx: typer.Context,
    account: str,
    action: str,
    verb: str,
    config: ConfigOption,
    *,
    as_json: bool,
) -> None:
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = _posted(daemon, account, action, verb)
    _show(shell.output, reply, as_json=as_json)


def _posted(daemon: DaemonClient, account: str, action: str, verb: str) -> bytes:
    path = account_path(chosen_account(daemon, account), "actions", action)
    return daemon.post(f"{path}/{verb}")


def _payload(text: str) -> msgspec.Raw:
    """Return the JSON as it was given.

    Raises:
        CommandError: it is none, or can't be read.
    """
    try:
        if text == "-":
            given = sys.stdin.buffer.read()
        elif text.startswith("@"):
            given = Path(text[1:]).read_bytes()
        else:
            given = text.encode()
        msgspec.json.decode(given)
    except OSError as error:
        raise CommandError(f"the payload can't be read: {error}") from error
    except msgspec.DecodeError as error:
        raise CommandError(f"the payload is not JSON: {error}") from error
    return msgspec.Raw(given.strip())


def _show(output: Output, reply: bytes, *, as_json: bool) -> None:
    if as_json:
        output.json(msgspec.Raw(reply))
        return
    action = decoded(reply, ActionReply)
    output.table(_HEADINGS, [_row(action)])
    for number, attempt in enumerate(action.attempts, 1):
        words = [f"{attempt.at:%Y-%m-%d %H:%M:%S}", attempt.call, attempt.outcome]
        words += [text for text in (attempt.trace_id, attempt.error) if text]
        output.message(printable(f"{number}. {' '.join(words)}"))
    for drift in action.drifts:
        now = "as asked for again" if drift.resolved_at else f"{drift.found} at the vendor"
        what = f"{drift.object_type} {drift.object_id}, {drift.field}"
        output.message(printable(f"{what}: asked for {drift.asked}, {now}"), "yellow")
    if action.waits_for:
        output.message(printable(f"It waits: {action.waits_for}"), "yellow")
    if action.needs_person:
        output.message(
            "Nobody can tell from here whether it happened: look at the vendor, then retry it."
        )


def _row(action: ActionReply) -> tuple[str, ...]:
    result = action.result
    return (
        action.id,
        action.type,
        f"{action.state}!" if action.needs_person else action.state,
        f"{action.created_at:%Y-%m-%d %H:%M:%S}",
        str(len(action.attempts)),
        f"{result.object_type} {result.object_id}" if result else "",
        printable(action.last_error or ""),
    )
