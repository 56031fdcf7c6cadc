"""`doctor`: is this host fit to run the daemon?"""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.text import Text

from daemon.cli.daemon_client import base_url
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.shell import Shell, shell_of
from daemon.config import ConfigError
from daemon.doctor import Host, examine, open_http
from daemon.finding import Finding, Level

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
_HEADINGS = ("", "CHECK", "FOUND", "WHAT TO DO")
_SYSTEMCTL_TIMEOUT_S = 5.0


def doctor(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Check this host and its configuration, and say what to do about what is wrong."""
    shell = shell_of(ctx)
    found = list(_findings(shell, config))
    if as_json:
        shell.output.json([asdict(finding) for finding in found])
    else:
        shell.output.table(_HEADINGS, _rows(found))
    raise typer.Exit(int(any(finding.level is Level.FAIL for finding in found)))


def _findings(shell: Shell, named: Path | None) -> Iterator[Finding]:
    try:
        path = shell.config_path(named)
        config = shell.config(named)
    except ConfigError as error:
        for problem in error.errors:
            yield Finding("config", Level.FAIL, str(problem), f"mend it in {error.source}")
        return
    yield Finding("config", Level.OK, str(path))
    with open_http(shell.transport) as http:
        host = Host(shell.environ, shell.clock, http, _systemctl)
        yield from examine(config, base_url(config), host)


def _rows(found: Iterable[Finding]) -> Iterator[Sequence[Text | str]]:
    for finding in found:
        level = Text(finding.level, _STYLES[finding.level])
        yield level, finding.check, finding.found, finding.advice


def _systemctl(arguments: Sequence[str]) -> str | None:
    program = shutil.which("systemctl")
    if program is None or not Path("/run/systemd/system").is_dir():
        return None
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=_SYSTEMCTL_TIMEOUT_S,
        check=False,
    )
    return done.stdout
