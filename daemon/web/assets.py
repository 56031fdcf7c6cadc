"""The files that pages need. They are the same for everybody and hold nothing of anybody."""

from http import HTTPStatus

from aiohttp import web

from daemon.web.operation import AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import NotFoundError

_A_YEAR = "public, max-age=31536000, immutable"


async def asset(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Send one file, to be kept for ever: its path changes with its content."""
    found = call.context.pages.assets.get(call.path("name"))
    if found is None or found.digest != call.path("digest"):
        raise NotFoundError("there is no such file")
    return web.Response(
        body=found.content,
        content_type=found.media_type,
        charset="utf-8",
        headers={"Cache-Control": _A_YEAR},
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/assets/{digest}/{name}",
        name="asset",
        tag="pages",
        summary="A file that the pages need",
        handler=asset,
        replies=[
            Reply(
                HTTPStatus.OK,
                "The file.",
                media=("text/css", "text/javascript", "image/svg+xml"),
            )
        ],
        problems={HTTPStatus.NOT_FOUND: "There is none, or it has changed."},
        is_open=True,
    ),
)
