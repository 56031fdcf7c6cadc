"""`/status`: for clients. It says nothing of any company but the one that a link is for."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import web
from markupsafe import Markup

from daemon.standing import standing
from daemon.web.freshness import freshness
from daemon.web.operation import AnyOperation, Call, Nothing
from daemon.web.page_operations import page_operations
from daemon.web.pages.account import day_of
from daemon.web.pages.live import stream_parts
from daemon.web.pages.sending import page_response
from daemon.web.pages.service import company_page, service_page
from daemon.web.problem import NotFoundError
from store.errors import UnknownAccountError
from store.models import Account

_SERVICE = ("service", "day")


async def status(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Show how the service does."""
    return _page(call, _service_parts(call), "/status/live")


async def status_live(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""

    async def parts() -> Mapping[str, str]:
        return _service_parts(call)

    with call.waiting.place(open_to_all=True):
        return await stream_parts(call, parts)


async def company(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Show how the service and one company do."""
    day = await day_of(call.context, (await _account(call)).id)
    return _page(call, await _company_parts(call), f"/status/{call.path('token')}/live", day=day)


async def company_live(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""
    await _account(call)
    with call.waiting.place(open_to_all=True):
        return await stream_parts(call, partial(_company_parts, call))


def _page(
    call: Call[Nothing, Nothing], parts: Mapping[str, str], live: str, **values: object
) -> web.StreamResponse:
    made = {name: Markup(html) for name, html in parts.items()}  # noqa: S704 - by our templates
    shown = {"parts": made, "home": "/status", "live": live, **values}
    return page_response(call.context, "status.html", shown)


def _service_parts(call: Call[Nothing, Nothing]) -> Mapping[str, str]:
    """Return what is the same for all who look, and changes only when the service was looked at."""
    context = call.context
    day = context.service_history.day

    def values() -> Mapping[str, object]:
        return {"service": service_page(day, day.seen_at or context.clock.now().utc)}

    return {
        name: context.pages.render_once(f"status/{name}.html", day, values) for name in _SERVICE
    }


async def _company_parts(call: Call[Nothing, Nothing]) -> Mapping[str, str]:
    context = call.context
    account = await _account(call)
    now = standing(account, context.supervisor.hosted().get(account.id))
    fresh = freshness(
        account.exact_as_of, context.clock.now().utc, context.stale_after_s(account.vendor)
    )
    shown = company_page(account.name, now, fresh)
    html = context.pages.render("status/company.html", {"company": shown})
    return {"company": html, **_service_parts(call)}


async def _account(call: Call[Nothing, Nothing]) -> Account:
    account_id = call.context.status_links.account_of(call.path("token"))
    nowhere = NotFoundError("this link leads nowhere; ask for a new one")
    if account_id is None:
        raise nowhere
    try:
        return await call.context.store.account(account_id)
    except UnknownAccountError:
        raise nowhere from None


OPERATIONS: tuple[AnyOperation, ...] = (
    *page_operations(
        path="/status",
        name="status",
        summary="How the service does, for everybody to see",
        page=status,
        live=status_live,
    ),
    *page_operations(
        path="/status/{token}",
        name="companyStatus",
        summary="How one company does, for whoever has its link",
        page=company,
        live=company_live,
        problems={HTTPStatus.NOT_FOUND: "This is no link of ours."},
    ),
)
