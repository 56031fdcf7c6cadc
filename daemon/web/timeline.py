"""What happened to an account, and who did what."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.web.instant import Instant
from daemon.web.integrations import NO_ACCOUNT
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, Next, number_place, place_to_cursor
from store.watch_models import AccountEvent, AccountEventFilter, AuditEntry, AuditFilter


class EventsQuery(msgspec.Struct, frozen=True):
    """Parameters of an account's timeline."""

    limit: Limit = 100
    cursor: CursorText = ""
    after: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Only events with a higher `id`, the oldest first: to follow it."),
    ] = None


class AccountEventView(msgspec.Struct, frozen=True):
    """Something that its actor, or somebody for the account, did."""

    id: int
    at: Instant
    kind: Annotated[str, Meta(description="From a closed set.")]
    level: Annotated[str, Meta(description="`info`, `warning` or `error`.")]
    text: str
    times: Annotated[int, Meta(description="How often, when it came several times in a row.")]
    detail: Mapping[str, str | int | float | None]


class AccountEventPage(msgspec.Struct, frozen=True):
    """A timeline, the newest first unless it is followed."""

    items: Sequence[AccountEventView]
    next: Next


class AuditQuery(msgspec.Struct, frozen=True):
    """Parameters of the audit trail."""

    limit: Limit = 100
    cursor: CursorText = ""
    account: Annotated[str | None, Meta(description="Only about this account.")] = None


class AuditView(msgspec.Struct, frozen=True):
    """Somebody had something done."""

    id: int
    at: Instant
    who: Annotated[str, Meta(description="As whom it was asked; a name is what the asker said.")]
    peer: Annotated[str, Meta(description="From which address.")]
    what: Annotated[str, Meta(description="From a closed set.")]
    account_id: str | None
    subject: Annotated[str, Meta(description="What else it was about: an action, an alert.")]
    outcome: Annotated[str, Meta(description="`done`, or why not.")]


class AuditPage(msgspec.Struct, frozen=True):
    """The audit trail, the newest first."""

    items: Sequence[AuditView]
    next: Next


async def list_events(call: Call[EventsQuery, Nothing]) -> Answer:
    """Show an account's timeline."""
    context, query = call.context, call.query
    account = await context.store.account(call.path("account_id"))
    wanted = AccountEventFilter(
        account.id, number_place(query.cursor), query.after, query.limit + 1
    )
    if not query.cursor:
        await context.supervisor.seen(account.id, stored=True)
    watching = context.watching
    read = context.store.account_events if watching is None else watching.events.page
    found = await read(wanted)
    page = found[: query.limit]
    more = len(found) > len(page) and query.after is None
    return Answer(
        AccountEventPage(
            [_event(each) for each in page], place_to_cursor(str(page[-1].id)) if more else None
        )
    )


async def list_audit(call: Call[AuditQuery, Nothing]) -> Answer:
    """Show who did what."""
    query = call.query
    wanted = AuditFilter(query.account, number_place(query.cursor), query.limit + 1)
    found = await call.context.store.audit(wanted)
    page = found[: query.limit]
    more = len(found) > len(page)
    return Answer(
        AuditPage(
            [_entry(each) for each in page], place_to_cursor(str(page[-1].id)) if more else None
        )
    )


def _event(event: AccountEvent) -> AccountEventView:
    return AccountEventView(
        event.id, event.at, event.kind, event.level, event.text, event.times, event.detail
    )


def _entry(entry: AuditEntry) -> AuditView:
    return AuditView(
        entry.id,
        entry.at,
        entry.who,
        entry.peer,
        entry.what,
        entry.account_id,
        entry.subject,
        entry.outcome,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/integrations/{account_id}/events",
        name="listAccountEvents",
        tag="integrations",
        summary="What happened to an account: runs, retries, errors, and what was done by hand",
        handler=list_events,
        query=EventsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", AccountEventPage)],
        problems=NO_ACCOUNT,
    ),
    Operation(
        method="GET",
        path="/audit",
        name="listAudit",
        tag="audit",
        summary="Who connected, paused, acted, retried, confirmed; never a secret",
        handler=list_audit,
        query=AuditQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", AuditPage)],
    ),
)
