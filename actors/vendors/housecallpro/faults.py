"""What went wrong, read from any of the five shapes in which Housecall Pro says so (§2.6).

Pure: bytes in, one of `actors.errors` out. None of the vendor's text is passed on before it is
scrubbed.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from actors.errors import (
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.failed_call import FailedCall, retry_after_s, scrubbed

THROTTLE_WAIT_S = 10.0
"""Taken when a 429 names no time: nothing is published about the limit."""

_SPEAK_FOR_THEMSELVES = frozenset(
    {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}
)


def failure(call: FailedCall) -> VendorError:
    """Say what the caller can do about a call that failed.

    A wrong key, a deleted one and one of another kind are answered alike (401). Whatever a gateway
    says in its own words is transient, but for the statuses that speak for themselves.
    """
    said = _said(call.body)
    known = "without a reason that can be read" if said is None else scrubbed(said, call.secrets)
    text = f"HTTP {call.status}: {known}"
    if call.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(
            text,
            retry_after_s=retry_after_s(call.retry_after, call.now, THROTTLE_WAIT_S),
            status=call.status,
            trace_id=call.trace_id,
        )
    return _kind(call.status, said)(text, status=call.status, trace_id=call.trace_id)


def _kind(status: int, said: str | None) -> type[VendorError]:
    if status == HTTPStatus.UNAUTHORIZED:
        return ReauthorizeError
    if status in _SPEAK_FOR_THEMSELVES:
        return RejectedError
    is_clients_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if said is None or status == HTTPStatus.REQUEST_TIMEOUT or not is_clients_fault:
        return TransientError
    return RejectedError


def _said(body: bytes) -> str | None:
    """Return what a body says of a failure; None when it says nothing that is known."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(document, Mapping):
        return None
    error = document.get("error")
    message = error.get("message") if isinstance(error, Mapping) else error
    parts = [document.get("message"), message, document.get("errors")]
    said = "; ".join(str(part) for part in parts if part)
    return said or None
