"""Comparisons with the vendor in words for a person. Pure."""

from datetime import datetime

from daemon.cli.replies import CertificateReply, ProgressReply, SummaryReply, VerificationReply
from daemon.cli.wording import age, count


def verification_text(verification: VerificationReply, now: datetime) -> str:
    """Say on one line how an account's comparisons stand."""
    parts = ["never"] if verification.last is None else [_last(verification.last, now)]
    if verification.running is not None:
        parts.append(f"under way: {progress_text(verification.running)}")
    if verification.mended_since:
        rows = count(verification.mended_since, "row")
        parts.append(f"{rows} mended that no certificate names yet")
    if verification.last_error is not None:
        parts.append(f"failed the last time: {verification.last_error}")
    return "; ".join(parts)


def progress_text(progress: ProgressReply) -> str:
    """Say how far one has come."""
    what = f" {progress.object_type}," if progress.object_type else ""
    found = count(progress.differences, "difference")
    return (
        f"{progress.types_done}/{progress.types} types,{what} {progress.objects:,} objects, {found}"
    )


def begun_anew_text(before: ProgressReply, now: ProgressReply, *, ended: bool) -> str | None:
    """Say why the progress jumps back; None when it is of the same one.

    Args:
        before: how far it was.
        now: how far it is.
        ended: whether one ended in between.
    """
    if before.began_at == now.began_at:
        return None
    if ended:
        return "one that had begun before has ended; now the one that you asked for is made"
    return (
        "begun anew, because the one before was interrupted (by a restart, a pause or a failure);"
        " what it mended is kept, and will be named"
    )


def verdict_text(found: CertificateReply) -> str:
    """Say what one found."""
    differences = sum(
        each.missing_count + each.extra_count + each.differing_count for each in found.types
    )
    after = f"as of {found.as_of:%Y-%m-%dT%H:%M:%SZ}, {count(found.reads, 'call')}"
    if not found.complete:
        told = f"not all was read, {count(differences, 'difference')} so far"
    elif found.exact:
        told = "exact"
    else:
        told = f"{count(differences, 'difference')}, {'mended' if found.repaired else 'not mended'}"
    if found.mended_before:
        told += f", {found.mended_before:,} of them before it began"
    return f"{told} ({after})"


def _last(last: SummaryReply, now: datetime) -> str:
    if last.exact:
        told = "exact"
    elif last.repaired:
        told = f"{count(last.differences, 'difference')}, mended"
    else:
        told = f"not exact, {count(last.differences, 'difference')}"
    return f"{told}, {age(last.finished_at, now)}, {count(last.reads, 'call')}"
