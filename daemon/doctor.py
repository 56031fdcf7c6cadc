"""Is this host fit to run the daemon? Each check looks at one thing and says what to do."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec

from actors.clock import Clock
from daemon.config import Config, StoreConfig, show_config
from daemon.doctor_postgresql import check_moved_key, check_postgresql
from daemon.doctor_units import Systemctl, check_recovery, check_unit
from daemon.finding import Finding, Level
from daemon.generated_secret import (
    GeneratedSecretError,
    admin_token_path,
    keys_path,
    read_secret,
)
from daemon.jobs.tracking import routing_advice
from daemon.sealed_store import sealed_store
from daemon.sealing_key import WrongKeyError, known_sealer
from daemon.sealing_proof import stored_proof
from store.errors import StoreOpenError
from store.sqlite.connection import refuse_old_library

_DEADLINE_S = 5.0
_LITTLE_SPACE_BYTES = 2 << 30
_NO_SPACE_BYTES = 100 << 20
_SKEW_S = 60.0
_HIDDEN = "********"


@dataclass(frozen=True, slots=True)
class Host:
    """What the checks see of the machine.

    Attributes:
        http: makes calls that end within the deadline.
        systemctl: runs it with arguments and returns what it printed; None without systemd.
    """

    environ: Mapping[str, str]
    clock: Clock
    http: httpx.Client
    systemctl: Systemctl


def open_http(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client for `Host.http`."""
    return httpx.Client(timeout=_DEADLINE_S, transport=transport, follow_redirects=False)


def examine(config: Config, daemon_url: str, host: Host) -> Iterator[Finding]:
    """Yield all findings, one after the other as they are made."""
    if config.store.is_file:
        yield from check_sqlite(sqlite3.sqlite_version_info)
        yield from check_database(config.store.path)
        yield from check_recovery(config.store.path, host.clock.now().utc)
    else:
        yield from check_postgresql(config)
    yield from check_secrets(config)
    yield from check_server(config, daemon_url, host.http)
    yield from check_exposure(config)
    yield from check_vendors(config, host)
    yield from check_routing(config)
    yield from check_credentials(config, host.environ)
    yield from check_unit(host.systemctl)


def check_sqlite(library: tuple[int, ...]) -> Iterator[Finding]:
    """See that SQLite is new enough."""
    version = ".".join(map(str, library))
    try:
        refuse_old_library(library)
    except StoreOpenError as error:
        yield Finding("SQLite", Level.FAIL, version, str(error))
    else:
        yield Finding("SQLite", Level.OK, version)


def check_database(path: Path) -> Iterator[Finding]:
    """See that the database has a folder to be in, and room to grow."""
    folder = path.parent
    if not folder.is_dir():
        yield Finding("database", Level.FAIL, f"no folder {folder}", f"mkdir -p {folder}")
        return
    places = [folder, *(place for place in (path,) if place.exists())]
    closed = [str(place) for place in places if not os.access(place, os.R_OK | os.W_OK)]
    if closed:
        yield Finding(
            "database",
            Level.FAIL,
            f"{', '.join(closed)} cannot be written",
            "give it to the daemon's user, or run this as that user",
        )
        return
    try:
        stored_proof(path)
    except StoreOpenError as error:
        problem, _, advice = str(error).rpartition(": ")
        yield Finding("database", Level.FAIL, problem, advice)
    else:
        parts = [*folder.glob(path.name), *folder.glob(f"{path.name}-wal")]
        size = _bytes(sum(part.stat().st_size for part in parts)) if parts else "not made yet"
        yield Finding("database", Level.OK, f"{path}, {size}")
    yield _space(folder)


def check_secrets(config: Config) -> Iterator[Finding]:
    """See that the admin token and the sealing key are safe and at hand."""
    database = config.store.path
    if config.server.admin_token is not None:
        yield Finding("admin token", Level.OK, "configured")
    else:
        yield _secret_file("admin token", admin_token_path(database))
    if not (config.secrets.keys or keys_path(database).exists()):
        moved = list(check_moved_key(config.store))
        yield from moved
        if moved:
            return
    try:
        known_sealer(config, _proof(config.store))
    except WrongKeyError as error:
        problem, _, advice = str(error).rpartition("; ")
        yield Finding("sealing key", Level.FAIL, problem, advice)
    except GeneratedSecretError as error:
        yield Finding("sealing key", Level.FAIL, str(error))
    else:
        if config.secrets.keys:
            yield Finding("sealing key", Level.OK, "configured")
        else:
            yield _secret_file("sealing key", keys_path(database))


def check_server(config: Config, daemon_url: str, http: httpx.Client) -> Iterator[Finding]:
    """See that the port is free, or that the daemon is what answers there."""
    try:
        reply = http.get(f"{daemon_url}/health")
    except httpx.HTTPError:
        yield _port(config.server.host, config.server.port)
        return
    version = _version(reply)
    if version is None:
        yield Finding(
            "port",
            Level.FAIL,
            f"something else answers at {daemon_url}",
            "stop it, or set another server.port",
        )
    elif _takes_our_token(config, daemon_url, http):
        yield Finding("port", Level.OK, f"the daemon answers at {daemon_url}, version {version}")
    else:
        yield Finding(
            "port",
            Level.FAIL,
            f"another Syncline answers at {daemon_url}: it does not take this admin token",
            "name its configuration with --config, or set another server.port",
        )


def check_exposure(config: Config) -> Iterator[Finding]:
    """See that tokens don't travel in the open."""
    if not _is_loopback(config.server.host):
        yield Finding(
            "exposure",
            Level.WARN,
            f"listens on {config.server.host}, beyond this machine, without TLS",
            "set server.host to 127.0.0.1 and put a proxy with TLS in front",
        )
    public = urlsplit(config.server.public_url)
    if public.scheme != "https" and not _is_loopback(public.hostname or ""):
        yield Finding(
            "exposure",
            Level.WARN,
            f"vendors are led to {config.server.public_url}, without TLS",
            "set server.public_url to an https address",
        )


def check_vendors(config: Config, host: Host) -> Iterator[Finding]:
    """See that every vendor's hosts answer within the deadline, and agree with us on the time."""
    if not config.vendors:
        yield Finding("vendors", Level.WARN, "none configured", "add one under vendors")
    skews: list[float] = []
    for name, origins in _origins(config).items():
        for origin in origins:
            try:
                reply = host.http.get(f"{origin}/")
            except httpx.HTTPError as error:
                yield Finding(
                    name,
                    Level.FAIL,
                    f"{origin} does not answer: {str(error) or type(error).__name__}",
                    "check the network, DNS, firewall and proxy",
                )
                continue
            yield Finding(name, Level.OK, f"{origin} answers")
            skews += _skew(reply, host.clock.now().utc)
    yield from check_clock(skews)


def check_routing(config: Config) -> Iterator[Finding]:
    """See that what becomes of routed work can be seen."""
    for each in routing_advice(config):
        yield Finding("routed jobs", Level.WARN, each.text, f"add them to {each.path}")


def check_clock(skews_s: Sequence[float]) -> Iterator[Finding]:
    """See that the clock is right, from how far it is ahead of the vendors'."""
    if not skews_s:
        return
    skew_s = min(skews_s, key=abs)
    if abs(skew_s) > _SKEW_S:
        ahead = "ahead of" if skew_s > 0 else "behind"
        yield Finding(
            "clock",
            Level.FAIL,
            f"{abs(skew_s):.0f} s {ahead} the vendors'",
            "let it be set by the network: timedatectl set-ntp true",
        )
    else:
        yield Finding("clock", Level.OK, f"within {_SKEW_S:.0f} s of the vendors'")


def check_credentials(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """See that each credential that systemd hands us is one that the configuration takes."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        return
    taken = set(_secret_paths(show_config(config), ""))
    for name in sorted(place.name for place in Path(folder).iterdir()):
        if name in taken:
            yield Finding("credentials", Level.OK, name)
        else:
            advice = f"it must be called as a secret's path: {', '.join(sorted(taken))}"
            yield Finding("credentials", Level.WARN, f"nothing takes {name}", advice)


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    advice = "make room, or put store.url on a larger disk"
    if free < _NO_SPACE_BYTES:
        return Finding("disk", Level.FAIL, f"{_bytes(free)} free", advice)
    if free < _LITTLE_SPACE_BYTES:
        return Finding("disk", Level.WARN, f"{_bytes(free)} free", advice)
    return Finding("disk", Level.OK, f"{_bytes(free)} free")


def _proof(store: StoreConfig) -> bytes | None:
    """Return the proof; None also when the database is unusable, which another finding tells."""
    try:
        return sealed_store(store).proof()
    except StoreOpenError:
        return None


def _secret_file(check: str, path: Path) -> Finding:
    try:
        secret = read_secret(path)
    except GeneratedSecretError as error:
        return Finding(check, Level.FAIL, str(error))
    if secret is not None:
        return Finding(check, Level.OK, f"{path}, readable by its owner only")
    return Finding(check, Level.OK, f"{path} will be made at the first start")


def _port(host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            found = f"cannot listen on {host}:{port}: {error.strerror or error}"
            return Finding("port", Level.FAIL, found, "set another server.host or server.port")
    return Finding("port", Level.OK, f"{host}:{port} is free")


def _takes_our_token(config: Config, daemon_url: str, http: httpx.Client) -> bool:
    """Say whether what answers is the daemon of this configuration.

    A token file that cannot be read leaves that open; `check_secrets` tells of it.
    """
    try:
        token = config.server.admin_token or read_secret(admin_token_path(config.store.path))
    except GeneratedSecretError:
        return True
    if token is None:
        return False
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        reply = http.get(f"{daemon_url}/integrations", params={"limit": 1}, headers=headers)
    except httpx.HTTPError:
        return False
    return reply.status_code != httpx.codes.UNAUTHORIZED


def _version(reply: httpx.Response) -> str | None:
    """Return the daemon's version; None when the answer is not the daemon's."""
    try:
        document = msgspec.json.decode(reply.content, type=dict[str, object])
    except msgspec.DecodeError:
        return None
    version = document.get("version")
    return version if document.get("status") == "ok" and isinstance(version, str) else None


def _origins(config: Config) -> dict[str, list[str]]:
    """Return where each vendor's endpoints are, without their paths."""
    shown = msgspec.convert(show_config(config)["vendors"], dict[str, dict[str, object]])
    found: dict[str, list[str]] = {}
    for name, section in shown.items():
        endpoints = msgspec.convert(section.get("endpoints", {}), dict[str, str])
        parts = [urlsplit(address) for address in endpoints.values()]
        found[name] = list(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
    return found


def _skew(reply: httpx.Response, now: datetime) -> list[float]:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("Date", ""))
    except ValueError:
        return []
    return [(now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()]


def _secret_paths(shown: object, path: str) -> Iterator[str]:
    if isinstance(shown, Mapping):
        for name, value in shown.items():
            yield from _secret_paths(value, f"{path}.{name}" if path else str(name))
    elif shown == _HIDDEN or (isinstance(shown, list) and _HIDDEN in shown):
        yield path


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _bytes(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:  # noqa: PLR2004 - what the units are made of
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
