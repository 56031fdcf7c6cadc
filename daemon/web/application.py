"""The aiohttp application: one route for each operation, and nothing else."""

from aiohttp import web

from daemon.web.connections import Connections
from daemon.web.context import WebContext
from daemon.web.guard import check_host
from daemon.web.host import HostRules
from daemon.web.operation import bind
from daemon.web.operations import OPERATIONS
from daemon.web.problems import answer_problems
from daemon.web.request_rate import RequestRate
from daemon.web.waiting import Waiting

WAITING = web.AppKey("waiting", Waiting)
CONNECTIONS = web.AppKey("connections", Connections)


def create_app(context: WebContext) -> web.Application:
    """Build the application. Its `WAITING` ends all long polls and streams when it shuts down."""
    server, http = context.server, context.metrics.http
    connections = Connections(server.limits, http.refused)
    rules = HostRules.of(server.host, server.public_url, server.allowed_hosts)
    application = web.Application(
        middlewares=[connections.middleware(), answer_problems, check_host(rules)],
        client_max_size=server.max_body_bytes,
    )
    most = server.limits.waiting if context.max_waiting is None else context.max_waiting
    application[CONNECTIONS] = connections
    application[WAITING] = waiting = Waiting(most, http.refused)
    http.connections = lambda: connections.count
    http.waiting = lambda: waiting.count
    rate = RequestRate(server.limits.requests_per_second)
    for operation in OPERATIONS:
        application.router.add_route(
            operation.method,
            operation.path,
            bind(operation, context, waiting, rate),
            name=operation.name,
        )
    application.on_response_prepare.append(_add_headers)
    application.on_shutdown.append(_end_waiting)
    return application


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "syncline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")


async def _end_waiting(application: web.Application) -> None:
    application[WAITING].close()
