"""`upgrade-store`: a PostgreSQL database brought up to date while nodes of another version work on it."""

from dataclasses import dataclass
from typing import Annotated

import typer

from daemon.cli.client_config import client_config
from daemon.cli.failure import CommandError
from daemon.cli.options import ConfigOption, JsonOption, YesOption
from daemon.cli.shell import shell_of
from daemon.store_opening import upgrade_store as bring_up_to_date
from store.errors import StoreOpenError


@dataclass(frozen=True, slots=True)
class _Upgraded:
    schema_before: int
    schema: int


def upgrade_store(
    ctx: typer.Context,
    *,
    over_older_nodes: Annotated[
        bool,
        typer.Option(
            "--over-older-nodes",
            help="Cut off nodes whose version cannot use the new schema, rather than to refuse.",
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Bring a PostgreSQL database to the schema of this version, as the first new daemon would.

    It refuses while nodes are at work whose version cannot use that schema, and names them. A file is
    brought up to date by its daemon.
    """
    shell = shell_of(ctx)
    settings = client_config(shell.config_path(config), shell.environ)
    if settings.store.is_file:
        raise CommandError(
            "store.url names a file, which is brought up to date when the daemon starts"
        )
    if over_older_nodes:
        shell.confirm("Cut off nodes of older versions? They end at once.", yes=yes)
    try:
        before, now = bring_up_to_date(settings.store, over_older=over_older_nodes)
    except StoreOpenError as error:
        raise CommandError(str(error)) from error
    if as_json:
        shell.output.json(_Upgraded(before, now))
    elif now > before:
        shell.output.line(f"the database's schema was {before} and is {now} now")
    else:
        shell.output.line(f"the database's schema is {now}; there is nothing to do")
