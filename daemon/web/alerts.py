"""Alerts: open and recent ones, what happened to them, and saying that one is looked after."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.alerts.desk import UnknownAlertError
from daemon.alerts.document import (
    AlertDocument,
    AlertEventDocument,
    alert_document,
    event_document,
)
from daemon.audit.trail import Doer
from daemon.watching import Watching
from daemon.web.audited import USER_HEADER
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, Next, number_place, place_to_cursor
from daemon.web.problem import NotFoundError, ProblemError
from store.watch_models import AlertFilter

_TAG = "alerts"
_NO_ALERT = {HTTPStatus.NOT_FOUND: "There is no such alert."}


class AlertsQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""
    state: Annotated[
        Literal["open", "resolved", "all"],
        Meta(description="`open` includes those that somebody looks after."),
    ] = "all"
    account: Annotated[str | None, Meta(description="Only this account's.")] = None


class AlertPage(msgspec.Struct, frozen=True):
    """Alerts, the newest first."""

    items: Sequence[AlertDocument]
    next: Next


class AlertEventsQuery(msgspec.Struct, frozen=True):
    """Parameters of the feed."""

    after: Annotated[int, Meta(ge=0, description="Only events with a higher `seq`.")] = 0
    limit: Limit = 100


class AlertEventPage(msgspec.Struct, frozen=True):
    """What happened to alerts, in order."""

    items: Sequence[AlertEventDocument]
    next: Annotated[int, Meta(description="`after` of the next call.")]


class AckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, or what is done about it."""

    note: Annotated[str, Meta(max_length=500)] | None = None


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be told once more."""

    channel: Annotated[str, Meta(description="`webhook`, `email` or `alertmanager`.")]
    after: Annotated[int, Meta(ge=0, description="Events with a higher `seq`.")]


class Told(msgspec.Struct, frozen=True):
    """Which channels are told."""

    channels: Sequence[str]


async def list_alerts(call: Call[AlertsQuery, Nothing]) -> Answer:
    """List alerts, page by page."""
    query = call.query
    wanted = AlertFilter(
        open=None if query.state == "all" else query.state == "open",
        account_id=query.account,
        before=number_place(query.cursor),
        limit=query.limit + 1,
    )
    found = await call.context.store.alerts(wanted)
    page = found[: query.limit]
    more = len(found) > len(page)
    return Answer(
        AlertPage(
            [alert_document(alert) for alert in page],
            place_to_cursor(str(page[-1].id)) if more else None,
        )
    )


async def get_alert(call: Call[Nothing, Nothing]) -> Answer:
    """Show one alert."""
    alert = await call.context.store.alert(_alert_id(call.path("alert_id")))
    if alert is None:
        raise NotFoundError("there is no such alert")
    return Answer(alert_document(alert))


async def list_events(call: Call[AlertEventsQuery, Nothing]) -> Answer:
    """List what happened to alerts, for whoever missed a delivery."""
    after = call.query.after
    found = await call.context.store.alert_events(after, call.query.limit)
    return Answer(
        AlertEventPage(
            [event_document(event) for event in found], found[-1].seq if found else after
        )
    )


async def acknowledge(call: Call[Nothing, AckRequest]) -> Answer:
    """Note that somebody looks after an alert."""
    alert_id, watching = _alert_id(call.path("alert_id")), _watching(call.context.watching)
    who = _who(call)
    try:
        alert = await watching.desk.acknowledge(alert_id, who, call.body.note)
    except UnknownAlertError:
        known = await call.context.store.alert(alert_id)
        if known is None:
            raise NotFoundError("there is no such alert") from None
        raise ProblemError(
            HTTPStatus.CONFLICT, "alert-resolved", "the alert is resolved already"
        ) from None
    return Answer(alert_document(alert))


async def test(call: Call[Nothing, Nothing]) -> Answer:
    """Send an alert that means nothing over every channel."""
    watching = _watching(call.context.watching)
    await watching.desk.send_test(_who(call))
    return Answer(
        Told([delivery.name for delivery in watching.desk.channels.deliveries()]),
        HTTPStatus.ACCEPTED,
    )


async def replay(call: Call[Nothing, ReplayRequest]) -> Answer:
    """Have a channel told once more."""
    watching, wanted = _watching(call.context.watching), call.body.channel
    if await watching.desk.channels.replay(wanted, call.body.after):
        return Answer(Told([wanted]), HTTPStatus.ACCEPTED)
    raise NotFoundError(f"no channel {wanted!r} is configured")


def _who(call: Call[Nothing, Nothing] | Call[Nothing, AckRequest]) -> str:
    return Doer.with_token(call.request.headers.get(USER_HEADER, ""), "").who


def _watching(watching: Watching | None) -> Watching:
    if watching is None:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "not-watching", "nothing watches here")
    return watching


def _alert_id(text: str) -> int:
    """Return the id; one that can't be any is 0, which no alert has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0  # noqa: PLR2004


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/alerts",
        name="listAlerts",
        tag=_TAG,
        summary="Open and recent alerts, the newest first",
        handler=list_alerts,
        query=AlertsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", AlertPage)],
    ),
    Operation(
        method="GET",
        path="/alerts/events",
        name="listAlertEvents",
        tag=_TAG,
        summary="What happened to alerts, in order: what webhooks deliver",
        handler=list_events,
        query=AlertEventsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", AlertEventPage)],
    ),
    Operation(
        method="POST",
        path="/alerts/test",
        name="testAlerts",
        deed="alerts_tested",
        tag=_TAG,
        summary="Send an alert that means nothing over every channel",
        handler=test,
        replies=[Reply(HTTPStatus.ACCEPTED, "It is sent.", Told)],
    ),
    Operation(
        method="POST",
        path="/alerts/replay",
        name="replayAlerts",
        deed="alerts_replayed",
        tag=_TAG,
        summary="Tell a channel once more what happened to alerts",
        handler=replay,
        body=ReplayRequest,
        body_required=True,
        replies=[Reply(HTTPStatus.ACCEPTED, "It is told.", Told)],
        problems={HTTPStatus.NOT_FOUND: "No such channel is configured."},
    ),
    Operation(
        method="GET",
        path="/alerts/{alert_id}",
        name="getAlert",
        tag=_TAG,
        summary="One alert",
        handler=get_alert,
        replies=[Reply(HTTPStatus.OK, "The alert.", AlertDocument)],
        problems=_NO_ALERT,
    ),
    Operation(
        method="POST",
        path="/alerts/{alert_id}/ack",
        name="acknowledgeAlert",
        deed="alert_acknowledged",
        tag=_TAG,
        summary="Say that somebody looks after it: it is told no more, unless it becomes worse",
        handler=acknowledge,
        body=AckRequest,
        replies=[Reply(HTTPStatus.OK, "The alert.", AlertDocument)],
        problems={**_NO_ALERT, HTTPStatus.CONFLICT: "It is resolved already."},
    ),
)
