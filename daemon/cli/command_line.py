"""The command line as a whole: which commands there are, and how their trouble is shown."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from daemon.cli import action_commands, alert_commands, config_commands, key_commands
from daemon.cli.account_commands import accounts, disconnect, pause, resume
from daemon.cli.backup_command import backup
from daemon.cli.completion_command import answer_shells, completion
from daemon.cli.confirm_command import confirm_deletes
from daemon.cli.connect_command import connect
from daemon.cli.daemon_client import ProblemError
from daemon.cli.data_commands import changes, objects
from daemon.cli.demo_command import demo
from daemon.cli.doctor_command import doctor
from daemon.cli.explain_command import explain
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.output import Output
from daemon.cli.restore_command import restore, restore_drill
from daemon.cli.run_command import run
from daemon.cli.sandbox_command import sandbox
from daemon.cli.shell import Shell, process_shell
from daemon.cli.status_command import status
from daemon.cli.sync_command import sync
from daemon.cli.timeline_commands import audit, events
from daemon.cli.verify_command import verify
from daemon.cli.views_command import views
from daemon.config import ConfigError

_NAME = "syncline"

_Commands = Sequence[tuple[Callable[..., None], str, str]]
"""Function, what it does in a few words, example."""

_COMMANDS: _Commands = (
    (run, "Run the daemon.", "syncline run --config /etc/syncline/config.yaml"),
    (demo, "Show it all, on made-up companies.", "syncline demo --once"),
    (sandbox, "Serve stand-ins for the vendors.", "syncline sandbox --port 8400 --companies 2"),
    (connect, "Connect a company.", "syncline connect quickbooks --open --wait"),
    (
        accounts,
        "List the connected companies.",
        "syncline accounts --json | jq -r '.[] | select(.state != \"live\") | .name'",
    ),
    (
        status,
        "Show how accounts are, or all about one.",
        'syncline status "Amy\'s Bird Sanctuary" --watch',
    ),
    (sync, "Look for changes now.", "syncline sync 4f1c --type Invoice --type Payment --wait"),
    (
        verify,
        "Compare with the vendor, mend what differs.",
        "syncline verify 4f1c --no-repair --json | jq '.types[] | select(.differing != [])'",
    ),
    (pause, "Stop looking until resumed.", "syncline pause 4f1c"),
    (resume, "Let a paused account go on.", "syncline resume 4f1c"),
    (disconnect, "Revoke the access to a company.", "syncline disconnect 4f1c --purge --yes"),
    (
        objects,
        "Show what is in the replica.",
        "syncline objects 4f1c Invoice --json | jq -r .payload.DocNumber",
    ),
    (
        explain,
        "Tell how one object came to be as it is.",
        "syncline explain 4f1c Invoice 129 --diff",
    ),
    (
        confirm_deletes,
        "Let deletes be made that are held.",
        "syncline confirm-deletes 4f1c --type Invoice",
    ),
    (
        changes,
        "Show or follow what changed.",
        "syncline changes --follow --type Invoice",
    ),
    (
        views,
        "Show what is due, owed and paid.",
        "syncline views 4f1c receivables-aging --as-of 2026-12-31",
    ),
    (events, "Show what happened to an account.", "syncline events 4f1c --follow"),
    (audit, "Show who did what.", "syncline audit --account 4f1c"),
    (backup, "Copy the database, checked.", "syncline backup /srv/backups --keep 14"),
    (
        restore_drill,
        "Prove that a backup is good.",
        "syncline restore-drill /srv/backups --json | jq .passed",
    ),
    (restore, "Put a backup in the database's place.", "syncline restore /srv/backups"),
    (
        completion,
        "Print what completes commands in a shell.",
        "source <(syncline completion bash)",
    ),
    (doctor, "Check this host.", "syncline doctor --config /etc/syncline/config.yaml"),
)
_CONFIG_COMMANDS: _Commands = (
    (
        config_commands.check,
        "Say what is wrong with it.",
        "syncline config check --config config.yaml",
    ),
    (config_commands.show, "Print what is in force.", "syncline config show --json | jq .server"),
)


_ACTION_COMMANDS: _Commands = (
    (action_commands.list_actions, "List them.", "syncline actions list 4f1c --state unknown"),
    (action_commands.show, "Show one, with every attempt.", "syncline actions show 4f1c 3e0c…"),
    (
        action_commands.send,
        "Have something done, once.",
        "syncline actions send 4f1c payment.create @payment.json --key invoice-129",
    ),
    (action_commands.retry, "Try again, or look again.", "syncline actions retry 4f1c 3e0c…"),
    (action_commands.cancel, "Call one off.", "syncline actions cancel 4f1c 3e0c…"),
)
_KEY_COMMANDS: _Commands = (
    (key_commands.rotate, "Seal all tokens with a new key.", "syncline keys rotate"),
    (key_commands.forget, "Remove the keys before it.", "syncline keys forget --yes"),
    (key_commands.new, "Print a new key.", "syncline keys new | systemd-creds encrypt - keys.cred"),
)
_ALERT_COMMANDS: _Commands = (
    (alert_commands.list_alerts, "List the open ones.", "syncline alerts list --all --json"),
    (
        alert_commands.ack,
        "Say that you look after one.",
        'syncline alerts ack 17 --note "I call them"',
    ),
    (alert_commands.send_test, "See whether they come.", "syncline alerts test"),
    (
        alert_commands.replay,
        "Tell a channel once more.",
        "syncline alerts replay webhook --after 120",
    ),
)
_NAMES = {
    action_commands.list_actions: "list",
    alert_commands.list_alerts: "list",
    alert_commands.send_test: "test",
    restore_drill: "restore-drill",
}
"""Commands that are not called as their function is."""


def build() -> typer.Typer:
    """Return the command line."""
    answer_shells()
    app = _group("Keep an exact, always-fresh local replica of many customers' SaaS accounts.")
    app.callback()(_root)
    _add(app, _COMMANDS)
    config = _group("Check the configuration, or show what is in force.")
    _add(config, _CONFIG_COMMANDS)
    actions = _group("Have something done at a vendor, and see what became of it.")
    _add(actions, _ACTION_COMMANDS)
    keys = _group("Change the keys that tokens are sealed with.")
    _add(keys, _KEY_COMMANDS)
    app.add_typer(keys, name="keys", short_help="Change the keys that seal tokens.")
    app.add_typer(actions, name="actions", short_help="Have something done at a vendor.")
    alerts = _group("See what somebody should know, and say that you look after it.")
    _add(alerts, _ALERT_COMMANDS)
    app.add_typer(alerts, name="alerts", short_help="See what somebody should know.")
    app.add_typer(config, name="config", short_help="Check or show the configuration.")
    return app


def run_command_line(arguments: Sequence[str], shell: Shell) -> int:
    """Run one command and return how the process is to end.

    0: done. 1: it failed. 2: wrong usage or wrong configuration. 130: Ctrl-C.
    """
    try:
        build()(args=list(arguments), obj=shell, prog_name=_NAME)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except ConfigError as error:
        _show_config_error(shell.output, error)
        return ExitCode.USAGE
    except CommandError as error:
        _show_error(shell.output, error)
        return error.exit_code
    return ExitCode.DONE


def main() -> NoReturn:
    """Run the command that the process was started with."""
    sys.exit(run_command_line(sys.argv[1:], process_shell()))


def _root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda value: _version(show=value))
    ] = False,
) -> None:
    del show_version


def _version(*, show: bool) -> None:
    if show:
        typer.echo(f"{_NAME} {version(_NAME)}")
        raise typer.Exit


def _group(about: str) -> typer.Typer:
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _add(group: typer.Typer, commands: _Commands) -> None:
    for command, summary, example in commands:
        # \b keeps the lines as they are.
        group.command(
            _NAMES.get(command), short_help=summary, epilog=f"Example:\n\n\b\n  {example}"
        )(command)


def _show_config_error(output: Output, error: ConfigError) -> None:
    output.error("the configuration cannot be used")
    for line in str(error).splitlines():
        output.message(line)


def _show_error(output: Output, error: CommandError) -> None:
    if output.as_json and isinstance(error, ProblemError):
        output.message(error.document.decode("utf-8", "replace"))
        return
    output.error(str(error))
    for line in error.advice.splitlines():
        output.message(line)
