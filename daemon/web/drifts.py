"""Where a vendor has something else than users' writes asked for."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.web.instant import Instant
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, Next, cursor_to_place, place_to_cursor
from daemon.web.problem import FieldError, InvalidInputError
from store.drift import Drift, DriftFilter
from store.ports import Store


class DriftView(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an object that is not at the vendor as a write asked for."""

    id: str
    action_id: str
    object_type: str
    object_id: Annotated[str, Meta(description="The written object's, or of one it is to show in.")]
    field: Annotated[
        str, Meta(description="Its path, such as `Line[0].Amount`; `(object)` is all of it.")
    ]
    asked: str
    found: str
    changed_since: Annotated[
        bool, Meta(description="Whether the vendor changed the object after the write.")
    ]
    found_at: Instant
    seen_at: Annotated[Instant, Meta(description="When it was last compared and still so.")]
    resolved_at: Annotated[
        Instant | None,
        Meta(description="When it was as asked for again, or overwritten; null while it is not."),
    ]


class DriftPage(msgspec.Struct, frozen=True):
    """Drifts, newest first."""

    items: list[DriftView]
    next: Next


class DriftsQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""
    state: Annotated[
        Literal["open", "resolved"] | None, Meta(description="Only those that stand so.")
    ] = None
    action: Annotated[str | None, Meta(description="Only of this action.")] = None


async def list_drifts(call: Call[DriftsQuery, Nothing]) -> Answer:
    """List an account's drifts, newest first."""
    query, store = call.query, call.context.store
    account = await store.account(call.path("account_id"))
    call.context.readers.note(account.id)
    found = await store.drifts(
        DriftFilter(
            account.id,
            is_open=None if query.state is None else query.state == "open",
            action_id=query.action,
            before_id=_before(query.cursor),
            limit=query.limit + 1,
        )
    )
    page = found[: query.limit]
    is_last = len(found) <= query.limit
    return Answer(
        DriftPage(
            [drift_view(each) for each in page],
            None if is_last else place_to_cursor(str(page[-1].id)),
        )
    )


async def drifts_of_object(
    store: Store, account_id: str, object_type: str, object_id: str
) -> Sequence[DriftView]:
    """Return all that is known of one object."""
    wanted = DriftFilter(account_id, of=(object_type, object_id))
    return [drift_view(each) for each in await store.drifts(wanted)]


async def drifts_of_action(store: Store, account_id: str, action_id: str) -> Sequence[DriftView]:
    """Return all that is known of one action."""
    wanted = DriftFilter(account_id, action_id=action_id)
    return [drift_view(each) for each in await store.drifts(wanted)]


def drift_view(drift: Drift) -> DriftView:
    """Show a drift."""
    mismatch = drift.mismatch
    return DriftView(
        id=str(drift.id),
        action_id=drift.action_id,
        object_type=mismatch.object_type,
        object_id=mismatch.object_id,
        field=mismatch.field,
        asked=mismatch.asked,
        found=mismatch.found,
        changed_since=drift.changed_since,
        found_at=drift.found_at,
        seen_at=drift.seen_at,
        resolved_at=drift.resolved_at,
    )


def _before(cursor: str) -> int | None:
    place = cursor_to_place(cursor)
    if not place:
        return None
    if not place.isdigit():
        raise InvalidInputError([FieldError("cursor", "`next` of an earlier page", "another text")])
    return int(place)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/integrations/{account_id}/drifts",
        name="listDrifts",
        tag="actions",
        summary="Where the vendor has something else than an account's actions asked for",
        handler=list_drifts,
        query=DriftsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", DriftPage)],
        problems={HTTPStatus.NOT_FOUND: "There is no such account."},
    ),
)
