"""What the dashboard shows of one account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from daemon.hosted import HostedAccount
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
from daemon.web.health_view import CheckView, check_view
from daemon.web.pages.day import AccountDay, account_day
from daemon.web.pages.overview import OpenAlerts, open_alerts
from store.action_models import Action, ActionFilter, ActionState
from store.job_models import NOT_DELIVERED, delivered_routing
from store.models import Account, Change, ChangeFilter, SealedCredential
from store.ports import Store
from store.watch_models import AccountEvent, AccountEventFilter

_ACTIONS = 10
_CHANGES = 15
_EVENTS = 25
_CHANGES_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account, as it is now.

    Attributes:
        changes: its newest, the newest first, of the last few thousand of all accounts.
        actions: its newest, the newest first.
        retryable: the ids of those that may be tried again.
        alerts: those that are open about it.
        checks: what the health monitor finds not to be well.
        events: what happened to it, the newest first.
        status_link: the path of the page that its own people may see.
    """

    status: IntegrationStatus
    health: AccountHealth
    fresh: Freshness
    changes: Sequence[Change]
    actions: Sequence[Action]
    retryable: Collection[str]
    alerts: OpenAlerts
    checks: Sequence[CheckView]
    events: Sequence[AccountEvent]
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
    hosted = await context.supervisor.seen(account_id, stored=True)
    now = context.clock.now().utc
    fresh = freshness(account.exact_as_of, now, context.stale_after_s(account.vendor))
    budget = await budget_of(account, context.reads.get(account.vendor), store)
    actions = await store.actions(ActionFilter(account_id, limit=_ACTIONS))
    return AccountPage(
        status=integration_status(kept, hosted, budget, now),
        health=account_health(account, hosted, credential, fresh, now),
        fresh=fresh,
        changes=await _changes(context, account_id),
        actions=actions,
        retryable={each.id for each in actions if await _may_retry(store, each)},
        alerts=_alerts(context, account_id),
        checks=_checks(context, account, credential, hosted),
        events=await _events(context, account_id),
        status_link=f"/status/{context.status_links.token_of(account_id)}",
    )


async def day_of(context: WebContext, account_id: str) -> AccountDay:
    """Return the account's last day. Raises `StoreUnavailableError`."""
    watching = context.watching
    samples = [] if watching is None else await watching.monitor.samples(account_id)
    return account_day(samples, context.clock.now().utc)


async def _may_retry(store: Store, action: Action) -> bool:
    """Tell whether it may be tried again: not a delivery whose job was offered anew since."""
    if action.state not in {ActionState.FAILED, ActionState.UNKNOWN}:
        return False
    routing_id = delivered_routing(action.idempotency_key)
    routing = None if routing_id is None else await store.routing(routing_id)
    if routing is None:
        return True
    return routing.action_id == action.id and routing.status in NOT_DELIVERED


def _alerts(context: WebContext, account_id: str) -> OpenAlerts:
    if context.watching is None:
        return open_alerts(())
    found = context.watching.desk.book.open_alerts()
    return open_alerts(each for each in found if each.account_id == account_id)


def _checks(
    context: WebContext,
    account: Account,
    credential: SealedCredential | None,
    hosted: HostedAccount | None,
) -> Sequence[CheckView]:
    if context.watching is None:
        return []
    judged = context.watching.monitor.judged(account, credential, hosted)
    return [check_view(each) for each in judged]


async def _events(context: WebContext, account_id: str) -> Sequence[AccountEvent]:
    if context.watching is None:
        return []
    return await context.watching.events.page(AccountEventFilter(account_id, limit=_EVENTS))


async def _changes(context: WebContext, account_id: str) -> Sequence[Change]:
    last = await context.store.last_seq()
    found = await context.store.changes(
        ChangeFilter(max(0, last - _CHANGES_LOOKED_AT), _CHANGES_LOOKED_AT, account_id)
    )
    return found[: -_CHANGES - 1 : -1]
