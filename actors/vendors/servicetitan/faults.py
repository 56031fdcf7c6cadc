"""What went wrong, read from ServiceTitan's problem documents or from what its gateway says (§1.11).

Pure: bytes in, one of `actors.errors` out. None of the vendor's text is passed on before it is
scrubbed.
"""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from actors.errors import (
    GrantRefusedError,
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.failed_call import FailedCall, bounded_wait_s, retry_after_s, scrubbed

THROTTLE_WAIT_S = 30.0
"""Taken when a 429 names no time at all."""

_IN_SECONDS = re.compile(r"(\d{1,6}) seconds?\b", re.IGNORECASE)
_PASSING = frozenset({"server_error", "temporarily_unavailable"})


class Problem(msgspec.Struct, frozen=True):
    """The vendor's own account of a failure. Only the title is surely there."""

    title: str
    trace_id: Any = msgspec.field(name="traceId", default=None)
    errors: Any = None


class _Refusal(msgspec.Struct, frozen=True):
    error: str


_decode_problem = msgspec.json.Decoder(Problem).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode


def find_problem(body: bytes) -> Problem | None:
    """Return the problem document; None when the body is none."""
    try:
        return _decode_problem(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def is_problem(body: bytes) -> bool:
    """Tell whether a body is a problem document, whatever its status said."""
    return find_problem(body) is not None


def failure(call: FailedCall) -> VendorError:
    """Say what the caller can do about a call that failed.

    A refusal that only an operator can help (403: a scope that was not granted, an app version that
    the tenant has not accepted) is `RejectedError`. Whatever the gateway says in its own words is
    transient, but for the statuses that speak for themselves.
    """
    problem = find_problem(call.body)
    text = _summary(call, problem)
    trace_id = _trace_id(call, problem)
    if call.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = _throttle_wait_s(call, problem)
        return ThrottledError(text, retry_after_s=wait_s, status=call.status, trace_id=trace_id)
    return _kind(call.status, problem)(text, status=call.status, trace_id=trace_id)


def _kind(status: int, problem: Problem | None) -> type[VendorError]:
    if status == HTTPStatus.UNAUTHORIZED:
        return ReauthorizeError
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return RejectedError
    is_clients_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if problem is None or status == HTTPStatus.REQUEST_TIMEOUT or not is_clients_fault:
        return TransientError
    return RejectedError


def _throttle_wait_s(call: FailedCall, problem: Problem | None) -> float:
    """Return how long to wait: by the header, else by the title, which ends in "N seconds."."""
    if call.retry_after is not None:
        return retry_after_s(call.retry_after, call.now, THROTTLE_WAIT_S)
    named = None if problem is None else _IN_SECONDS.search(problem.title)
    return THROTTLE_WAIT_S if named is None else bounded_wait_s(float(named[1]))


def _summary(call: FailedCall, problem: Problem | None) -> str:
    if problem is None:
        return f"HTTP {call.status} without a problem that can be read"
    parts = [problem.title]
    if isinstance(problem.errors, dict):
        parts += [f"{name}: {said}" for name, said in problem.errors.items() if said]
    return f"HTTP {call.status}: {scrubbed('; '.join(parts), call.secrets)}"


def _trace_id(call: FailedCall, problem: Problem | None) -> str | None:
    named = None if problem is None else problem.trace_id
    return scrubbed(named, call.secrets) if isinstance(named, str) else call.trace_id


def refusal(call: FailedCall) -> VendorError:
    """Name a failure of the token endpoint: by its `error`, as its status says little (§1.1)."""
    if call.status == HTTPStatus.TOO_MANY_REQUESTS:
        return failure(call)
    try:
        said = _decode_refusal(call.body).error
    except (msgspec.MsgspecError, ValueError, RecursionError):
        said = ""
    if not said or call.status >= HTTPStatus.INTERNAL_SERVER_ERROR or said in _PASSING:
        return TransientError(
            f"HTTP {call.status} from the token endpoint, and no refusal", status=call.status
        )
    named = scrubbed(said, call.secrets)
    kind = GrantRefusedError if said in {"invalid_client", "invalid_grant"} else RejectedError
    return kind(f"{named}: check client_id and client_secret", status=call.status, code=named)
