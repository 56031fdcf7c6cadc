"""The operator's pages: sign in, all accounts, one account. They read; `dashboard_acts` does."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web
from msgspec import Meta

from actors.status import AccountState
from daemon.web import dashboard_session as session
from daemon.web.cluster import ClusterBrief, cluster_brief
from daemon.web.context import WebContext
from daemon.web.open_trouble import open_trouble
from daemon.web.operation import (
    Answer,
    AnyOperation,
    B,
    Call,
    Handler,
    Nothing,
    Operation,
    Q,
)
from daemon.web.page_operations import PAGE, SEE_OTHER, TAG, page_operations
from daemon.web.pages.account import account_page, day_of
from daemon.web.pages.jobs import jobs_page
from daemon.web.pages.live import stream_parts
from daemon.web.pages.overview import Wanted, glance, listing, open_alerts
from daemon.web.pages.sending import page_response, problem_page, see_other

FORM = "application/x-www-form-urlencoded"
_HERE = session.HOME

_OVERVIEW = (
    *("trouble", "alerts", "states", "ages", "throughput", "budgets"),
    *("cluster", "accounts"),
)
_ACCOUNT = (
    *("standing", "alerts", "facts", "certificate", "cursors"),
    *("actions", "events", "changes"),
)

_JOBS = ("standing", "failed", "open")

Said = Annotated[str, Meta(description="What was just done, as the page before said.")]

SAID = {
    "sync": "It looks for changes now.",
    "sync-full": "It reads everything again.",
    "verify": "It compares everything with the vendor.",
    "pause": "It rests until it is resumed.",
    "resume": "It goes on.",
    "disconnect": "It is disconnected.",
    "confirm-deletes": "They go with the next look.",
    "retry": "It is tried again.",
    "ack": "It is noted that you look after it.",
}
"""What a page says after it was asked to do something."""


class OverviewQuery(msgspec.Struct, frozen=True):
    """Which accounts are listed."""

    q: Annotated[str, Meta(max_length=200, description="In the name, or in the company id.")] = ""
    state: Annotated[str, Meta(description="Only those in this state.")] = ""
    page: Annotated[int, Meta(ge=1, le=1_000_000, description="Of the list.")] = 1
    said: Said = ""


class AccountQuery(msgspec.Struct, frozen=True):
    """Parameters of a page of one thing."""

    said: Said = ""


class LoginQuery(msgspec.Struct, frozen=True):
    """Parameters of the way in."""

    next: Annotated[str, Meta(max_length=500, description="Where to go then.")] = _HERE


def for_operator(handler: Handler[Q, B]) -> Handler[Q, B]:
    """Let in who is signed in, and lead others to the way in."""

    async def handle(call: Call[Q, B]) -> Answer | web.StreamResponse:
        if not session.is_signed_in(call.context, call.request):
            return _way_in(call)
        return await handler(call)

    return handle


def _way_in(call: Call[Q, B]) -> web.StreamResponse:
    if call.request.headers.get("Sec-Fetch-Site") == "cross-site":
        # A strict cookie does not come along from a link elsewhere, but does when we lead on.
        return page_response(call.context, "again.html", {"address": call.request.path_qs})
    return see_other(f"{session.LOGIN}?next={quote(call.request.path_qs, safe='')}")


async def overview(call: Call[OverviewQuery, Nothing]) -> web.StreamResponse:
    """Show all accounts."""
    values = await _overview_values(call)
    live = f"{_HERE}/live?{urlencode({'q': call.query.q, 'state': call.query.state, 'page': call.query.page})}"
    return page_response(call.context, "overview.html", {**values, "live": live})


async def overview_live(call: Call[OverviewQuery, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""
    return await _live(call, "overview", _OVERVIEW, partial(_overview_values, call))


async def account(call: Call[AccountQuery, Nothing]) -> web.StreamResponse:
    """Show one account."""
    values = {
        **await _account_values(call),
        "day": await day_of(call.context, call.path("account_id")),
    }
    live = f"{_HERE}/accounts/{quote(call.path('account_id'), safe='')}/live"
    return page_response(call.context, "account.html", {**values, "live": live})


async def account_live(call: Call[AccountQuery, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""
    await call.context.store.account(call.path("account_id"))
    return await _live(call, "account", _ACCOUNT, partial(_account_values, call))


async def jobs(call: Call[AccountQuery, Nothing]) -> web.StreamResponse:
    """Show routed work."""
    values = await _jobs_values(call)
    return page_response(call.context, "jobs.html", {**values, "live": f"{_HERE}/jobs/live"})


async def jobs_live(call: Call[AccountQuery, Nothing]) -> web.StreamResponse:
    """Keep that page up to date."""
    return await _live(call, "jobs", _JOBS, partial(_jobs_values, call))


async def login(call: Call[LoginQuery, Nothing]) -> web.StreamResponse:
    """Ask for the admin token."""
    return _login_page(call, call.query.next, wrong=False)


async def take_login(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Take the admin token and give a session."""
    session.require_own_page(call.request)
    form = await call.request.post()
    way_back = session.safe_way_back(str(form.get("next", "")))
    if not session.is_admin_token(call.context, str(form.get("token", ""))):
        return _login_page(call, way_back, wrong=True)
    response = see_other(way_back)
    session.begin(call.context, response)
    return response


async def logout(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """End the session, and with it the streams of all pages that show it."""
    session.require_own_page(call.request)
    response = see_other(session.LOGIN)
    session.end(call.context, call.request, response)
    return response


def _login_page(call: Call[Q, B], way_back: str, *, wrong: bool) -> web.StreamResponse:
    status = HTTPStatus.FORBIDDEN if wrong else HTTPStatus.OK
    values = {"next": way_back, "wrong": wrong}
    return page_response(call.context, "login.html", values, status)


async def _live(
    call: Call[Q, B],
    page: str,
    names: tuple[str, ...],
    values: Callable[[], Awaitable[Mapping[str, object]]],
) -> web.StreamResponse:
    pages = call.context.pages

    async def parts() -> Mapping[str, str]:
        now = await values()
        return {name: pages.render(f"{page}/{name}.html", now) for name in names}

    with call.waiting.place():
        return await stream_parts(
            call, parts, lambda: session.is_signed_in(call.context, call.request)
        )


async def _overview_values(call: Call[OverviewQuery, Nothing]) -> Mapping[str, object]:
    context, query = call.context, call.query
    hosted = context.supervisor.hosted()
    await context.metrics.census.settle(hosted)
    wanted = Wanted(_state(query.state), query.q.strip(), query.page)
    kept = {key: value for key, value in (("q", query.q), ("state", query.state)) if value}
    return {
        "glance": glance(
            context.metrics.census,
            context.throughput.intervals(),
            context.reads,
            open_trouble(context),
            context.clock.now().utc,
        ),
        "alerts": open_alerts(
            () if context.watching is None else context.watching.desk.book.open_alerts()
        ),
        **_cluster(context),
        "way_back": _HERE,
        "listing": listing(context.metrics.census, hosted, wanted),
        "wanted": wanted,
        "query": f"{urlencode(kept)}&" if kept else "",
        "said": SAID.get(query.said),
    }


def _cluster(context: WebContext) -> Mapping[str, object]:
    """Return what is shown of the nodes; nothing where the database is nobody else's."""
    shown = cluster_brief(context)
    if not isinstance(shown, ClusterBrief):
        return {"cluster": None}
    return {
        "cluster": shown,
        "accounts_unheld": sum(each.accounts for each in shown.unheld),
        "longest_unheld_s": int(max((each.for_s for each in shown.unheld), default=0.0)),
    }


async def _account_values(call: Call[AccountQuery, Nothing]) -> Mapping[str, object]:
    account_id = call.path("account_id")
    page = await account_page(call.context, account_id)
    return {
        "page": page,
        "alerts": page.alerts,
        "way_back": f"{_HERE}/accounts/{page.status.id}",
        "said": SAID.get(call.query.said),
    }


async def _jobs_values(call: Call[AccountQuery, Nothing]) -> Mapping[str, object]:
    context = call.context
    await context.metrics.census.settle(context.supervisor.hosted())
    return {"page": await jobs_page(context), "said": SAID.get(call.query.said)}


def _state(name: str) -> AccountState | None:
    try:
        return AccountState(name)
    except ValueError:
        return None


OPERATIONS: tuple[AnyOperation, ...] = (
    *page_operations(
        path=_HERE,
        name="dashboard",
        summary="All accounts, the worst first; for a browser that is signed in",
        page=for_operator(overview),
        live=for_operator(overview_live),
        query=OverviewQuery,
        by_session=True,
    ),
    *page_operations(
        path=f"{_HERE}/accounts/{{account_id}}",
        name="dashboardAccount",
        summary="One account; for a browser that is signed in",
        page=for_operator(account),
        live=for_operator(account_live),
        query=AccountQuery,
        problems={HTTPStatus.NOT_FOUND: "There is no such account."},
        by_session=True,
    ),
    *page_operations(
        path=f"{_HERE}/jobs",
        name="dashboardJobs",
        summary="Routed work; for a browser that is signed in",
        page=for_operator(jobs),
        live=for_operator(jobs_live),
        query=AccountQuery,
        by_session=True,
    ),
    Operation(
        method="GET",
        path=session.LOGIN,
        name="dashboardLogin",
        tag=TAG,
        summary="The way in: asks for the admin token",
        handler=login,
        query=LoginQuery,
        replies=[PAGE],
        problem_page=problem_page,
        is_open=True,
        ignores_unknown=True,
    ),
    Operation(
        method="POST",
        path=session.LOGIN,
        name="dashboardTakeLogin",
        tag=TAG,
        summary="Takes the admin token once and gives a session, as a cookie",
        handler=take_login,
        raw_body=FORM,
        token_in_form=True,
        replies=[SEE_OTHER],
        problems={HTTPStatus.FORBIDDEN: "It is not the token, or a page elsewhere sent it."},
        problem_page=problem_page,
        is_open=True,
    ),
    Operation(
        method="POST",
        path=f"{_HERE}/logout",
        name="dashboardLogout",
        tag=TAG,
        summary="Ends the session",
        handler=for_operator(logout),
        replies=[SEE_OTHER],
        problems={HTTPStatus.FORBIDDEN: "A page elsewhere sent it."},
        problem_page=problem_page,
        by_session=True,
    ),
)
