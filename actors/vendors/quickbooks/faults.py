"""What went wrong, read from any of the shapes in which QuickBooks says so (quickbooks facts §8).

Pure: bytes in, one of `actors.errors` out. None of the vendor's text is passed on before it is
    scrubbed: its 401s echo tokens.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import msgspec

from actors.errors import (
    AllowanceUsedUpError,
    FeedExpiredError,
    ReauthorizeError,
    RejectedError,
    StaleVersionError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors import failed_call
from actors.vendors.failed_call import MAX_READ, FailedCall, scrubbed

THROTTLE_WAIT_S = 60.0
"""What the vendor's documents advise after a 429, which names no time itself (§7)."""

THROTTLED = "3001"
ACCESS_LOST = frozenset({"100", "120", "130", "3100", "3200", "3201"})
UNSTABLE = frozenset({"500", "4002", "6002", "10000"})
"""Codes that also come out of outages and of single odd rows, so that a repeat may help (§8.2)."""

NO_ID = "2030"
OBJECT_GONE = "610"
STALE_VERSION = "5010"

_WHAT_ENDED = re.compile(
    r"allowance|quota|core ?plus|usage limit|call limit|entitlement", re.IGNORECASE
)
_UNTIL_WHEN = re.compile(r"month|billing (period|cycle)|\bplan\b|\btier\b|upgrade", re.IGNORECASE)
_SHORT = re.compile(
    r"throttleexceeded|per (second|minute)|request limit was reached", re.IGNORECASE
)
_A_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """The vendor's own account of a failure; `code` without leading zeros, or empty."""

    code: str
    message: str
    detail: str
    kind: str


def find_fault(body: bytes) -> Fault | None:
    """Return the first fault in a body of whatever shape; None when none can be read."""
    text = body.lstrip()
    if text.startswith(b"<"):
        return _xml_fault(text.decode("utf-8", "replace"))
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return _json_fault(document)


def _json_fault(document: object) -> Fault | None:
    """Look at the top and inside the envelopes where faults have been seen."""
    if isinstance(document, list):
        found = (_json_fault(each) for each in document)
        return next((fault for fault in found if fault is not None), None)
    if not isinstance(document, Mapping):
        return None
    for name in ("Fault", "fault"):
        if isinstance(document.get(name), Mapping):
            return _described(document[name])
    for name in ("QueryResponse", "CDCResponse"):
        fault = _json_fault(document.get(name))
        if fault is not None:
            return fault
    return None


def _described(fault: Mapping[str, object]) -> Fault:
    """Read a fault object in either spelling."""
    errors = _either(fault, "Error")
    first = errors[0] if isinstance(errors, list) and errors else {}
    error = first if isinstance(first, Mapping) else {}
    message = str(_either(error, "Message") or "")
    return Fault(
        code=_plain_code(str(_either(error, "code") or ""), message),
        message=message,
        detail=str(_either(error, "Detail") or ""),
        kind=str(_either(fault, "type") or ""),
    )


def _either(fields: Mapping[str, object], name: str) -> object:
    value = fields.get(name)
    return fields.get(name.lower()) if value is None else value


def _xml_fault(text: str) -> Fault | None:
    if re.search(r"<Fault\b", text) is None:
        return None
    message = _xml_text(text, "Message")
    return Fault(
        code=_plain_code(_xml_attribute(text, "Error", "code"), message),
        message=message,
        detail=_xml_text(text, "Detail"),
        kind=_xml_attribute(text, "Fault", "type"),
    )


def _xml_text(text: str, element: str) -> str:
    found = re.search(rf"<{element}>([^<]*)", text)
    return found[1] if found else ""


def _xml_attribute(text: str, element: str, attribute: str) -> str:
    found = re.search(rf"<{element}\b[^>]*\b{attribute}=[\"']([^\"']*)", text)
    return found[1] if found else ""


def _plain_code(code: str, message: str) -> str:
    """The gateway pads codes and sometimes names them in the message only (§8.2)."""
    if not code:
        named = re.search(r"errorCode=(\d+)", message)
        code = named[1] if named else ""
    return code.lstrip("0")


def failure(call: FailedCall) -> VendorError:
    """Say what the caller can do about a call that failed, by status and fault (§8.2).

    Lost access (401, codes 100, 120, 130, 3100, 3200, 3201) is `ReauthorizeError` with its code:
    each of these also comes out of outages, so one alone proves nothing; it is for the caller to
    count them. What only the vendor can mend, and whatever a proxy says, is transient.
    """
    fault = find_fault(call.body)
    code = fault.code if fault else ""
    text = _summary(call, fault)
    if call.status == HTTPStatus.TOO_MANY_REQUESTS or code == THROTTLED:
        kind = AllowanceUsedUpError if _allowance_used_up(call, fault) else ThrottledError
        return kind(
            text,
            retry_after_s=(
                THROTTLE_WAIT_S
                if kind is AllowanceUsedUpError  # how long it rests is for the meter to say
                else retry_after_s(call.retry_after, call.now)
            ),
            status=call.status,
            code=code or None,
            trace_id=call.trace_id,
        )
    outcome = _outcome(call.status, fault)
    return outcome(text, status=call.status, code=code or None, trace_id=call.trace_id)


def _allowance_used_up(call: FailedCall, fault: Fault | None) -> bool:
    """Tell the month's end of reads from a throttle, on at least two signs.

    How the vendor words it is not recorded (§8.2): a guess. It must be a 429, without the known
    throttle's code or words; and it must name both what has ended and a month or a plan, or name one
    of them and ask for a wait of a day and more. Anything else is a throttle, which costs a minute,
    however often it comes: the other mistake would cost hours.
    """
    if call.status != HTTPStatus.TOO_MANY_REQUESTS or (fault and fault.code == THROTTLED):
        return False
    said = (
        f"{fault.message} {fault.detail}"
        if fault
        else call.body[:MAX_READ].decode("utf-8", "replace")
    )
    if _SHORT.search(said):
        return False
    waits_long = call.retry_after is not None and (
        retry_after_s(call.retry_after, call.now) >= _A_DAY_S
    )
    signs = (_WHAT_ENDED.search(said) is not None, _UNTIL_WHEN.search(said) is not None, waits_long)
    return sum(signs) > 1


def write_failure(call: FailedCall) -> VendorError:
    """Say what became of a write that failed. What may help a read when repeated is unknown here."""
    error = failure(call)
    if isinstance(error, RejectedError) and error.code == STALE_VERSION:
        return StaleVersionError(
            str(error), status=error.status, code=error.code, trace_id=error.trace_id
        )
    return error


def _outcome(status: int, fault: Fault | None) -> type[VendorError]:
    if status == HTTPStatus.UNAUTHORIZED and fault is None:
        return ReauthorizeError
    if fault is None or _vendors_trouble(status):
        return TransientError
    if _access_lost(status, fault):
        return ReauthorizeError
    if _too_old(fault):
        return FeedExpiredError
    if fault.code in UNSTABLE or fault.kind.lower() in {"systemfault", "service"}:
        return TransientError
    return RejectedError


def _vendors_trouble(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


def _access_lost(status: int, fault: Fault) -> bool:
    if status == HTTPStatus.UNAUTHORIZED or fault.code in ACCESS_LOST:
        return True
    return fault.kind.lower().startswith(("authenticat", "authoriz"))


def _too_old(fault: Fault) -> bool:
    """The look-back of change data capture has no code of its own, only a text (§4)."""
    text = f"{fault.message} {fault.detail}".lower()
    return "changedsince" in text and "older" in text


def _summary(call: FailedCall, fault: Fault | None) -> str:
    if fault is None:
        return f"HTTP {call.status} without a fault that can be read"
    parts = [fault.message]
    # The vendor's authentication faults carry the token in their detail (§8.1, shape 2).
    if not _access_lost(call.status, fault):
        parts.append(fault.detail)
    said = ": ".join(part for part in parts if part)
    return f"HTTP {call.status}, code {fault.code or 'none'}: {scrubbed(said, call.secrets)}"


def retry_after_s(header: str | None, now: datetime) -> float:
    """Read Retry-After; the vendor's advice when it is absent or odd."""
    return failed_call.retry_after_s(header, now, THROTTLE_WAIT_S)
