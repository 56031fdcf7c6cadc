"""`sandbox`: stand-ins for the vendors, to try things out on."""

import math
import secrets
from typing import Annotated

import typer

from daemon.cli.failure import CommandError
from daemon.cli.options import JsonOption
from daemon.cli.shell import shell_of


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no size.")
    return value


def sandbox(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes any.")
    ] = 8400,
    companies: Annotated[
        int, typer.Option(min=1, max=1000, help="How many companies there are at each vendor.")
    ] = 3,
    scale: Annotated[
        float,
        typer.Option(min=0.0, callback=_finite, help="How big each is; 1 is about 260 objects."),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same companies.")] = 0,
    webhook_url: Annotated[
        str,
        typer.Option(
            help="Where to deliver webhooks: the daemon's public_url and /webhooks/quickbooks; those"
            " of ServiceTitan go to its own path beside it."
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Serve stand-ins for the vendors, full of made-up companies, until Ctrl-C.

    Prints what to put into the configuration, and how to connect. It forgets everything when it
    ends: companies connected to it must be connected again after a restart.
    """
    from daemon.cli import sandbox_server  # noqa: PLC0415 - the other commands start without it

    shell = shell_of(ctx)
    stands = sandbox_server.Stands(
        sandbox_server.open_sandbox(
            shell.clock, companies, scale, seed, grant_salt=secrets.token_hex()
        ),
        sandbox_server.open_titan(shell.clock, companies, scale, seed),
        sandbox_server.open_housecall(shell.clock, companies, scale, seed),
    )
    try:
        sandbox_server.serve(shell, stands, host, port, webhook_url, as_json=as_json)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(
            f"cannot listen on {host}:{port}: {reason}", "Take another: --port 0 takes any."
        ) from error
