"""What is known of a call that failed, and how its text is told without telling secrets. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from actors.errors import TransientError, UnknownOutcomeError

MAX_WAIT_S = 86_400.0
MAX_TEXT = 300
MAX_READ = 2000
TOKEN_LIKE = re.compile(r"(?=[\w.+/~-]*\d)[\w.+/~-]{20,}")


class UnreadableReplyError(Exception):
    """An answer with status 200 that is not what was asked for; the text says why."""


@dataclass(frozen=True, slots=True)
class FailedCall:
    """All that is known of a call that did not bring what was asked for.

    Attributes:
        now: when it was answered, by the vendor's clock if it told.
    """

    status: int
    body: bytes
    now: datetime
    retry_after: str | None = None
    trace_id: str | None = None
    secrets: Sequence[str] = ()


def scrubbed(text: str, secrets: Sequence[str] = ()) -> str:
    """Return the text in one short line, without secrets and anything as long as a token."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    text = " ".join(text[:MAX_READ].split())
    return TOKEN_LIKE.sub("[...]", text)[:MAX_TEXT]


def as_unknown(error: TransientError) -> UnknownOutcomeError:
    """Say of a write that nobody knows whether it happened."""
    return UnknownOutcomeError(
        str(error), status=error.status, code=error.code, trace_id=error.trace_id
    )


def retry_after_s(header: str | None, now: datetime, default_s: float) -> float:
    """Read Retry-After, seconds or an HTTP date; the default when it is absent or odd."""
    if header is None:
        return default_s
    value = header.strip()
    if value.isdecimal():
        return bounded_wait_s(float(value))
    moment = http_date(value)
    return default_s if moment is None else bounded_wait_s((moment - now).total_seconds())


def http_date(value: str) -> datetime | None:
    """Read the date of a header; None when it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def bounded_wait_s(seconds: float) -> float:
    """Return how long to wait when so long was asked for: at least a second, at most a day."""
    return min(max(seconds, 1.0), MAX_WAIT_S)
