"""The command line in a made-up shell, with a made-up daemon at the other end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import httpx

from actors.moment import Moment
from daemon.cli.command_line import run_command_line
from daemon.cli.output import Output
from daemon.cli.shell import Shell

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TOKEN = "an-admin-token"
CONFIG = f"server: {{port: 8321, admin_token: {TOKEN}}}\n"

Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Interrupt(KeyboardInterrupt):
    """Ctrl-C, at a moment that the test chose."""


class FrozenClock:
    """A clock that stands still."""

    def now(self) -> Moment:
        return Moment(1000.0, NOW)


class Terminal(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command."""

    code: int
    out: str
    err: str


@dataclass
class FakeDaemon:
    """Answers what it was told to; each answer in a list is given once, the last one for ever.

    Attributes:
        requests: what was asked, oldest first.
    """

    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self.answers[method, path] = list(answers)

    def asked(self, method: str, path: str) -> list[httpx.Request]:
        return [
            request
            for request in self.requests
            if (request.method, request.url.path) == (method, path)
        ]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        known = self.answers.get((request.method, request.url.path))
        if known is None:
            return problem(404, "No such thing", f"{request.method} {request.url.path}")
        answer = known.pop(0) if len(known) > 1 else known[0]
        return answer if isinstance(answer, httpx.Response) else answer(request)


@dataclass
class CommandLine:
    """Runs commands as a person or a script would.

    Attributes:
        pauses_s: how long the commands waited, each time.
        pauses_left: after so many pauses Ctrl-C is pressed.
        reply: what the person answers to a question; None is no terminal to ask at.
        opened: pages that were opened in a browser.
        typed: what the person types when asked for a text; None is no terminal to ask at.
        asked: for which texts they were asked, and whether what they typed was hidden.
    """

    folder: Path
    daemon: FakeDaemon = field(default_factory=FakeDaemon)
    environ: dict[str, str] = field(default_factory=dict)
    is_terminal: bool = False
    reply: bool | None = None
    transport: httpx.BaseTransport | None = None
    pauses_s: list[float] = field(default_factory=list)
    pauses_left: int = 20
    opened: list[str] = field(default_factory=list)
    typed: list[str] | None = None
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def run(self, *arguments: str) -> Result:
        make = Terminal if self.is_terminal else StringIO
        out, err = make(), make()
        shell = Shell(
            environ=self.environ,
            folder=self.folder,
            output=Output(out, err),
            clock=FrozenClock(),
            pause=self._pause,
            ask=None if self.reply is None else self._ask,
            open_page=self._open,
            ask_text=None if self.typed is None else self._ask_text,
            transport=self.transport or httpx.MockTransport(self.daemon.handle),
        )
        code = run_command_line(arguments, shell)
        return Result(code, out.getvalue(), err.getvalue())

    def _pause(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        self.pauses_left -= 1
        if self.pauses_left < 0:
            raise Interrupt

    def _ask(self, question: str) -> bool:
        assert question.endswith("?")
        return bool(self.reply)

    def _ask_text(self, question: str, is_secret: bool) -> str:
        assert self.typed is not None
        self.asked.append((question, is_secret))
        return f"{self.typed.pop(0)}\n"

    def _open(self, address: str) -> bool:
        self.opened.append(address)
        return True


def problem(status: int, title: str, detail: str = "", **more: object) -> httpx.Response:
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return httpx.Response(
        status, json=document, headers={"Content-Type": "application/problem+json"}
    )


def account(number: int, name: str, **more: object) -> dict[str, object]:
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "vendor": "quickbooks",
        "external_account_id": f"934145{number:010d}",
        "name": name,
        "state": "live",
        "reasons": [],
        "exact_as_of": "2026-03-01T11:59:57Z",
        "last_synced_at": "2026-03-01T11:59:59Z",
        "connected_at": "2026-02-01T08:00:00Z",
        "disconnected_at": None,
        "paused": False,
        "reauth_cause": None,
        **more,
    }


def page(*items: object, following: int | str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"items": list(items), "next": following})
