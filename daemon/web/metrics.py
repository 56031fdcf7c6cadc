"""What Prometheus scrapes."""

from http import HTTPStatus

from aiohttp import web

from daemon.web.operation import AnyOperation, Call, Nothing, Operation, Reply


async def scrape(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Write down all metrics."""
    context = call.context
    exposition = await context.metrics.scrape(
        context.store, context.supervisor, call.request.headers.get("Accept", "")
    )
    return web.Response(
        body=exposition.body, headers={"Content-Type": exposition.content_type, "Vary": "Accept"}
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/metrics",
        name="getMetrics",
        tag="health",
        summary="Metrics for Prometheus: text 0.0.4, or OpenMetrics 1.0 for who accepts it",
        handler=scrape,
        replies=[
            Reply(
                HTTPStatus.OK,
                "All metrics.",
                media=("text/plain", "application/openmetrics-text"),
            )
        ],
        is_open=True,
    ),
)
