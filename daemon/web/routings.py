"""Routings: one job's way to one company, looked at and tried again."""

from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
import structlog
from msgspec import Meta

from actors.vendors.dispatching import CannotOfferError
from daemon.action_desk import CannotActError
from daemon.jobs.refusals import NothingToRetryError
from daemon.web.audited import ABOUT
from daemon.web.job_view import Ids, NotRetried, Retried, RoutingView, routing_view
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, cursor_to_place, place_to_cursor
from daemon.web.problem import NotFoundError, ProblemError
from store.errors import ActionConflictError, ActionLimitError, UnknownAccountError
from store.job_models import Routing
from store.job_ports import JobBook

log = structlog.get_logger()

_TAG = "jobs"
_MOST_IDS = 10


async def get_routing(call: Call[Nothing, Nothing]) -> Answer:
    """Show one routing with its steps."""
    store = call.context.store
    routing = _known(await store.routing(call.path("routing_id")))
    return Answer(routing_view(await _with_history(store, routing)))


class RetryQuery(msgspec.Struct, frozen=True):
    """Parameters of trying all of a company's again."""

    cursor: CursorText = ""


class IdsQuery(msgspec.Struct, frozen=True):
    """Parameters of looking ids up."""

    of: Annotated[Literal["job", "routing"], Meta(description="Whose ids.")]
    prefix: Annotated[str, Meta(min_length=1, max_length=60, description="How they begin.")]


async def find_ids(call: Call[IdsQuery, Nothing]) -> Answer:
    """Look up which ids begin so."""
    query, store = call.query, call.context.store
    look_up = store.job_ids if query.of == "job" else store.routing_ids
    found = await look_up(query.prefix, limit=_MOST_IDS + 1)
    return Answer(Ids(found[:_MOST_IDS], len(found) > _MOST_IDS))


async def retry_failed(call: Call[RetryQuery, Nothing]) -> Answer:
    """Have some of a company's failed routings delivered after all."""
    account_id = call.path("account_id")
    before_id = cursor_to_place(call.query.cursor) or None
    try:
        done = await call.context.jobs.retry_failed(account_id, before_id)
    except CannotActError as error:
        raise _cannot_act(error) from error
    except NothingToRetryError as error:
        raise _conflict("nothing-to-retry", str(error)) from error
    log.info("routings_retried", account=account_id, retried=len(done.retried), left=len(done.left))
    left = [NotRetried(routing_id, reason) for routing_id, reason in done.left.items()]
    following = None if done.last_job_id is None else place_to_cursor(done.last_job_id)
    return Answer(Retried(done.retried, left, following), HTTPStatus.ACCEPTED)


async def retry(call: Call[Nothing, Nothing]) -> Answer:
    """Have a routing delivered after all."""
    routing_id = call.path("routing_id")
    try:
        routing = _known(await call.context.jobs.retry(routing_id))
    except CannotOfferError as error:
        raise _conflict("cannot-offer", f"the company cannot be offered it: {error}") from error
    except CannotActError as error:
        raise _cannot_act(error) from error
    except UnknownAccountError as error:
        raise _conflict("nothing-to-retry", "its company is not connected any more") from error
    except (NothingToRetryError, ActionConflictError, ActionLimitError) as error:
        raise _conflict("nothing-to-retry", str(error)) from error
    call.request[ABOUT] = routing.account_id
    log.info("routing_retried", routing=routing.id, job=routing.job_id, account=routing.account_id)
    shown = await _with_history(call.context.store, routing)
    return Answer(routing_view(shown), HTTPStatus.ACCEPTED)


async def _with_history(store: JobBook, routing: Routing) -> Routing:
    """Return it as it stands in its job, which has its steps."""
    job = await store.job(routing.job_id)
    ways = () if job is None else job.routings
    return next((each for each in ways if each.id == routing.id), routing)


def _known(routing: Routing | None) -> Routing:
    if routing is None:
        raise NotFoundError("there is no such routing, or it was put away")
    return routing


def _cannot_act(error: CannotActError) -> ProblemError:
    now = error.standing
    return ProblemError(
        HTTPStatus.CONFLICT,
        "account-cannot-act",
        f"the company's account is {now.state}: nothing is tried again",
        reasons=now.reasons,
    )


def _conflict(kind: str, detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, kind, detail)


_NO_ROUTING = {HTTPStatus.NOT_FOUND: "There is no such routing, or it was put away."}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/routings/{routing_id}",
        name="getRouting",
        tag=_TAG,
        summary="One routing, with every step of it",
        handler=get_routing,
        replies=[Reply(HTTPStatus.OK, "The routing.", RoutingView)],
        problems=_NO_ROUTING,
    ),
    Operation(
        method="POST",
        path="/routings/{routing_id}/retry",
        name="retryRouting",
        deed="routing_retried",
        tag=_TAG,
        summary="Offer it again after it failed for good, or look for one whose outcome is unknown",
        handler=retry,
        replies=[Reply(HTTPStatus.ACCEPTED, "It is tried again.", RoutingView)],
        problems={
            **_NO_ROUTING,
            HTTPStatus.CONFLICT: "It did not fail, or the company can be offered nothing now;"
            " `detail` says why.",
        },
    ),
    Operation(
        method="POST",
        path="/integrations/{account_id}/routings/retry",
        name="retryRoutings",
        deed="routings_retried",
        tag=_TAG,
        summary="Offer a company again what failed for good, the newest jobs first, a page at a time",
        handler=retry_failed,
        query=RetryQuery,
        replies=[Reply(HTTPStatus.ACCEPTED, "These are tried again, and these are not.", Retried)],
        problems={
            HTTPStatus.NOT_FOUND: "There is no such account.",
            HTTPStatus.CONFLICT: "The company can be offered nothing now; `detail` says why.",
        },
    ),
    Operation(
        method="GET",
        path="/ids",
        name="findIds",
        tag=_TAG,
        summary="Ids of jobs or routings that begin so, at most ten",
        handler=find_ids,
        query=IdsQuery,
        replies=[Reply(HTTPStatus.OK, "They.", Ids)],
    ),
)
