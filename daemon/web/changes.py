"""Every applied difference, in one order that can be followed.

Page by page, by long poll, or as a stream.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import anyio
import msgspec
from aiohttp import web
from msgspec import Meta

from daemon.web.change_stream import stream_changes
from daemon.web.feed import ChangeView, Feed, Position
from daemon.web.operation import (
    EVENT_STREAM,
    JSON,
    Answer,
    AnyOperation,
    Call,
    Nothing,
    Operation,
    Reply,
)
from daemon.web.paging import Limit
from daemon.web.problem import FieldError, InvalidInputError
from store.errors import ChangesForgottenError

_LONGEST_WAIT_S = 60.0
_RESUME_HEADER = "Last-Event-ID"


class ChangesQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    after: Annotated[
        Position, Meta(description="Only changes with a higher `seq`: `next` of the answer before.")
    ] = 0
    limit: Limit = 100
    wait: Annotated[
        float,
        Meta(
            ge=0,
            description="How many seconds to wait for a change when there is none yet; 60 at most.",
        ),
    ] = 0.0
    account: Annotated[str | None, Meta(description="Only this account's.")] = None
    object_type: Annotated[str | None, Meta(description="Only those of objects of this type.")] = (
        msgspec.field(default=None, name="type")
    )


class ChangePage(msgspec.Struct, frozen=True):
    """Changes in the order of `seq`."""

    items: Sequence[ChangeView]
    next: Annotated[
        int, Meta(description="`after` of the next call, whether there were any or not.")
    ]


async def list_changes(call: Call[ChangesQuery, Nothing]) -> Answer | web.StreamResponse:
    """Answer with a page, or go on for ever with `Accept: text/event-stream`."""
    store, query = call.context.store, call.query
    if query.account is not None:
        await store.account(query.account)
        call.context.readers.note(query.account)
    _check_type(call)
    feed = Feed(store, query.account, query.object_type)
    streaming = EVENT_STREAM in call.request.headers.get("Accept", "")
    after = _resume_at(call) if streaming else query.after
    await _check_position(call, after, _RESUME_HEADER if after != query.after else "after")
    if streaming:
        with call.waiting.place():
            return await stream_changes(call, feed, after)
    items, position = await feed.page(after, query.limit)
    if not items and query.wait > 0:
        with call.waiting.place():
            items, position = await _wait(call, feed, position)
    return Answer(ChangePage(items, position))


def _check_type(call: Call[ChangesQuery, Nothing]) -> None:
    """See that such changes can come: who waits for a misspelt type would wait for ever."""
    wanted = call.query.object_type
    settings = call.context.settings.values()
    known = sorted({name for each in settings for name in each.object_types})
    if wanted is not None and wanted not in known:
        raise InvalidInputError([FieldError("type", f"one of {', '.join(known)}", repr(wanted))])


async def _wait(
    call: Call[ChangesQuery, Nothing], feed: Feed, position: int
) -> tuple[Sequence[ChangeView], int]:
    """Wait until there is a change that is wanted, or the time is up, or the server stops."""
    deadline_s = anyio.current_time() + min(call.query.wait, _LONGEST_WAIT_S)
    items: Sequence[ChangeView] = ()
    while not items and not call.waiting.closed:
        left_s = deadline_s - anyio.current_time()
        if left_s <= 0:
            break
        await call.waiting.for_change(call.context.store, position, left_s)
        items, position = await feed.page(position, call.query.limit)
    return items, position


def _resume_at(call: Call[ChangesQuery, Nothing]) -> int:
    """Return where a stream begins: where the one before broke off, if it says so."""
    last_seen = call.request.headers.get(_RESUME_HEADER)
    if last_seen is None:
        return call.query.after
    try:
        return msgspec.convert(last_seen, type=Position, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        found = FieldError(_RESUME_HEADER, "the `id` of an event", repr(last_seen))
        raise InvalidInputError([found]) from error


async def _check_position(call: Call[ChangesQuery, Nothing], after: int, path: str) -> None:
    """See that the place exists. One that does not is from another database: nothing comes there."""
    last_seq = await call.context.store.last_seq()
    if after > last_seq:
        expected = f"a whole number from 0 to {last_seq}, the newest change"
        raise InvalidInputError([FieldError(path, expected, f"the number {after}")])
    # Here for streams: once one has begun, it can only be broken off.
    if after < (horizon := await call.context.store.changes_horizon()):
        raise ChangesForgottenError(horizon)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/changes",
        name="listChanges",
        tag="changes",
        summary="What changed, in order; as a stream with `Accept: text/event-stream`, which resumes"
        " by `Last-Event-ID`",
        handler=list_changes,
        query=ChangesQuery,
        replies=[
            Reply(
                HTTPStatus.OK,
                "A page; or for each an event `change`, its `id` the `seq`, its `data` the change.",
                ChangePage,
                media=(JSON, EVENT_STREAM),
            )
        ],
        problems={
            HTTPStatus.NOT_FOUND: "There is no such account.",
            HTTPStatus.GONE: "Changes behind `after` are kept no more: read the objects, then follow"
            " from the number that `detail` names.",
        },
    ),
)
