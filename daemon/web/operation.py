"""One thing that can be asked: how it is asked, what answers, and what the answer looks like."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web

from daemon.web.audited import audited
from daemon.web.context import WebContext
from daemon.web.guard import count_visitor, let_in, let_in_by_form
from daemon.web.input import arrived_body, read_body, read_query
from daemon.web.page import HTML
from daemon.web.problem import MEDIA_TYPE, ProblemError
from daemon.web.problems import as_problem
from daemon.web.request_rate import RequestRate
from daemon.web.waiting import Waiting

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


class Nothing(msgspec.Struct, frozen=True):
    """No parameters, or no body."""


Q = TypeVar("Q", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, let in and read."""

    context: WebContext
    waiting: Waiting
    request: web.Request
    query: Q
    body: B

    def path(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. `is_deed` is False when only a question was answered."""

    document: msgspec.Struct | None
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    is_deed: bool = True


ProblemPage = Callable[[WebContext, ProblemError], web.StreamResponse]

Handler = Callable[[Call[Q, B]], Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a success looks like: a document of this type, or another medium's text."""

    status: HTTPStatus
    description: str
    document: type[msgspec.Struct] | None = None
    media: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Q, B]):
    """A method on a path.

    Attributes:
        name: identifies it in the API's description.
        query: its parameters; a field's `name` is the parameter's.
        body: what it takes as JSON; None when it takes none.
        raw_body: the medium of a body that the handler reads by itself; empty when it has none.
        list_field: the field of the body that a bare JSON list stands for.
        replies: its successes.
        problems: the statuses of its own problems, with what they mean; those of all are added.
        problem_media: how its problems are told; none for `HEAD`, whose answers have no body.
        problem_page: makes the page that tells a problem to who accepts a page; None where there is
            none.
        is_open: whether it needs no token.
        by_session: whether a browser's session opens it instead of the token.
        reads_body: whether the handler takes the body off the wire, within limits of its own.
        token_in_form: whether its form brings the admin token.
        ignores_unknown: whether unknown parameters are left alone, because others choose them.
        deed: what the audit trail calls it (`daemon/audit/deeds.py`); empty when nothing is done.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    handler: Handler[Q, B]
    query: type[Q] = Nothing  # type: ignore[assignment]
    body: type[B] | None = None
    body_required: bool = False
    raw_body: str = ""
    list_field: str | None = None
    replies: Sequence[Reply]
    problems: Mapping[HTTPStatus, str] = field(default_factory=dict)
    problem_media: Sequence[str] = (MEDIA_TYPE,)
    problem_page: ProblemPage | None = None
    is_open: bool = False
    by_session: bool = False
    ignores_unknown: bool = False
    reads_body: bool = False
    token_in_form: bool = False
    deed: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether who asks too often is refused: all that needs a secret, and where one is given."""
        return not self.is_open or (self.method == "POST" and not self.reads_body)


AnyOperation = Operation[Any, Any]


def bind(
    operation: AnyOperation, context: WebContext, waiting: Waiting, rate: RequestRate
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what aiohttp calls: checks the token, reads the input, asks the handler, answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if not (operation.is_open or operation.by_session):
            let_in(request, context, rate)
        elif operation.token_in_form:
            await let_in_by_form(request, context, rate)
        elif operation.is_counted:
            count_visitor(request, context, rate)
        query = read_query(
            operation.query, request.query, ignores_unknown=operation.ignores_unknown
        )
        body = Nothing()
        if not operation.reads_body and operation.method != "GET":
            arrived = await arrived_body(request, context)
            if operation.body is not None:
                body = read_body(operation.body, arrived, operation.list_field)
        call = Call(context, waiting, request, query, body)
        async with nullcontext() if operation.is_open else waiting.turns.turn():
            answer = await _done(operation, call)
        return answer if isinstance(answer, web.StreamResponse) else _written(answer)

    async def handle_browser(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except Exception as error:
            if operation.problem_page is None or HTML not in request.headers.get("Accept", ""):
                raise
            return operation.problem_page(context, as_problem(error, request))

    return handle_browser


async def _done(operation: AnyOperation, call: Call[Any, Any]) -> Answer | web.StreamResponse:
    # What needs a session is written down by who sees that there is one.
    what = "" if operation.by_session else operation.deed
    with audited(call.context.watching, what, call.request) as deed:
        answer = await operation.handler(call)
        if isinstance(answer, Answer):
            deed.answered(answer.document, is_deed=answer.is_deed)
    return answer


def _written(answer: Answer) -> web.Response:
    body = b"" if answer.document is None else msgspec.json.encode(answer.document)
    return web.Response(body=body, status=answer.status, headers=answer.headers, content_type=JSON)
