"""What the dashboard shows of one account."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.web.account_view import (
    AccountHealth,
    IntegrationStatus,
    Kept,
    account_health,
    integration_status,
)
from daemon.web.budget_view import budget_of
from daemon.web.context import WebContext
from daemon.web.freshness import Freshness, freshness
from store.action_models import Action, ActionFilter
from store.models import Change, ChangeFilter

_ACTIONS = 10
_CHANGES = 15
_CHANGES_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account, as it is now.

    Attributes:
        changes: its newest, the newest first, of the last few thousand of all accounts.
        actions: its newest, the newest first.
        status_link: the path of the page that its own people may see.
    """

    status: IntegrationStatus
    health: AccountHealth
    fresh: Freshness
    changes: Sequence[Change]
    actions: Sequence[Action]
    status_link: str


async def account_page(context: WebContext, account_id: str) -> AccountPage:
    """Gather what is known.

    Raises:
        UnknownAccountError: there is no such account.
    """
    store = context.store
    account = await store.account(account_id)
    credential = await store.credential(account_id)
    kept = Kept(
        account,
        await store.cursors(account_id),
        await store.live_counts(account_id),
        credential,
        await store.held_deletes(account_id),
        await store.certificate(account_id),
        await store.unnamed_mend_count(account_id),
    )
    hosted = context.supervisor.hosted().get(account_id)
    now = context.clock.now().utc
    fresh = freshness(account.exact_as_of, now, context.stale_after_s(account.vendor))
    budget = await budget_of(account, context.reads.get(account.vendor), store)
    return AccountPage(
        status=integration_status(kept, hosted, budget, now),
        health=account_health(account, hosted, credential, fresh, now),
        fresh=fresh,
        changes=await _changes(context, account_id),
        actions=await store.actions(ActionFilter(account_id, limit=_ACTIONS)),
        status_link=f"/status/{context.status_links.token_of(account_id)}",
    )


async def _changes(context: WebContext, account_id: str) -> Sequence[Change]:
    last = await context.store.last_seq()
    found = await context.store.changes(
        ChangeFilter(max(0, last - _CHANGES_LOOKED_AT), _CHANGES_LOOKED_AT, account_id)
    )
    return found[: -_CHANGES - 1 : -1]
