"""Connected companies: list them, look at one, let one go."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.status import AccountState
from daemon.standing import standing
from daemon.web.account_view import (
    Integration,
    IntegrationStatus,
    Kept,
    integration,
    integration_status,
)
from daemon.web.budget_view import budget_of
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, Next, cursor_to_place, place_to_cursor
from daemon.web.routing_settings import routing_settings
from store.job_models import Company
from store.models import Account

_TAG = "integrations"
NO_ACCOUNT = {HTTPStatus.NOT_FOUND: "There is no such account."}


class ListQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""


class IntegrationPage(msgspec.Struct, frozen=True):
    """Connected companies, in the order in which they were connected first."""

    items: list[Integration]
    next: Next


class DeleteQuery(msgspec.Struct, frozen=True):
    """Parameters of the end."""

    purge: Annotated[bool, Meta(description="Forget all its data and the account too.")] = False


class Removal(msgspec.Struct, frozen=True):
    """How letting a company go went."""

    id: str
    state: AccountState
    purged: bool
    revoked: Annotated[bool, Meta(description="Whether the vendor ended the grant.")]
    detail: Annotated[str, Meta(description="What was not done, and why; empty when all was.")]


async def list_integrations(call: Call[ListQuery, Nothing]) -> Answer:
    """List all accounts, page by page."""
    behind = cursor_to_place(call.query.cursor)
    accounts = sorted(await call.context.store.accounts(), key=_place)
    rest = [account for account in accounts if _place(account) > behind]
    page = rest[: call.query.limit]
    last = len(page) == len(rest)
    companies = {each.account_id: each for each in await call.context.store.companies()}
    return Answer(
        IntegrationPage(
            [_shown(call, account, companies.get(account.id)) for account in page],
            None if last else place_to_cursor(_place(page[-1])),
        )
    )


async def get_integration(call: Call[Nothing, Nothing]) -> Answer:
    """Show one account."""
    store, account_id = call.context.store, call.path("account_id")
    account = await store.account(account_id)
    return Answer(_shown(call, account, await store.company(account_id)))


async def get_status(call: Call[Nothing, Nothing]) -> Answer:
    """Show one account with its cursors."""
    store, account_id = call.context.store, call.path("account_id")
    account = await store.account(account_id)
    return Answer(
        integration_status(
            Kept(
                account,
                await store.cursors(account_id),
                await store.live_counts(account_id),
                await store.credential(account_id),
                await store.held_deletes(account_id),
                await store.certificate(account_id),
                await store.unnamed_mend_count(account_id),
                routing_settings(account.vendor, await store.company(account_id)),
            ),
            await call.context.supervisor.seen(account_id),
            await budget_of(account, call.context.reads.get(account.vendor), store),
            call.context.clock.now().utc,
        )
    )


async def delete_integration(call: Call[DeleteQuery, Nothing]) -> Answer:
    """Let a company go."""
    watching = call.context.watching
    if call.query.purge and watching is not None:
        await watching.desk.let_go(call.path("account_id"))
    gone = await call.context.connector.disconnect(call.path("account_id"), purge=call.query.purge)
    return Answer(
        Removal(gone.account.id, AccountState.DISCONNECTED, gone.purged, gone.revoked, gone.detail)
    )


def _shown(
    call: Call[ListQuery, Nothing] | Call[Nothing, Nothing],
    account: Account,
    company: Company | None,
) -> Integration:
    hosted = call.context.supervisor.hosted().get(account.id)
    routing = routing_settings(account.vendor, company)
    return integration(account, standing(account, hosted), routing)


def _place(account: Account) -> str:
    """Return where the account stands in the list: its time as UTC text, then its id."""
    return f"{account.connected_at:%Y-%m-%dT%H:%M:%S.%f} {account.id}"


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/integrations",
        name="listIntegrations",
        tag=_TAG,
        summary="All accounts, oldest first, disconnected ones too",
        handler=list_integrations,
        query=ListQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", IntegrationPage)],
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}",
        name="getIntegration",
        tag=_TAG,
        summary="One account",
        handler=get_integration,
        replies=[Reply(HTTPStatus.OK, "The account.", Integration)],
        problems=NO_ACCOUNT,
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}/status",
        name="getIntegrationStatus",
        tag=_TAG,
        summary="One account with how far each object type has been read",
        handler=get_status,
        replies=[Reply(HTTPStatus.OK, "The account.", IntegrationStatus)],
        problems=NO_ACCOUNT,
    ),
    Operation(
        method="DELETE",
        path="/integrations/{account_id}",
        name="deleteIntegration",
        deed="account_disconnected",
        tag=_TAG,
        summary="Give the grant back to the vendor and stop; data stay unless purged",
        handler=delete_integration,
        query=DeleteQuery,
        replies=[Reply(HTTPStatus.OK, "It is disconnected.", Removal)],
        problems=NO_ACCOUNT,
    ),
)
