"""Telling an account's actor what to do: look now, pause, go on.

Whatever must last is stored first and told second.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from actors.messages import Message, Pause, RescanRequested, Resume, SyncNow
from actors.price import price
from actors.read_meter import ReadMeter
from actors.status import AccountState
from actors.vendors.registry import VENDORS
from daemon.hosted import HostedAccount, NotHostedError, is_about_to_run, must_start
from daemon.standing import standing
from daemon.web.account_view import Integration, integration
from daemon.web.integrations import NO_ACCOUNT
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.price_view import SyncPrice, sync_price
from daemon.web.problem import FieldError, InvalidInputError, ProblemError
from store.models import Account

log = structlog.get_logger()

_TAG = "integrations"

_WHAT_TO_DO = {
    AccountState.DISCONNECTED: "it is disconnected; connect it again",
    AccountState.REAUTH_REQUIRED: "it needs its owner; connect it again",
    AccountState.QUARANTINED: "it is quarantined; resume it to try again",
    AccountState.PAUSED: "it is paused; resume it first",
}


class SyncRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to look at now."""

    object_types: Annotated[
        list[str], Meta(description="Which types; none named means all of them.")
    ] = []
    full: Annotated[
        bool, Meta(description="Read them from end to end again, instead of what changed.")
    ] = False
    dry_run: Annotated[
        bool, Meta(description="Do nothing; answer 200 with what it would cost.")
    ] = False


class SyncAccepted(msgspec.Struct, frozen=True):
    """What will be looked at."""

    id: str
    object_types: Sequence[str]
    full: bool


async def sync(call: Call[Nothing, SyncRequest]) -> Answer:
    """Have an account looked at now, or say what that would cost."""
    context, wanted = call.context, call.body
    account = await context.store.account(call.path("account_id"))
    if wanted.dry_run:
        return await _price(call, account)
    known = _object_types(call, account)
    _check_types(wanted.object_types, known)
    types = tuple(wanted.object_types) or tuple(known)
    see_that_reads_are_left(context.reads.get(account.vendor))
    if wanted.full:
        await context.store.request_rescan(account.id, types)
    look = SyncNow(tuple(wanted.object_types), by_user=True)
    message = RescanRequested(types) if wanted.full else look
    try:
        await context.supervisor.tell(account.id, message)
    except NotHostedError:
        if not wanted.full:  # a full reading is noted and will be made
            raise cannot(account, context.supervisor.hosted().get(account.id)) from None
    log.info(
        "sync_requested",
        account=account.id,
        vendor=account.vendor,
        object_types=list(types),
        full=wanted.full,
    )
    return Answer(SyncAccepted(account.id, types, wanted.full), HTTPStatus.ACCEPTED)


async def _price(call: Call[Nothing, SyncRequest], account: Account) -> Answer:
    """Say what it would cost, whatever state the account is in."""
    context, wanted = call.context, call.body
    settings = context.settings.get(account.vendor)
    if settings is None:
        raise cannot(account, None)
    _check_types(wanted.object_types, settings.object_types)
    records = await context.store.live_counts(account.id)
    if wanted.full:
        reading_calls = VENDORS[account.vendor].reading_calls
        types = wanted.object_types or settings.object_types
        calls = {name: reading_calls(records.get(name, 0)) for name in types}
    else:
        calls = {"news": 1}
    found = price(calls, settings.limits)
    meter = context.reads.get(account.vendor)
    price_found = sync_price(account.id, found, records, meter, full=wanted.full)
    return Answer(price_found, is_deed=False)


async def pause(call: Call[Nothing, Nothing]) -> Answer:
    """Let an account rest until it is resumed."""
    return await _set_paused(call, Pause(), paused=True)


async def resume(call: Call[Nothing, Nothing]) -> Answer:
    """Let an account go on, a quarantined one too."""
    return await _set_paused(call, Resume(), paused=False)


async def _set_paused(call: Call[Nothing, Nothing], message: Message, *, paused: bool) -> Answer:
    context = call.context
    account = await context.store.account(call.path("account_id"))
    if account.disconnected_at is not None:
        raise cannot(account, None)
    async with context.connector.hold(account.vendor, account.external_account_id):
        account = await context.store.set_paused(account.id, paused=paused)
        context.metrics.census.put(account)
        if paused:
            log.info("account_paused", account=account.id, vendor=account.vendor)
        else:
            log.info("account_resumed", account=account.id, vendor=account.vendor)
        try:
            await context.supervisor.tell(account.id, message)
        except NotHostedError:
            if must_start(context.supervisor.hosted().get(account.id), paused=paused):
                await context.supervisor.start_account(account.id)
    hosted = context.supervisor.hosted().get(account.id)
    return Answer(integration(account, standing(account, hosted)))


def _object_types(call: Call[Nothing, SyncRequest], account: Account) -> Sequence[str]:
    """Return what the account's actor reads, or will when it runs in a moment.

    Raises:
        ProblemError: 409: there is no actor that could, or it must not.
    """
    hosted = call.context.supervisor.hosted().get(account.id)
    now, settings = standing(account, hosted), call.context.settings.get(account.vendor)
    if now.state not in _WHAT_TO_DO:
        if now.status is not None:
            return tuple(now.status.cursors)
        if settings is not None and is_about_to_run(hosted):
            return settings.object_types
    raise cannot(account, hosted)


def _check_types(wanted: Sequence[str], known: Sequence[str]) -> None:
    errors = [
        FieldError(f"object_types[{index}]", f"one of {', '.join(known)}", repr(name))
        for index, name in enumerate(wanted)
        if name not in known
    ]
    if errors:
        raise InvalidInputError(errors)


def see_that_reads_are_left(meter: ReadMeter | None) -> None:
    """See that a person's wish is not in vain: the vendor does not say that nothing is left.

    Reads that are kept for users are just for that.

    Raises:
        ProblemError: 409, with when there will be more.
    """
    if meter is not None and (why := meter.why_refused()) is not None:
        raise ProblemError(HTTPStatus.CONFLICT, "reads-resting", f"Nothing can be read now: {why}")


def cannot(account: Account, hosted: HostedAccount | None) -> ProblemError:
    """Say why the account cannot do what was asked, and what to do."""
    now = standing(account, hosted)
    what = _WHAT_TO_DO.get(now.state, "its actor does not run just now; try again soon")
    return ProblemError(
        HTTPStatus.CONFLICT,
        "account-not-running",
        f"{account.name} cannot do that: {what}",
        reasons=now.reasons,
    )


CONFLICT = {
    **NO_ACCOUNT,
    HTTPStatus.CONFLICT: "It cannot do that now; `detail` says why, and what to do.",
}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/integrations/{account_id}/sync",
        name="syncIntegration",
        deed="sync_requested",
        tag=_TAG,
        summary="Look for changes now, or read everything again",
        handler=sync,
        body=SyncRequest,
        replies=[
            Reply(HTTPStatus.ACCEPTED, "It will.", SyncAccepted),
            Reply(HTTPStatus.OK, "What it would cost.", SyncPrice),
        ],
        problems=CONFLICT,
    ),
    Operation(
        method="POST",
        path="/integrations/{account_id}/pause",
        name="pauseIntegration",
        deed="account_paused",
        tag=_TAG,
        summary="Begin nothing new until it is resumed; survives a restart",
        handler=pause,
        replies=[Reply(HTTPStatus.OK, "It is paused.", Integration)],
        problems=CONFLICT,
    ),
    Operation(
        method="POST",
        path="/integrations/{account_id}/resume",
        name="resumeIntegration",
        deed="account_resumed",
        tag=_TAG,
        summary="Go on after a pause, or try again after a quarantine",
        handler=resume,
        replies=[Reply(HTTPStatus.OK, "It goes on.", Integration)],
        problems=CONFLICT,
    ),
)
