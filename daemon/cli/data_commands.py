"""`objects` and `changes`: what is in the replica, and what happened to it."""

from collections.abc import Mapping
from itertools import islice
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from daemon.cli.account_choice import account_path, all_accounts, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption, MaxAgeOption
from daemon.cli.output import Output
from daemon.cli.replies import ChangeReply, DatabaseReply, FreshReply, ObjectReply, Page, decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count, printable

_OBJECT_HEADINGS = ("ID", "VERSION", "UPDATED", "SYNCED", "DELETED", "PAYLOAD")
_PREVIEW_CHARS = 60
_WAIT_S = 25


def objects(  # noqa: PLR0913 - the options of a list
    ctx: typer.Context,
    account: AccountArgument,
    object_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="As the vendor calls it: Invoice.")
    ],
    object_id: Annotated[
        str,
        typer.Argument(
            metavar="[ID]", show_default=False, help="One object, with its whole payload."
        ),
    ] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 100,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Also those deleted at the vendor.")
    ] = False,
    max_age: MaxAgeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show an account's objects of one type, or one object.

    With --json each object is one line: the payload is the vendor's own text.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        aged = {} if max_age is None else {"max_age": max_age}
        if object_id:
            path = account_path(chosen, "objects", object_type, object_id)
            found_one = daemon.get(path, aged)
            _show_one(shell.output, found_one, as_json=as_json)
            _show_age(shell.output, found_one, aged)
            return
        path = account_path(chosen, "objects", object_type)
        if aged:
            # Once: its pages need no look each.
            _show_age(shell.output, daemon.get(path, {"limit": 1, **aged}), aged)
        query = {"limit": min(limit, 500)} | ({"include_deleted": "true"} if deleted else {})
        found = islice(daemon.items(path, query), limit)
        if as_json:
            for item in found:
                shell.output.json_line(item)
            return
        rows = [_object_row(decoded(item, ObjectReply)) for item in found]
    shell.output.table(_OBJECT_HEADINGS, rows)
    if len(rows) == limit:
        shell.output.message(f"The first {count(limit, 'object')}; --limit shows more.")


def changes(
    ctx: typer.Context,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more until Ctrl-C.")
    ] = False,
    after: Annotated[
        int | None,
        typer.Option(
            min=0,
            show_default="0; with --follow the newest",
            help="Only changes behind this number.",
        ),
    ] = None,
    account: Annotated[str, typer.Option(show_default=False, help="Only of this account.")] = "",
    object_type: Annotated[
        str, typer.Option("--type", show_default=False, help="Only of this type.")
    ] = "",
    limit: Annotated[
        int, typer.Option(min=0, help="Stop after so many.", show_default="no limit")
    ] = 0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what changed in the replica, oldest first.

    With --follow only what changes from now on; --follow --after 0 begins at the beginning.
    With --json each change is one line.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        query: dict[str, str | int | bool] = {"type": object_type} if object_type else {}
        if account:
            query["account"] = chosen_account(daemon, account).id
        printed = 0
        if after is None:
            after = decoded(daemon.get("/health/db"), DatabaseReply).last_seq if follow else 0
        names = {known.id: known.name for known in all_accounts(daemon)}
        while not limit or printed < limit:
            wanted = min(500, limit - printed) if limit else 500
            page = _changes_page(daemon, {**query, "after": after, "limit": wanted}, follow=follow)
            for item in page.items:
                _print_change(shell.output, item, names, as_json=as_json)
            printed += len(page.items)
            if not page.items and not follow:
                return
            after = int(page.next or after)


def _changes_page(
    daemon: DaemonClient, query: dict[str, str | int | bool], *, follow: bool
) -> Page:
    asked = query | ({"wait": _WAIT_S} if follow else {})
    return decoded(daemon.get("/changes", asked), Page)


def _print_change(
    output: Output, item: msgspec.Raw, names: dict[str, str], *, as_json: bool
) -> None:
    if as_json:
        output.json_line(item)
        return
    change = decoded(item, ChangeReply)
    output.line(
        f"{change.seq:>8}  {change.observed_at:%Y-%m-%dT%H:%M:%SZ}  {change.op:<6}  "
        f"{change.via:<8}  {change.object_type} {change.object_id}  "
        f"{names.get(change.account_id, change.account_id)}"
    )


def _show_age(output: Output, document: bytes, aged: Mapping[str, float]) -> None:
    """Say how old the answer is to who asked for an age."""
    if aged:
        output.message(decoded(document, FreshReply).freshness.in_words())


def _show_one(output: Output, document: bytes, *, as_json: bool) -> None:
    if as_json:
        output.json_line(msgspec.Raw(document))
        return
    found = decoded(document, ObjectReply)
    gone = ", deleted at the vendor" if found.deleted else ""
    output.message(
        f"{found.object_type} {found.object_id}, version {found.version}, "
        f"updated {found.updated_at:%Y-%m-%dT%H:%M:%SZ}{gone}"
    )
    output.json(found.payload)


def _object_row(found: ObjectReply) -> tuple[Text | str, ...]:
    payload = bytes(found.payload).decode()
    cut = len(payload) > _PREVIEW_CHARS
    preview = f"{payload[:_PREVIEW_CHARS]}..." if cut else payload
    return (
        found.object_id,
        found.version,
        f"{found.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{found.synced_at:%Y-%m-%dT%H:%M:%SZ}",
        "yes" if found.deleted else "no",
        Text(printable(preview), no_wrap=True, overflow="ellipsis"),
    )
