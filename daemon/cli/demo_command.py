"""`demo`: the whole main job, on made-up companies."""

from typing import Annotated

import typer

from daemon.cli.shell import shell_of


def demo(
    ctx: typer.Context,
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="End when all is in sync and proven. The default where there is no terminal.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed makes the same companies.")] = 0,
) -> None:
    """Show it all on stand-ins for the vendors: no credentials and no network are needed.

    Companies are connected, filled and changed; a vendor fails and comes back; then the replica
    is compared with the vendors byte for byte. All of it lives in a temporary folder.
    """
    from daemon.demo.show import run_demo  # noqa: PLC0415 - the other commands start without it

    shell = shell_of(ctx)
    raise typer.Exit(
        run_demo(shell.output, seed=seed, once=once or not shell.output.data.is_terminal)
    )
