"""Writes what verifications come to as log lines."""

import structlog

from actors.events import VerificationAbandoned, VerificationEnded

log = structlog.get_logger()

_NAMED = 20
"""So many ids of a kind are named on a line; the certificate has more."""


def log_verification(event: VerificationEnded | VerificationAbandoned) -> None:
    """Write the event's lines."""
    match event:
        case VerificationEnded():
            _ended(event)
        case VerificationAbandoned():
            log.warning(
                "verification_failed",
                account=event.account_id,
                vendor=event.vendor,
                reason=event.reason,
                error=event.error,
                attempt=event.attempt,
            )


def _ended(event: VerificationEnded) -> None:
    """A line for the run, and one for each type in which something was wrong."""
    found = event.certificate
    write = log.info if found.exact else log.warning
    write(
        "verification_ended",
        account=event.account_id,
        vendor=event.vendor,
        number=found.number,
        as_of=found.as_of.isoformat(),
        exact=found.exact,
        repaired=found.repaired,
        complete=found.complete,
        differences=found.differences,
        reads=found.reads,
    )
    for each in found.types:
        if each.missing_count or each.extra_count or each.differing_count:
            log.warning(
                "replica_differed",
                account=event.account_id,
                vendor=event.vendor,
                number=found.number,
                object_type=each.object_type,
                missing=list(each.missing[:_NAMED]),
                extra=list(each.extra[:_NAMED]),
                differing=list(each.differing[:_NAMED]),
                unrepaired=each.unrepaired_count,
            )
