"""The daemon's HTTP interface, as the command line uses it."""

import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.replies import Page, Problem, decoded
from daemon.config import Config
from daemon.generated_secret import GeneratedSecretError, admin_token_path, read_secret

_TIMEOUT_S = 60.0
_PAGE_ITEMS = 500
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - not bound

Query = Mapping[str, str | float | bool]


class DaemonAwayError(CommandError):
    """Nothing answers as it should: the daemon does not run, or just stops or starts."""


class ProblemError(CommandError):
    """The daemon answered with a problem document; input that it names as bad is wrong usage.

    Attributes:
        status: the HTTP status.
        document: the problem document as it came.
    """

    def __init__(self, status: int, document: bytes) -> None:
        problem = _problem(status, document)
        fields = [
            f"{error.path}: expected {error.expected}, found {error.found}"
            for error in problem.errors
        ]
        # The daemon's detail is one line; a person reads one thing on each.
        detail = "\n".join(fields) if problem.detail == "; ".join(fields) else problem.detail
        more = [f"  {each}" for each in (*fields, *problem.reasons) if each not in problem.detail]
        super().__init__(
            problem.title,
            "\n".join([*filter(None, [detail]), *more]),
            ExitCode.USAGE if problem.errors else ExitCode.FAILED,
        )
        self.status = status
        self.document = document


class DaemonClient:
    """Calls the daemon with its admin token. A context manager."""

    def __init__(
        self,
        base_url: str,
        token: str,
        start: str,
        transport: httpx.BaseTransport | None = None,
        *,
        user: str = "",
    ) -> None:
        self.base_url = base_url
        self._start = start
        # The daemon speaks plain HTTP: loading the certificates to trust would take a command 20 ms.
        trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "X-Syncline-User": user},
            timeout=_TIMEOUT_S,
            transport=transport,
            trust_env=False,
            verify=trusting_nobody,
        )

    @classmethod
    def of(
        cls,
        config: Config,
        path: Path,
        transport: httpx.BaseTransport | None = None,
        *,
        user: str = "",
    ) -> Self:
        """Return a client of the daemon that runs with this configuration, as `user` for its audit.

        Raises:
            CommandError: its address or its token is not known.
        """
        start = f"Start it: syncline run --config {path}"
        return cls(base_url(config), _token(config, start), start, transport, user=user)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, query: Query | None = None, *, timeout_s: float = _TIMEOUT_S) -> bytes:
        """Return what is at the path.

        Raises:
            ProblemError: the daemon refuses.
            DaemonAwayError: it does not answer.
            CommandError: it does not know us.
        """
        return self._call("GET", path, query, timeout_s=timeout_s).content

    def post(self, path: str, body: object = None) -> bytes:
        """Post a JSON document and return the answer; raises as `get`."""
        content = b"" if body is None else msgspec.json.encode(body)
        return self._call("POST", path, None, content).content

    def patch(self, path: str, body: object) -> bytes:
        """Change what is at the path as a JSON document says; raises as `get`."""
        return self._call("PATCH", path, None, msgspec.json.encode(body)).content

    def delete(self, path: str, query: Query | None = None) -> bytes:
        """Delete what is at the path; raises as `get`."""
        return self._call("DELETE", path, query).content

    def redirect(self, path: str) -> str:
        """Return the address that the path redirects to; raises as `get`."""
        return self._call("GET", path, None).headers["Location"]

    def items(self, path: str, query: Query | None = None) -> Iterator[msgspec.Raw]:
        """Return a list's items, page after page; raises as `get`."""
        asked = {"limit": _PAGE_ITEMS, **(query or {})}
        while True:
            page = decoded(self.get(path, asked), Page)
            yield from page.items
            if page.next is None:
                return
            asked["cursor"] = page.next

    def _call(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: bytes = b"",
        *,
        timeout_s: float = _TIMEOUT_S,
    ) -> httpx.Response:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            reply = self._http.request(
                method, path, params=query, content=body, headers=headers, timeout=timeout_s
            )
        except httpx.ConnectError as error:
            raise DaemonAwayError(
                f"the daemon is not running: nothing answers at {self.base_url}", self._start
            ) from error
        except httpx.HTTPError as error:
            raise DaemonAwayError(
                f"the daemon at {self.base_url} does not answer as it should: "
                f"{str(error) or type(error).__name__}",
                "Look into its log, or see what is wrong: syncline doctor",
            ) from error
        if reply.status_code == HTTPStatus.UNAUTHORIZED:
            raise CommandError(
                f"what answers at {self.base_url} does not take this configuration's admin token",
                "Is it a daemon with another configuration? Name its file with --config.",
            )
        if reply.is_error:
            raise ProblemError(reply.status_code, reply.content)
        return reply


def base_url(config: Config) -> str:
    """Return where a command on this machine reaches the daemon.

    Raises:
        CommandError: it takes any free port.
    """
    host, port = config.server.host, config.server.port
    if port == 0:
        raise CommandError(
            "the daemon's port is not known: the configuration has server.port 0, any free one",
            "Give it a port.",
        )
    host = _LOOPBACK.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}"


def _token(config: Config, start: str) -> str:
    if config.server.admin_token is not None:
        return config.server.admin_token.reveal()
    path = admin_token_path(config.store.path)
    try:
        token = read_secret(path)
    except GeneratedSecretError as error:
        raise CommandError(str(error), "Run this as the daemon's user, or as root.") from error
    if token is None:
        raise CommandError(f"the daemon has not run yet: there is no {path}", start)
    return token.reveal()


def _problem(status: int, document: bytes) -> Problem:
    try:
        return msgspec.json.decode(document, type=Problem)
    except msgspec.DecodeError:
        return Problem(f"the daemon answered {status} without saying why")
