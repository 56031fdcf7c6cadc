"""Comparing an account with its vendor: ask for it, and see what it found."""

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import anyio
import msgspec
import structlog
from msgspec import Meta

from actors.messages import VerificationRequested
from actors.status import AccountState
from daemon.hosted import NotHostedError
from daemon.standing import standing
from daemon.web.account_view import VerificationView, verification_view
from daemon.web.instant import Instant
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import NotFoundError, ProblemError
from daemon.web.steering import CONFLICT, cannot, see_that_reads_are_left
from store.models import Account
from store.verification import Certificate, TypeComparison

log = structlog.get_logger()

_TAG = "integrations"
_LOOK_EVERY_S = 0.25
_LONGEST_WAIT_S = 3600.0

_Ids = Annotated[Sequence[str], Meta(description="The first thousand of them.")]


class VerifyQuery(msgspec.Struct, frozen=True):
    """Parameters of a comparison."""

    repair: Annotated[
        bool, Meta(description="Mend what differs; else nothing is written but the result.")
    ] = True
    wait: Annotated[
        float,
        Meta(
            ge=0,
            description="How many seconds to wait for the end; 3600 at most. It goes on anyway.",
        ),
    ] = 600.0


class ComparedType(msgspec.Struct, frozen=True, kw_only=True):
    """How one object type compared."""

    object_type: str
    vendor_count: Annotated[
        int,
        Meta(
            description="As the vendor counts; of a type that fits one page, what that page shows."
        ),
    ]
    local_count: Annotated[
        int, Meta(description="Not deleted ones in the replica when the comparison began.")
    ]
    missing: _Ids
    extra: _Ids
    differing: _Ids
    missing_count: int
    extra_count: int
    differing_count: int
    unrepaired_count: Annotated[int, Meta(description="How many of these were not mended.")]
    complete: Annotated[bool, Meta(description="Whether it was read from end to end.")]


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """What one comparison of an account with its vendor found."""

    number: Annotated[int, Meta(description="Counts the account's comparisons, from 1.")]
    exact: Annotated[bool, Meta(description="Whether all was read and nothing differed.")]
    repaired: Annotated[
        bool, Meta(description="Whether the replica is right: nothing differed, or all was mended.")
    ]
    repair: Annotated[bool, Meta(description="Whether mending was asked for.")]
    complete: Annotated[bool, Meta(description="Whether every type was read from end to end.")]
    as_of: Annotated[
        Instant,
        Meta(description="Vendor time: what had changed before it was compared, later is news."),
    ]
    began_at: Instant
    finished_at: Instant
    types: Sequence[ComparedType]
    reads: Annotated[int, Meta(description="How many calls it took.")]
    answers: Annotated[int, Meta(description="The newest request that it answers; 0 is none.")]
    mended_before: Annotated[
        int,
        Meta(
            description="How many of the differences were mended before it began: by one that was"
            " interrupted, or by a look that was shown what could not be."
        ),
    ]


class VerificationUnderWay(msgspec.Struct, frozen=True):
    """A comparison that is noted and will be made, or is being made."""

    id: str
    request: Annotated[int, Meta(description="The request's number.")]
    verification: VerificationView


async def verify(call: Call[VerifyQuery, Nothing]) -> Answer:
    """Have an account compared with its vendor, and answer with what was found.

    The request is stored first and told second: whoever goes away does not stop it.
    """
    context, repair = call.context, call.query.repair
    account = await context.store.account(call.path("account_id"))
    _see_that_it_can(call, account)
    see_that_reads_are_left(context.reads.get(account.vendor))
    number = await context.store.request_verification(account.id, repair=repair)
    log.info("verification_requested", account=account.id, vendor=account.vendor, repair=repair)
    with suppress(NotHostedError):  # it is noted: the next run of its actor begins with it
        await context.supervisor.tell(account.id, VerificationRequested(number, repair))
    with call.waiting.place():
        found = await _wait(call, account.id, number)
    if found is not None:
        return Answer(certificate_view(found))
    return Answer(
        VerificationUnderWay(account.id, number, await _standing(call, account)),
        HTTPStatus.ACCEPTED,
    )


async def get_certificate(call: Call[Nothing, Nothing]) -> Answer:
    """Show what the last comparison found."""
    account = await call.context.store.account(call.path("account_id"))
    found = await call.context.store.certificate(account.id)
    if found is None:
        raise NotFoundError(f"{account.name} was never verified; POST …/verify does that")
    return Answer(certificate_view(found))


async def _wait(
    call: Call[VerifyQuery, Nothing], account_id: str, number: int
) -> Certificate | None:
    """Return what answers the request; None when that takes too long, or the server stops."""
    store, clock = call.context.store, call.context.clock
    until_s = clock.now().monotonic_s + min(call.query.wait, _LONGEST_WAIT_S)
    while True:
        found = await store.certificate(account_id)
        if found is not None and found.answers >= number:
            return found
        left_s = until_s - clock.now().monotonic_s
        if left_s <= 0 or call.waiting.closed:
            return None
        await anyio.sleep(min(_LOOK_EVERY_S, left_s))


async def _standing(call: Call[VerifyQuery, Nothing], account: Account) -> VerificationView:
    hosted = await call.context.supervisor.seen(account.id)
    store = call.context.store
    last, unnamed = await store.certificate(account.id), await store.unnamed_mend_count(account.id)
    return verification_view(last, unnamed, standing(account, hosted).status)


def _see_that_it_can(call: Call[VerifyQuery, Nothing], account: Account) -> None:
    """Refuse what would wait for somebody, or for a first reading that may take hours.

    Raises:
        ProblemError: 409.
    """
    hosted = call.context.supervisor.hosted().get(account.id)
    now = standing(account, hosted)
    at_rest = now.state in {
        AccountState.DISCONNECTED,
        AccountState.REAUTH_REQUIRED,
        AccountState.QUARANTINED,
        AccountState.PAUSED,
    }
    if now.status is None or at_rest:
        raise cannot(account, hosted)
    if not all(each.complete and each.covered_until for each in now.status.cursors.values()):
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "not-complete-yet",
            f"{account.name} is still being read for the first time; try again once it is live",
        )


def certificate_view(found: Certificate) -> CertificateView:
    """Show what a comparison found."""
    return CertificateView(
        number=found.number,
        exact=found.exact,
        repaired=found.repaired,
        repair=found.repair,
        complete=found.complete,
        as_of=found.as_of,
        began_at=found.began_at,
        finished_at=found.finished_at,
        types=[_compared(each) for each in found.types],
        reads=found.reads,
        answers=found.answers,
        mended_before=found.mended_before,
    )


def _compared(found: TypeComparison) -> ComparedType:
    return ComparedType(**msgspec.structs.asdict(found))


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/integrations/{account_id}/verify",
        name="verifyIntegration",
        deed="verification_requested",
        tag=_TAG,
        summary="Compare everything with the vendor now, and mend what differs",
        handler=verify,
        query=VerifyQuery,
        replies=[
            Reply(HTTPStatus.OK, "What was found.", CertificateView),
            Reply(HTTPStatus.ACCEPTED, "It goes on; ask again.", VerificationUnderWay),
        ],
        problems=CONFLICT,
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}/certificate",
        name="getCertificate",
        tag=_TAG,
        summary="What the last comparison with the vendor found",
        handler=get_certificate,
        replies=[Reply(HTTPStatus.OK, "What was found.", CertificateView)],
        problems={HTTPStatus.NOT_FOUND: "There is no such account, or it was never compared."},
    ),
)
