"""The replica's objects, with how fresh they are."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from daemon.read_through import ReadThrough
from daemon.web.freshness import Freshness, freshness
from daemon.web.instant import Instant
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, Next, cursor_to_place, place_to_cursor
from daemon.web.problem import NotFoundError
from daemon.web.reading import MaxAge, read_through
from store.errors import DamagedRowError
from store.history import ObjectVersion
from store.models import Account, ObjectFilter, StoredObject, Via

_TAG = "objects"


class ObjectView(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor record."""

    object_type: str
    object_id: str
    version: Annotated[str, Meta(description="The vendor's own version token.")]
    updated_at: Annotated[Instant, Meta(description="The vendor's time of its last change.")]
    synced_at: Annotated[Instant, Meta(description="When it was written to the replica.")]
    deleted: bool
    payload: Annotated[
        msgspec.Raw,
        Meta(
            description="The vendor's own JSON, untouched; bytes in it that are not UTF-8 are shown"
            " as U+FFFD.",
            extra_json_schema={"type": "object"},
        ),
    ]


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One state that an object was held in."""

    version: Annotated[str, Meta(description="The vendor's own version token.")]
    updated_at: Annotated[
        Instant | None,
        Meta(
            description="The vendor's time of it. null when the row was altered in the replica since,"
            " past the vendor: its version need not be what was stored."
        ),
    ]
    seen_at: Annotated[Instant, Meta(description="When it was written to the replica.")]
    ended_at: Annotated[
        Instant | None, Meta(description="When another one replaced it; null for the last one.")
    ]
    deleted: bool
    via: Via
    look: Annotated[
        str,
        Meta(
            description="What was read: an object type, or the vendor's feed. Empty when not known."
        ),
    ]
    trace_ids: Annotated[
        Sequence[str], Meta(description="The vendor's own ids of that look's calls.")
    ]
    payload: Annotated[
        msgspec.Raw | None,
        Meta(
            description="The vendor's own JSON, as in the object; null for a deletion, and when what"
            " an alteration left of it is no JSON.",
            extra_json_schema={"type": ["object", "null"]},
        ),
    ]


class ObjectDetail(ObjectView, frozen=True, kw_only=True):
    """One vendor record, with how fresh it is."""

    freshness: Freshness
    versions: Annotated[
        Sequence[VersionView] | msgspec.UnsetType,
        Meta(description="With `history=true`: what it was before and is now, the newest last."),
    ] = msgspec.UNSET


class ObjectPage(msgspec.Struct, frozen=True):
    """Objects of one type, in the order of their ids."""

    items: list[ObjectView]
    next: Next
    freshness: Freshness


class ObjectsQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""
    updated_since: Annotated[
        Instant | None,
        Meta(description="Only what the vendor changed at this time or later."),
    ] = None
    include_deleted: Annotated[bool, Meta(description="Deleted ones too.")] = False
    max_age: MaxAge = None


class ObjectQuery(msgspec.Struct, frozen=True):
    """Parameters of one object."""

    history: Annotated[bool, Meta(description="Its versions too, the newest 500.")] = False
    max_age: MaxAge = None


AnyCall = Call[ObjectsQuery, Nothing] | Call[ObjectQuery, Nothing] | Call[Nothing, Nothing]


async def list_objects(call: Call[ObjectsQuery, Nothing]) -> Answer:
    """List objects of one type, page by page."""
    query, object_type = call.query, call.path("object_type")
    behind = cursor_to_place(query.cursor)
    through = await read_through(call, await account_with_type(call, object_type))
    account = through.account
    found = await call.context.store.objects(
        ObjectFilter(
            account_id=account.id,
            object_type=object_type,
            updated_since=query.updated_since,
            include_deleted=query.include_deleted,
            after_id=behind,
            limit=query.limit + 1,
        )
    )
    page = found[: query.limit]
    is_last = len(found) <= query.limit
    return Answer(
        ObjectPage(
            [ObjectView(**_fields(account, each)) for each in page],
            None if is_last else place_to_cursor(page[-1].object_id),
            _freshness(call, through),
        )
    )


async def get_object(call: Call[ObjectQuery, Nothing]) -> Answer:
    """Show one object, a deleted one too."""
    object_type, object_id = call.path("object_type"), call.path("object_id")
    through = await read_through(call, await account_with_type(call, object_type))
    account = through.account
    found = await call.context.store.object(account.id, object_type, object_id)
    if found is None:
        raise never_seen(object_type, object_id)
    detail = ObjectDetail(**_fields(account, found), freshness=_freshness(call, through))
    if call.query.history:
        history = await call.context.store.history(account.id, object_type, object_id)
        versions = () if history is None else history.versions
        detail = msgspec.structs.replace(detail, versions=[_version(each) for each in versions])
    return Answer(detail)


def never_seen(object_type: str, object_id: str) -> NotFoundError:
    """Return the problem that there is no such object."""
    return NotFoundError(f"no {object_type} with the id {object_id!r} was ever seen")


def readable(payload: msgspec.Raw) -> msgspec.Raw:
    """Return the payload in UTF-8, as JSON must be: the very same when it is already."""
    raw = bytes(payload)
    try:
        raw.decode()
    except UnicodeDecodeError:
        return msgspec.Raw(raw.decode(errors="replace").encode())
    return payload


async def account_with_type(call: AnyCall, object_type: str) -> Account:
    """Return the account whose objects are asked for.

    Raises:
        NotFoundError: such objects are not replicated.
    """
    context = call.context
    account = await context.store.account(call.path("account_id"))
    settings = context.settings.get(account.vendor)
    configured = () if settings is None else settings.object_types
    if object_type not in configured:
        read = {cursor.object_type for cursor in await context.store.cursors(account.id)}
        if object_type not in read:
            known = ", ".join(sorted({*configured, *read})) or "none"
            raise NotFoundError(f"no object type {object_type!r} is replicated; there are: {known}")
    return account


def _freshness(call: AnyCall, through: ReadThrough) -> Freshness:
    context, account = call.context, through.account
    stale_after_s = context.stale_after_s(account.vendor)
    return freshness(account.exact_as_of, context.clock.now().utc, stale_after_s, through.reason)


def _fields(account: Account, stored: StoredObject) -> dict[str, Any]:
    if not _is_json(stored.payload):
        raise DamagedRowError(account.id, stored.object_type, stored.object_id)
    return msgspec.structs.asdict(stored) | {"payload": readable(stored.payload)}


def _version(version: ObjectVersion) -> VersionView:
    is_told = not version.deleted and (version.updated_at is not None or _is_json(version.payload))
    shown = {"payload": readable(version.payload) if is_told else None}
    return VersionView(**(msgspec.structs.asdict(version) | shown))


def _is_json(payload: msgspec.Raw) -> bool:
    try:
        msgspec.json.decode(readable(payload), type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


_NOT_FOUND = {HTTPStatus.NOT_FOUND: "There is no such account, or no such thing in it."}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/integrations/{account_id}/objects/{object_type}",
        name="listObjects",
        tag=_TAG,
        summary="The objects of one type",
        handler=list_objects,
        query=ObjectsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", ObjectPage)],
        problems=_NOT_FOUND,
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}/objects/{object_type}/{object_id}",
        name="getObject",
        tag=_TAG,
        summary="One object",
        handler=get_object,
        query=ObjectQuery,
        replies=[Reply(HTTPStatus.OK, "The object.", ObjectDetail)],
        problems=_NOT_FOUND,
    ),
)
