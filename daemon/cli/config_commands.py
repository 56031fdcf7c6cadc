"""`config check` and `config show`."""

import typer
import yaml

from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.shell import shell_of
from daemon.config import advice, load_config, show_config


def check(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Say whether the configuration can be used; list what is wrong or unwise in it."""
    from daemon.jobs.tracking import routing_advice  # noqa: PLC0415 - loads the vendors' packages

    shell = shell_of(ctx)
    path = shell.config_path(config)
    config_ = load_config(path, shell.environ)
    for each in [*advice(config_), *routing_advice(config_)]:
        shell.output.message(f"Advice: {each}", "yellow")
    shell.output.message(f"{path}: OK")


def show(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Print the configuration in force: every default put in, secrets hidden."""
    shell = shell_of(ctx)
    shown = show_config(shell.config(config))
    if as_json:
        shell.output.json(shown)
    else:
        shell.output.block(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True))
