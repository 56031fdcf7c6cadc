"""The list of all that can be asked. The routes and the description are made from it."""

from functools import cache
from http import HTTPStatus

from aiohttp import web

from daemon.web import (
    account_settings,
    actions,
    alerts,
    assets,
    auth,
    changes,
    cluster,
    dashboard,
    dashboard_acts,
    deletes,
    drifts,
    explain,
    health,
    integrations,
    job_archive,
    jobs,
    metrics,
    objects,
    overview,
    routings,
    status_pages,
    steering,
    timeline,
    verification,
    views,
    webhooks,
)
from daemon.web.openapi import describe
from daemon.web.operation import JSON, AnyOperation, Call, Nothing, Operation, Reply


async def _describe(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Describe the list itself."""
    return web.Response(body=_description(call.context.version), content_type=JSON)


@cache
def _description(version: str) -> bytes:
    """Make it once: it takes 40 ms of the loop, and anybody may ask for it."""
    return describe(OPERATIONS, version)


OPERATIONS: tuple[AnyOperation, ...] = (
    *health.OPERATIONS,
    *overview.OPERATIONS,
    *cluster.OPERATIONS,
    *metrics.OPERATIONS,
    *auth.OPERATIONS,
    *integrations.OPERATIONS,
    *account_settings.OPERATIONS,
    *steering.OPERATIONS,
    *deletes.OPERATIONS,
    *verification.OPERATIONS,
    *objects.OPERATIONS,
    *actions.OPERATIONS,
    *drifts.OPERATIONS,
    *jobs.OPERATIONS,
    *routings.OPERATIONS,
    *explain.OPERATIONS,
    *views.OPERATIONS,
    *changes.OPERATIONS,
    *webhooks.OPERATIONS,
    *dashboard.OPERATIONS,
    *dashboard_acts.OPERATIONS,
    *status_pages.OPERATIONS,
    *assets.OPERATIONS,
    *alerts.OPERATIONS,
    *timeline.OPERATIONS,
    *job_archive.OPERATIONS,
    Operation(
        method="GET",
        path="/openapi.json",
        name="getOpenApi",
        tag="description",
        summary="This description",
        handler=_describe,
        replies=[Reply(HTTPStatus.OK, "OpenAPI 3.1.", media=(JSON,))],
        is_open=True,
    ),
)
