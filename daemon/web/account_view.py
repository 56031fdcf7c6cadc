"""Accounts as the HTTP interface shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import asdict

from actors.breaker import BreakerState
from actors.status import AccountState, ActorStatus, VerificationProgress
from actors.token_calendar import End, nearest_end
from daemon.hosted import Condition, HostedAccount
from daemon.standing import Standing, standing
from daemon.web.budget_view import BudgetView
from daemon.web.freshness import Freshness
from daemon.web.health_view import CheckView, LookFailure, ResponseView, SampleView
from daemon.web.instant import Instant
from daemon.web.routing_settings import RoutingAdvice, RoutingSettings
from store.models import Account, Cursor, HeldDeletes, SealedCredential
from store.verification import Certificate

Known = Annotated[Instant | None, Meta(description="null when it is not known")]


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    """One connected company."""

    id: str
    vendor: str
    external_account_id: Annotated[str, Meta(description="The company's id at its vendor.")]
    name: str
    state: AccountState
    reasons: Annotated[Sequence[str], Meta(description="Why it is in that state.")]
    exact_as_of: Annotated[
        Instant | None,
        Meta(
            description="Vendor time up to which the replica is exact; null before that is known."
        ),
    ]
    last_synced_at: Annotated[
        Instant | None, Meta(description="When a page was last stored, changed or not.")
    ]
    connected_at: Instant
    disconnected_at: Instant | None
    paused: bool
    reauth_cause: Annotated[
        str | None, Meta(description="Why its owner has to connect it again, or null.")
    ]
    routing: Annotated[
        RoutingSettings | msgspec.UnsetType | None,
        Meta(
            description="How jobs are routed to it; null where none can be. Told by"
            " `GET /integrations/{id}`, `/integrations/{id}/status` and `/integrations`, and when it is set."
        ),
    ] = msgspec.UNSET
    routing_advice: RoutingAdvice = msgspec.UNSET


class BreakerView(msgspec.Struct, frozen=True):
    """Whether the vendor is being left alone."""

    state: BreakerState
    failures: Annotated[int, Meta(description="Failed calls in a row.")]


class BucketView(msgspec.Struct, frozen=True):
    """The account's share of calls."""

    in_flight: int
    available: Annotated[int, Meta(description="How many more calls could begin within a second.")]


_Bucket = Annotated[BucketView | None, Meta(description="null while its node does not tell it.")]


class TokenView(msgspec.Struct, frozen=True):
    """When the account's tokens end; never the tokens."""

    obtained_at: Instant
    access_expires_at: Instant
    refresh_expires_at: Known
    refresh_hard_expires_at: Known
    ends_by: Annotated[
        End | None,
        Meta(
            description="Which end of the refresh token comes first: `idle` moves on as it is used."
        ),
    ]
    ends_within_days: Annotated[
        int | None, Meta(description="1, 7 or 30 when that is near; null when it is far off.")
    ]
    advice: Annotated[str | None, Meta(description="What to do about it; null when it is far off.")]


class CursorView(msgspec.Struct, frozen=True, kw_only=True):
    """How far one object type has been read."""

    object_type: str
    cursor: Annotated[str, Meta(description="Opaque; empty before the first page.")]
    complete: Annotated[bool, Meta(description="Whether it has been read from end to end once.")]
    rescan_requested: bool
    covered_until: Instant | None
    last_synced_at: Instant | None
    records: Annotated[int, Meta(description="Objects in the replica, deleted ones not counted.")]
    last_error: Annotated[
        str | None, Meta(description="How reading it failed the last time; null when it did not.")
    ]


class HeldDeletesView(msgspec.Struct, frozen=True, kw_only=True):
    """Deletes of one type that are too many at once to be made without a person's word."""

    object_type: str
    count: Annotated[int, Meta(description="How many objects would go.")]
    live: Annotated[int, Meta(description="How many are in the replica, those included.")]
    sample: Annotated[Sequence[str], Meta(description="The ids of some that would go.")]
    noticed_at: Instant
    confirmed_at: Annotated[
        Instant | None, Meta(description="When a person last said that they may go, or null.")
    ]
    confirmed_count: Annotated[int, Meta(description="How many may go by that, for 24 hours.")]


class CertificateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the last comparison with the vendor came to."""

    number: Annotated[int, Meta(description="Counts the account's comparisons, from 1.")]
    as_of: Annotated[
        Instant, Meta(description="Vendor time: what had changed before it was compared.")
    ]
    finished_at: Instant
    exact: Annotated[bool, Meta(description="Whether all was read and nothing differed.")]
    repaired: Annotated[
        bool, Meta(description="Whether the replica is right: nothing differed, or all was mended.")
    ]
    differences: Annotated[int, Meta(description="How many objects differed.")]
    reads: Annotated[int, Meta(description="How many calls it took.")]
    answers: Annotated[int, Meta(description="The newest request that it answers; 0 is none.")]


class ProgressView(msgspec.Struct, frozen=True, kw_only=True):
    """How far the comparison under way has come."""

    began_at: Instant
    object_type: Annotated[str | None, Meta(description="What is being compared.")]
    types_done: int
    types: int
    objects: Annotated[int, Meta(description="How many the vendor showed so far.")]
    differences: int
    reads: Annotated[int, Meta(description="How many calls were made so far.")]


class VerificationView(msgspec.Struct, frozen=True, kw_only=True):
    """How the account's comparisons with the vendor stand."""

    last: Annotated[CertificateSummary | None, Meta(description="null before the first.")]
    running: Annotated[ProgressView | None, Meta(description="null when none is under way.")]
    next_in_s: Annotated[float | None, Meta(description="null when none is planned.")]
    last_error: Annotated[
        str | None, Meta(description="How the last attempt failed; null when it did not.")
    ]
    mended_since: Annotated[
        int,
        Meta(
            description="How many rows were mended that no certificate names yet: by a comparison"
            " under way or interrupted, or by a look. The next certificate names them."
        ),
    ] = 0


class IntegrationStatus(Integration, frozen=True, kw_only=True):
    """One connected company, with how far each of its object types has been read."""

    cursors: Sequence[CursorView]
    breaker: BreakerView | None
    bucket: _Bucket
    token: TokenView | None
    held_deletes: Annotated[
        Sequence[HeldDeletesView],
        Meta(description="Deletes that wait for `POST /integrations/{id}/deletes/confirm`."),
    ] = ()
    verification: VerificationView
    budget: Annotated[
        BudgetView | None, Meta(description="null when the vendor does not meter reads.")
    ]


class AccountHealth(Integration, frozen=True, kw_only=True):
    """All that is known now of how one account does."""

    condition: Annotated[
        Condition | None, Meta(description="What the supervisor does; null when it has no part.")
    ]
    restarts: int
    last_error: Annotated[str | None, Meta(description="How its actor's last crash read.")]
    freshness: Freshness
    breaker: BreakerView | None
    bucket: _Bucket
    token: TokenView | None
    looks: Annotated[Sequence[str], Meta(description="What is being read now; empty if not told.")]
    failures: Sequence[LookFailure]
    next_look_in_s: float | None
    checks: Annotated[
        Sequence[CheckView], Meta(description="What is not well now; empty when all is.")
    ] = ()
    response: Annotated[
        ResponseView | None, Meta(description="null while no actor, or not its node, tells it.")
    ] = None
    samples: Annotated[
        Sequence[SampleView],
        Meta(description="What was found every five minutes within the last 24 hours."),
    ] = ()


def integration(
    account: Account,
    now: Standing,
    routing: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET,
    routing_advice: RoutingAdvice = msgspec.UNSET,
) -> Integration:
    """Show an account."""
    return Integration(
        id=account.id,
        vendor=account.vendor,
        external_account_id=account.external_account_id,
        name=account.name,
        state=now.state,
        reasons=now.reasons,
        exact_as_of=account.exact_as_of,
        last_synced_at=account.last_synced_at,
        connected_at=account.connected_at,
        disconnected_at=account.disconnected_at,
        paused=account.paused,
        reauth_cause=account.reauth_cause,
        routing=routing,
        routing_advice=routing_advice,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds of one account; `counts` are its live objects by type.

    `unnamed_mends` is how many rows were mended that no certificate names; `routing` how jobs are
    routed to it, None where none can be.
    """

    account: Account
    cursors: Sequence[Cursor]
    counts: Mapping[str, int]
    credential: SealedCredential | None
    held: Sequence[HeldDeletes]
    certificate: Certificate | None
    unnamed_mends: int
    routing: dict[str, Any] | None = None


def integration_status(
    kept: Kept, hosted: HostedAccount | None, budget: BudgetView | None, at: datetime
) -> IntegrationStatus:
    """Show an account with its cursors: one for every type that is configured or was ever read."""
    now = standing(kept.account, hosted)
    known = {cursor.object_type: cursor for cursor in kept.cursors}
    configured = () if now.status is None else now.status.cursors
    return IntegrationStatus(
        **asdict(integration(kept.account, now, kept.routing)),
        cursors=[
            _cursor(known.get(name, Cursor(name)), kept.counts.get(name, 0), now.status)
            for name in {**dict.fromkeys(configured), **known}
        ],
        breaker=_breaker(now.status),
        bucket=_bucket(now.status),
        held_deletes=[held_deletes_view(each) for each in kept.held],
        token=_token(kept.credential, at),
        budget=budget,
        verification=verification_view(kept.certificate, kept.unnamed_mends, now.status),
    )


def held_deletes_view(held: HeldDeletes) -> HeldDeletesView:
    """Show deletes that wait."""
    return HeldDeletesView(**asdict(held))


def account_health(
    account: Account,
    hosted: HostedAccount | None,
    credential: SealedCredential | None,
    fresh: Freshness,
    at: datetime,
) -> AccountHealth:
    """Show how an account does."""
    now = standing(account, hosted)
    failures = {} if now.status is None else now.status.failures
    return AccountHealth(
        **asdict(integration(account, now)),
        condition=None if hosted is None else hosted.condition,
        restarts=0 if hosted is None else hosted.restarts,
        last_error=None if hosted is None else hosted.last_error,
        freshness=fresh,
        breaker=_breaker(now.status),
        bucket=_bucket(now.status),
        token=_token(credential, at),
        looks=() if now.status is None else now.status.looks,
        failures=[
            LookFailure(key, failure.count, failure.error, failure.at)
            for key, failure in failures.items()
        ],
        next_look_in_s=None if now.status is None else now.status.next_look_in_s,
    )


def verification_view(
    certificate: Certificate | None, unnamed_mends: int, status: ActorStatus | None
) -> VerificationView:
    """Show how an account's comparisons stand."""
    progress = None if status is None else status.verification
    return VerificationView(
        last=None if certificate is None else _summary(certificate),
        running=None if progress is None else _progress(progress),
        next_in_s=None if status is None else status.verification_in_s,
        last_error=None if status is None else status.verification_error,
        mended_since=unnamed_mends,
    )


def _summary(certificate: Certificate) -> CertificateSummary:
    return CertificateSummary(
        number=certificate.number,
        as_of=certificate.as_of,
        finished_at=certificate.finished_at,
        exact=certificate.exact,
        repaired=certificate.repaired,
        differences=certificate.differences,
        reads=certificate.reads,
        answers=certificate.answers,
    )


def _progress(progress: VerificationProgress) -> ProgressView:
    return ProgressView(
        began_at=progress.began_at,
        object_type=progress.object_type,
        types_done=progress.types_done,
        types=progress.types,
        objects=progress.objects,
        differences=progress.differences,
        reads=progress.reads,
    )


def _cursor(cursor: Cursor, records: int, status: ActorStatus | None) -> CursorView:
    return CursorView(
        object_type=cursor.object_type,
        cursor=cursor.position,
        complete=cursor.complete,
        rescan_requested=cursor.rescan_requested,
        covered_until=cursor.covered_until,
        last_synced_at=cursor.last_synced_at,
        records=records,
        last_error=None if status is None else _last_error(cursor, status),
    )


def _last_error(cursor: Cursor, status: ActorStatus) -> str | None:
    """A look that is not named after a type reads all types that are complete."""
    if (own := status.failures.get(cursor.object_type)) is not None:
        return own.error
    shared = (
        failure.error for key, failure in status.failures.items() if key not in status.cursors
    )
    return next(shared, None) if cursor.complete else None


def _breaker(status: ActorStatus | None) -> BreakerView | None:
    return None if status is None else BreakerView(status.breaker, status.breaker_failures)


def _bucket(status: ActorStatus | None) -> BucketView | None:
    if status is None or status.bucket is None:
        return None
    return BucketView(status.bucket.in_flight, status.bucket.available)


def _token(credential: SealedCredential | None, at: datetime) -> TokenView | None:
    if credential is None:
        return None
    end = nearest_end(credential.refresh_expires_at, credential.refresh_hard_expires_at, at)
    return TokenView(
        credential.obtained_at,
        credential.access_expires_at,
        credential.refresh_expires_at,
        credential.refresh_hard_expires_at,
        ends_by=None if end is None else end.end,
        ends_within_days=None if end is None else end.within_days,
        advice=None if end is None else end.advice,
    )
