"""Routings: one job's way to one company, looked at and tried again."""

from http import HTTPStatus

import structlog

from actors.vendors.dispatching import CannotOfferError
from daemon.action_desk import CannotActError
from daemon.jobs.refusals import NothingToRetryError
from daemon.web.audited import ABOUT
from daemon.web.job_view import RoutingView, routing_view
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import NotFoundError, ProblemError
from store.errors import ActionConflictError, ActionLimitError, UnknownAccountError
from store.job_models import Routing
from store.job_ports import JobBook

log = structlog.get_logger()

_TAG = "jobs"


async def get_routing(call: Call[Nothing, Nothing]) -> Answer:
    """Show one routing with its steps."""
    store = call.context.store
    routing = _known(await store.routing(call.path("routing_id")))
    return Answer(routing_view(await _with_history(store, routing)))


async def retry(call: Call[Nothing, Nothing]) -> Answer:
    """Have a routing delivered after all."""
    routing_id = call.path("routing_id")
    try:
        routing = _known(await call.context.jobs.retry(routing_id))
    except CannotOfferError as error:
        raise _conflict("cannot-offer", f"the company cannot be offered it: {error}") from error
    except CannotActError as error:
        now = error.standing
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "account-cannot-act",
            f"the company's account is {now.state}: nothing is tried again",
            reasons=now.reasons,
        ) from error
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
)
