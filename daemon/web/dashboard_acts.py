"""The buttons of the operator's pages: each does what the API does, and leads back to the page."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from daemon.web import actions, alerts, deletes, integrations, routings, steering, verification
from daemon.web import dashboard_session as session
from daemon.web.audited import audited
from daemon.web.dashboard import FORM, for_operator
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation
from daemon.web.page_operations import SEE_OTHER, TAG
from daemon.web.pages.sending import problem_page, see_other
from daemon.web.problem import FieldError, InvalidInputError

_ACCOUNT = f"{session.HOME}/accounts/{{account_id}}"

_DEEDS = {
    "sync": "sync_requested",
    "sync-full": "sync_requested",
    "verify": "verification_requested",
    "pause": "account_paused",
    "resume": "account_resumed",
    "disconnect": "account_disconnected",
    "confirm-deletes": "deletes_confirmed",
    "retry": "action_retried",
    "ack": "alert_acknowledged",
}

_ROUTING_RETRIED = "routing_retried"

Act = Callable[[Call[Nothing, Nothing]], Awaitable[Answer | web.StreamResponse]]


async def sync(call: Call[Nothing, Nothing]) -> Answer:
    """Have it looked at now."""
    return await steering.sync(_as(call, Nothing(), steering.SyncRequest()))


async def sync_full(call: Call[Nothing, Nothing]) -> Answer:
    """Have all of it read again."""
    return await steering.sync(_as(call, Nothing(), steering.SyncRequest(full=True)))


async def verify(call: Call[Nothing, Nothing]) -> Answer:
    """Have it compared with its vendor; the page shows how that goes."""
    return await verification.verify(_as(call, verification.VerifyQuery(wait=0.0), Nothing()))


async def disconnect(call: Call[Nothing, Nothing]) -> Answer:
    """Give the access back."""
    return await integrations.delete_integration(_as(call, integrations.DeleteQuery(), Nothing()))


async def confirm_deletes(call: Call[Nothing, Nothing]) -> Answer:
    """Let so many deletes of one type be made as the page showed."""
    form = await call.request.post()
    name, count = str(form.get("object_type", "")), str(form.get("count", ""))
    if not count.isdecimal():
        raise InvalidInputError([FieldError("count", "a number", repr(count))])
    wanted = deletes.ConfirmRequest(object_types=[name], counts={name: int(count)})
    return await deletes.confirm_deletes(_as(call, Nothing(), wanted))


async def retry(call: Call[Nothing, Nothing]) -> Answer:
    """Try a user's write again."""
    return await actions.retry(_as(call, actions.WaitQuery(wait=0.0), Nothing()))


async def acknowledge(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Note that somebody looks after an alert, and lead back to where it was shown."""
    session.require_own_page(call.request)
    form = await call.request.post()
    way_back = session.safe_way_back(str(form.get("next", "")))
    with audited(call.context.watching, _DEEDS["ack"], call.request):
        await alerts.acknowledge(_as(call, Nothing(), alerts.AckRequest()))
    return see_other(f"{way_back}?said=ack")


async def retry_routing(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Offer a job to a company again, and lead back to the jobs."""
    session.require_own_page(call.request)
    with audited(call.context.watching, _ROUTING_RETRIED, call.request):
        await routings.retry(call)
    return see_other(f"{session.HOME}/jobs?said=retry")


def _as(
    call: Call[Nothing, Nothing], query: msgspec.Struct, body: msgspec.Struct
) -> Call[Any, Any]:
    return Call(call.context, call.waiting, call.request, query, body)


def _button(act: Act, said: str) -> Act:
    async def press(call: Call[Nothing, Nothing]) -> web.StreamResponse:
        session.require_own_page(call.request)
        with audited(call.context.watching, _DEEDS[said], call.request):
            await act(call)
        return see_other(f"{session.HOME}/accounts/{call.path('account_id')}?said={said}")

    return press


def _operation(path: str, name: str, summary: str, act: Act, said: str) -> AnyOperation:
    return _pressed(
        f"{_ACCOUNT}/{path}",
        name,
        summary,
        _button(act, said),
        _DEEDS[said],
        no_such="There is no such account.",
        not_now="It cannot do that now; the page says why, and what to do.",
    )


def _pressed(
    path: str, name: str, summary: str, act: Act, deed: str, *, no_such: str, not_now: str
) -> AnyOperation:
    return Operation(
        method="POST",
        path=path,
        name=name,
        tag=TAG,
        summary=f"Button: {summary}",
        handler=for_operator(act),
        raw_body=FORM,
        replies=[SEE_OTHER],
        problems={
            HTTPStatus.FORBIDDEN: "A page elsewhere sent it.",
            HTTPStatus.NOT_FOUND: no_such,
            HTTPStatus.CONFLICT: not_now,
        },
        problem_page=problem_page,
        deed=deed,
        by_session=True,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    _operation("sync", "dashboardSync", "look for changes now", sync, "sync"),
    _operation("sync-full", "dashboardSyncFull", "read all again", sync_full, "sync-full"),
    _operation("verify", "dashboardVerify", "compare with the vendor", verify, "verify"),
    _operation("pause", "dashboardPause", "rest", steering.pause, "pause"),
    _operation("resume", "dashboardResume", "go on", steering.resume, "resume"),
    _operation("disconnect", "dashboardDisconnect", "disconnect", disconnect, "disconnect"),
    _operation(
        "confirm-deletes",
        "dashboardConfirmDeletes",
        "let held deletes be made",
        confirm_deletes,
        "confirm-deletes",
    ),
    _operation(
        "actions/{action_id}/retry",
        "dashboardRetry",
        "try a user's write again",
        retry,
        "retry",
    ),
    _pressed(
        f"{session.HOME}/alerts/{{alert_id}}/ack",
        "dashboardAck",
        "look after an alert",
        acknowledge,
        _DEEDS["ack"],
        no_such="There is no such alert.",
        not_now="It is resolved already.",
    ),
    _pressed(
        f"{session.HOME}/routings/{{routing_id}}/retry",
        "dashboardRetryRouting",
        "offer a job to a company again",
        retry_routing,
        _ROUTING_RETRIED,
        no_such="There is no such routing.",
        not_now="It did not fail, or cannot be offered now; the page says why.",
    ),
)
