"""`/status`: for clients. It says nothing of any company but the one that a link is for."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from daemon.standing import standing
from daemon.web.freshness import freshness
from daemon.web.operation import EVENT_STREAM, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.page import HTML
from daemon.web.pages.account import day_of
from daemon.web.pages.live import stream_parts
from daemon.web.pages.sending import page_response, problem_page
from daemon.web.pages.service import company_page, service_page
from daemon.web.problem import NotFoundError
from store.errors import UnknownAccountError
from store.models import Account

_TAG = "pages"
_SERVICE = ("service", "day")
_COMPANY = ("company", *_SERVICE)


async def status(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Show how the service does."""
    values = {**_service_values(call), "company": None}
    return page_response(call.context, "status.html", {**values, "live": "/status/live"})


async def status_live(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""

    async def parts() -> Mapping[str, str]:
        return _rendered(call, _SERVICE, _service_values(call))

    with call.waiting.place(open_to_all=True):
        return await stream_parts(call, parts)


async def company(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Show how the service and one company do."""
    values = await _company_values(call)
    day = await day_of(call.context, (await _account(call)).id)
    live = f"/status/{call.path('token')}/live"
    return page_response(call.context, "status.html", {**values, "day": day, "live": live})


async def company_live(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""
    await _company_values(call)

    async def parts() -> Mapping[str, str]:
        return _rendered(call, _COMPANY, await _company_values(call))

    with call.waiting.place(open_to_all=True):
        return await stream_parts(call, parts)


def _rendered(
    call: Call[Nothing, Nothing], names: tuple[str, ...], values: Mapping[str, object]
) -> Mapping[str, str]:
    return {name: call.context.pages.render(f"status/{name}.html", values) for name in names}


def _service_values(call: Call[Nothing, Nothing]) -> Mapping[str, object]:
    context = call.context
    day, now = context.service_history.day, context.clock.now().utc
    return {"service": service_page(day, now), "home": "/status"}


async def _company_values(call: Call[Nothing, Nothing]) -> Mapping[str, object]:
    context = call.context
    account = await _account(call)
    now = standing(account, context.supervisor.hosted().get(account.id))
    fresh = freshness(
        account.exact_as_of, context.clock.now().utc, context.stale_after_s(account.vendor)
    )
    return {**_service_values(call), "company": company_page(account.name, now, fresh)}


async def _account(call: Call[Nothing, Nothing]) -> Account:
    account_id = call.context.status_links.account_of(call.path("token"))
    nowhere = NotFoundError("this link leads nowhere; ask for a new one")
    if account_id is None:
        raise nowhere
    try:
        return await call.context.store.account(account_id)
    except UnknownAccountError:
        raise nowhere from None


_PAGE = [Reply(HTTPStatus.OK, "The page.", media=(HTML,))]
_STREAM = [Reply(HTTPStatus.OK, "Parts of the page, each when it changes.", media=(EVENT_STREAM,))]
_NO_LINK = {HTTPStatus.NOT_FOUND: "This is no link of ours."}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/status",
        name="status",
        tag=_TAG,
        summary="How the service does, for everybody to see",
        handler=status,
        replies=_PAGE,
        problem_page=problem_page,
        is_open=True,
        ignores_unknown=True,
    ),
    Operation(
        method="GET",
        path="/status/live",
        name="statusLive",
        tag=_TAG,
        summary="Changes of that page as they happen",
        handler=status_live,
        replies=_STREAM,
        is_open=True,
        ignores_unknown=True,
    ),
    Operation(
        method="GET",
        path="/status/{token}",
        name="companyStatus",
        tag=_TAG,
        summary="How one company does, for whoever has its link",
        handler=company,
        replies=_PAGE,
        problems=_NO_LINK,
        problem_page=problem_page,
        is_open=True,
        ignores_unknown=True,
    ),
    Operation(
        method="GET",
        path="/status/{token}/live",
        name="companyStatusLive",
        tag=_TAG,
        summary="Changes of that page as they happen",
        handler=company_live,
        replies=_STREAM,
        problems=_NO_LINK,
        is_open=True,
        ignores_unknown=True,
    ),
)
