"""Deletes that wait for a person's word: saying that they may be made."""

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from actors.messages import SyncNow
from daemon.hosted import NotHostedError
from daemon.web.account_view import HeldDeletesView, held_deletes_view
from daemon.web.integrations import NO_ACCOUNT
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import ProblemError
from store.models import HeldDeletes

log = structlog.get_logger()


class ConfirmRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be deleted."""

    object_types: Annotated[
        list[str], Meta(description="Of which types; none named means all that are held.")
    ] = []
    counts: Annotated[
        dict[str, Annotated[int, Meta(ge=0)]],
        Meta(
            description="How many at most, by type, as `held_deletes` of the status said; when there"
            " are more by now, nothing is confirmed. Left out: as many as are held."
        ),
    ] = {}


class Confirmed(msgspec.Struct, frozen=True):
    """What may be deleted now, within the next 24 hours."""

    id: str
    confirmed: Sequence[HeldDeletesView]


async def confirm_deletes(call: Call[Nothing, ConfirmRequest]) -> Answer:
    """Let held deletes be made, and have the account looked at now."""
    context, wanted = call.context, call.body
    account = await context.store.account(call.path("account_id"))
    held = {each.object_type: each for each in await context.store.held_deletes(account.id)}
    types = wanted.object_types or list(held)
    _check(types, held, wanted.counts)
    counts = {name: wanted.counts.get(name, held[name].count) for name in types}
    now = context.clock.now().utc
    confirmed = await context.store.confirm_deletes(account.id, counts, now)
    for each in confirmed:
        log.warning(
            "deletes_confirmed",
            account=account.id,
            vendor=account.vendor,
            object_type=each.object_type,
            count=each.confirmed_count,
        )
    if confirmed:
        # Without an actor too it is stored, for whoever looks next.
        with suppress(NotHostedError):
            await context.supervisor.tell(account.id, SyncNow((), by_user=True))
    return Answer(Confirmed(account.id, [held_deletes_view(each) for each in confirmed]))


def _check(types: Sequence[str], held: dict[str, HeldDeletes], counts: dict[str, int]) -> None:
    """Refuse what is not held, or not in that number.

    Raises:
        ProblemError: 409.
    """
    wrong = [f"{name}: no deletes are held" for name in types if name not in held]
    wrong += [
        f"{name}: {held[name].count} would go by now, not {counts[name]}"
        for name in types
        if name in held and name in counts and held[name].count > counts[name]
    ]
    if wrong:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "not-confirmed",
            f"{'; '.join(wrong)}: look at the status again, nothing was confirmed",
            reasons=wrong,
        )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/integrations/{account_id}/deletes/confirm",
        name="confirmDeletes",
        deed="deletes_confirmed",
        tag="integrations",
        summary="Let deletes be made that are held because they are too many at once",
        handler=confirm_deletes,
        body=ConfirmRequest,
        replies=[Reply(HTTPStatus.OK, "They may go, for 24 hours.", Confirmed)],
        problems={
            **NO_ACCOUNT,
            HTTPStatus.CONFLICT: "No such deletes are held, or more than that by now.",
        },
    ),
)
