"""A page and the stream that keeps it up to date: two operations that always come together."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus

import msgspec

from daemon.web.operation import (
    EVENT_STREAM,
    AnyOperation,
    B,
    Handler,
    Nothing,
    Operation,
    Q,
    Reply,
)
from daemon.web.page import HTML
from daemon.web.pages.sending import problem_page

TAG = "pages"
PAGE = Reply(HTTPStatus.OK, "The page.", media=(HTML,))
SEE_OTHER = Reply(
    HTTPStatus.SEE_OTHER, "Go there.", headers={"Location": "The page, or the way in."}
)

_PARTS = Reply(HTTPStatus.OK, "Parts of the page, each when it changes.", media=(EVENT_STREAM,))


def page_operations(
    *,
    path: str,
    name: str,
    summary: str,
    page: Handler[Q, B],
    live: Handler[Q, B],
    query: type[msgspec.Struct] = Nothing,
    problems: Mapping[HTTPStatus, str] | None = None,
    by_session: bool = False,
) -> Iterator[AnyOperation]:
    """Yield the page at a path, and its stream below it; open to all unless it takes a session."""
    led_on: Sequence[Reply] = [SEE_OTHER] if by_session else []
    yield Operation(
        method="GET",
        path=path,
        name=name,
        tag=TAG,
        summary=summary,
        handler=page,
        query=query,
        replies=[PAGE, *led_on],
        problems=problems or {},
        problem_page=problem_page,
        is_open=not by_session,
        by_session=by_session,
        ignores_unknown=True,
    )
    yield Operation(
        method="GET",
        path=f"{path}/live",
        name=f"{name}Live",
        tag=TAG,
        summary="Changes of that page as they happen",
        handler=live,
        query=query,
        replies=[_PARTS, *led_on],
        problems=problems or {},
        is_open=not by_session,
        by_session=by_session,
        ignores_unknown=True,
    )
