"""`set`: a company's name, and whether and how jobs are routed to it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.job_replies import SettingsReply
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import decoded
from daemon.cli.routing_options import whole_numbers
from daemon.cli.shell import shell_of
from daemon.cli.wording import printable


def set_account(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            show_default=False, help="What it is called here, until its vendor names it anew."
        ),
    ] = None,
    is_active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", show_default=False, help="Offer jobs to it, or none."),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="NAME=VALUE",
            show_default=False,
            help="How jobs are offered to it; no VALUE takes it away. May be given several times.",
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Set a company's name, and whether and how jobs are routed to it; or show that.

    Which options there are is the vendor's matter: booking_provider, campaign_id and
    business_unit_id at ServiceTitan, lead_source at Housecall Pro. What is not named stays.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        routing = _routing(chosen.vendor, options or ())
        if is_active is not None:
            routing["active"] = is_active
        wanted: dict[str, object] = {} if name is None else {"name": name}
        if routing:
            wanted["routing"] = routing
        path = account_path(chosen)
        reply = daemon.patch(path, wanted) if wanted else daemon.get(path)
    _show(shell.output, reply, as_json=as_json)


def _routing(vendor: str, options: Sequence[str]) -> dict[str, object]:
    """Read `NAME=VALUE`; nothing behind the sign is null.

    Raises:
        CommandError: the sign is missing.
    """
    numbers = _numbers(vendor) if options else ()
    found: dict[str, object] = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not sign:
            raise CommandError(
                f"{option!r} is no NAME=VALUE", "--option campaign_id=12", ExitCode.USAGE
            )
        is_number = name in numbers and value.isascii() and value.isdigit()
        found[name] = int(value) if is_number else value or None
    return found


def _numbers(vendor: str) -> Sequence[str]:
    from actors.vendors.registry import DISPATCHING  # noqa: PLC0415 - loads the vendors' packages

    dispatcher = DISPATCHING.get(vendor)
    return () if dispatcher is None else whole_numbers(dispatcher.options)


def _show(output: Output, reply: bytes, *, as_json: bool) -> None:
    if as_json:
        output.json(msgspec.Raw(reply))
        return
    account = decoded(reply, SettingsReply)
    rows = [("name", account.name)]
    for setting, value in (account.routing or {}).items():
        rows.append((f"routing.{setting}", "-" if value is None else _word(value)))
    output.table(("SETTING", "VALUE"), [(setting, printable(value)) for setting, value in rows])
    if account.routing is None:
        output.message(f"No jobs are routed to companies of {account.vendor}.")
    if account.routing_advice is not None:
        output.message(f"Advice: {account.routing_advice}", "yellow")


def _word(value: bool | str | int) -> str:  # noqa: FBT001 - a value to show
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
