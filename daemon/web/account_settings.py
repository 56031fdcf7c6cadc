"""What a person sets of an account: its name, and how jobs are routed to it."""

from http import HTTPStatus
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from actors.jobs.plain_text import one_line
from actors.vendors.registry import DISPATCHING
from daemon.jobs.tracking import untracked
from daemon.standing import standing
from daemon.web.account_view import Integration, integration
from daemon.web.context import WebContext
from daemon.web.integrations import NO_ACCOUNT
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import FieldError, InvalidInputError
from daemon.web.routing_settings import RoutingSettings, changed_company, routing_settings

log = structlog.get_logger()


class SettingsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise; what is left out, or null, stays."""

    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(
            description="What it is called here, until it is connected again and its vendor names it."
        ),
    ] = None
    routing: Annotated[
        RoutingSettings | None,
        Meta(description="Of these, too, what is left out stays; an option that is null goes."),
    ] = None


async def change(call: Call[Nothing, SettingsRequest]) -> Answer:
    """Set what is named."""
    context, wanted = call.context, call.body
    store, account_id = context.store, call.path("account_id")
    account = await store.account(account_id)
    name = None if wanted.name is None else one_line(wanted.name)
    if name == "":
        raise InvalidInputError([FieldError("name", "text that is not empty", "blanks")])
    async with context.connector.hold(account.vendor, account.external_account_id):
        company = await store.company(account_id)
        if wanted.routing is not None:
            company = changed_company(account.vendor, company, wanted.routing)
        is_deed = name is not None or wanted.routing is not None
        if is_deed:
            await store.set_company(company, name)
        account = await store.account(account_id)
        context.metrics.census.put(account)
    if is_deed:
        log.info(
            "account_configured",
            account=account_id,
            vendor=account.vendor,
            name=account.name,
            is_active=company.is_active,
        )
    hosted = context.supervisor.hosted().get(account_id)
    routing = routing_settings(account.vendor, company)
    advice = msgspec.UNSET if wanted.routing is None else _advice(context, account.vendor)
    shown = integration(account, standing(account, hosted), routing, advice)
    return Answer(shown, is_deed=is_deed)


def _advice(context: WebContext, vendor: str) -> str | None:
    settings, dispatcher = context.settings.get(vendor), DISPATCHING.get(vendor)
    if settings is None or dispatcher is None:
        return None
    lost = untracked(dispatcher, settings.object_types)
    return None if lost is None else f"{lost}: add them to vendors.{vendor}.object_types"


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="PATCH",
        path="/integrations/{account_id}",
        name="changeIntegration",
        deed="account_configured",
        tag="integrations",
        summary="Set an account's name, or whether and how jobs are routed to it",
        handler=change,
        body=SettingsRequest,
        body_required=True,
        replies=[Reply(HTTPStatus.OK, "It is set.", Integration)],
        problems=NO_ACCOUNT,
    ),
)
