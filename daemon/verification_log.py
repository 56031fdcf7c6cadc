"""Writes what verifications come to as log lines."""

from itertools import groupby

import structlog

from actors.events import PageStored, VerificationAbandoned, VerificationEnded
from store.verification import Mend

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


def log_mended(event: PageStored) -> None:
    """Write which rows were put right; the next certificate names them too."""
    for key, group in groupby(sorted(event.mended, key=_kind), key=_kind):
        ids = [each.object_id for each in group]
        log.warning(
            "rows_mended",
            account=event.account_id,
            vendor=event.vendor,
            via=str(event.via),
            object_type=key[0],
            difference=key[1],
            count=len(ids),
            ids=ids[:_NAMED],
        )


def _kind(mend: Mend) -> tuple[str, str]:
    return mend.object_type, mend.difference.value


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
        mended_before=found.mended_before,
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
