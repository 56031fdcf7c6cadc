"""The log lines of events that need no memory of what was before: one function each."""

from functools import singledispatch

import structlog

from actors.action_settled import ActionSettled
from actors.breaker import BreakerState
from actors.events import (
    BreakerChanged,
    DeletesHeld,
    DeletesReleased,
    Event,
    ReadersTold,
    ReadsForecast,
    ReadsResumed,
    ReadsUsedUp,
    ReadThroughEnded,
    RoutingMoved,
    VerificationAbandoned,
    VerificationEnded,
)
from daemon.verification_log import log_verification

log = structlog.get_logger()


@singledispatch
def write_line(event: Event) -> None:
    """Write the event's line."""
    raise NotImplementedError(f"no line for {type(event).__name__}")


@write_line.register
def _(event: BreakerChanged) -> None:
    match event.state:
        case BreakerState.OPEN:
            log.warning("breaker_opened", account=event.account_id, vendor=event.vendor)
        case BreakerState.HALF_OPEN:
            log.debug("breaker_probing", account=event.account_id, vendor=event.vendor)
        case BreakerState.CLOSED:
            log.info("breaker_closed", account=event.account_id, vendor=event.vendor)


@write_line.register
def _(event: DeletesHeld) -> None:
    log.warning(
        "deletes_held",
        account=event.account_id,
        vendor=event.vendor,
        object_type=event.object_type,
        count=event.count,
        live=event.live,
    )


@write_line.register
def _(event: DeletesReleased) -> None:
    log.info(
        "deletes_released",
        account=event.account_id,
        vendor=event.vendor,
        object_type=event.object_type,
    )


@write_line.register
def _(event: ReadsForecast) -> None:
    log.warning(
        "reads_forecast_over",
        vendor=event.vendor,
        month=event.month,
        used=event.used,
        allowance=event.allowance,
        forecast=event.forecast,
        stretch=event.stretch,
    )


@write_line.register
def _(event: ReadsUsedUp) -> None:
    log.error(
        "reads_used_up",
        vendor=event.vendor,
        month=event.month,
        used=event.used,
        allowance=event.allowance,
        until=event.until.isoformat(),
        told_by_vendor=event.told_by_vendor,
    )


@write_line.register
def _(event: ReadsResumed) -> None:
    log.info("reads_resumed", vendor=event.vendor, month=event.month)


@write_line.register
def _(event: ReadersTold) -> None:
    log.debug(
        "readers_told", account=event.account_id, vendor=event.vendor, hindered=event.hindered
    )


@write_line.register
def _(event: ReadThroughEnded) -> None:
    log.debug(
        "read_through",
        account=event.account_id,
        vendor=event.vendor,
        outcome=str(event.outcome),
        reason=None if event.reason is None else str(event.reason),
        waited_s=round(event.waited_s, 3),
    )


@write_line.register
def _(event: VerificationEnded) -> None:
    log_verification(event)


@write_line.register
def _(event: VerificationAbandoned) -> None:
    log_verification(event)


@write_line.register
def _(event: RoutingMoved) -> None:
    log.info(
        "routing_moved",
        account=event.account_id,
        vendor=event.vendor,
        routing=event.routing_id,
        status=str(event.status),
        cause=event.cause,
    )


@write_line.register
def _(event: ActionSettled) -> None:
    log.debug(
        "action_settled", account=event.account_id, vendor=event.vendor, action=event.action_id
    )
