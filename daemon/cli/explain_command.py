"""`explain`: how one object came to be as it is held."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import ExplainedEventReply, ExplanationReply, decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count, printable

_INDENT = "    "
_SHOWN_CHARS = 200
_HARD_SPACE = "\N{NO-BREAK SPACE}"


def explain(
    ctx: typer.Context,
    account: AccountArgument,
    object_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="As the vendor calls it: Invoice.")
    ],
    object_id: Annotated[str, typer.Argument(metavar="ID", help="The vendor's id of it.")],
    *,
    diff: Annotated[
        bool, typer.Option("--diff", help="Also which fields each version changed.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show every version of an object that was seen: which call brought it, which rule kept or refused it.

    The newest is last. The call is named by the vendor's own id of it, for its support to find it by;
    of a look that took several calls, the first is.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        document = daemon.get(
            account_path(chosen, "objects", object_type, object_id, "explanation")
        )
    if as_json:
        shell.output.json(msgspec.Raw(document))
        return
    found = decoded(document, ExplanationReply)
    if found.earlier_left_out:
        shell.output.message("There are older versions that are not shown.")
    for event in found.events:
        _show(shell.output, event)
        if diff:
            _print_changes(shell.output, event)
    shell.output.message(_confirmed(found))


def _show(output: Output, event: ExplainedEventReply) -> None:
    """Print what happened and why on one line, and below it what brought it; wrapped on a terminal."""
    why = event.why
    if event.last_at is not None:
        why += f" ({event.times} times, last {event.last_at:%Y-%m-%dT%H:%M:%SZ})"
    head = f"{event.at:%Y-%m-%dT%H:%M:%SZ}  {event.what}: {why}"
    for line in (*_wrapped(output, head, ""), *_wrapped(output, _source(event), _INDENT)):
        output.line(line.replace(_HARD_SPACE, " "))


def _wrapped(output: Output, text: str, indent: str) -> Sequence[str]:
    return wrap(
        printable(text),
        output.width,
        initial_indent=indent,
        subsequent_indent=_INDENT,
        break_on_hyphens=False,
    )


def _source(event: ExplainedEventReply) -> str:
    first, *others = event.trace_ids or [""]
    said = [
        f"version {event.version}" if event.version else "",
        f"vendor time {event.updated_at:%Y-%m-%dT%H:%M:%SZ}" if event.updated_at else "",
        f"by {event.via}" + (f" of {event.look}" if event.look else ""),
        f"call{_HARD_SPACE}{first}" + (f" +{len(others)}" if others else "") if first else "",
    ]
    return ", ".join(filter(None, said))


def _print_changes(output: Output, event: ExplainedEventReply) -> None:
    for field in event.changed:
        text = f"{field.name}: {_short(field.before)} -> {_short(field.after)}"
        for line in _wrapped(output, text, _INDENT):
            output.line(line)


def _short(value: msgspec.Raw) -> str:
    text = printable(bytes(value).decode()) or "(not there)"
    return f"{text[:_SHOWN_CHARS]}..." if len(text) > _SHOWN_CHARS else text


def _confirmed(found: ExplanationReply) -> str:
    state = "deleted" if found.deleted else "held as the last version"
    known = (
        "its type has not been read from end to end yet"
        if found.covered_until is None
        else f"known to be so up to {found.covered_until:%Y-%m-%dT%H:%M:%SZ} in vendor time"
    )
    events = count(len(found.events), "event")
    return f"{found.object_type} {found.object_id}: {events}; {state}, {known}"
