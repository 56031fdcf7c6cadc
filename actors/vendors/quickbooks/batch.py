"""Many queries, or many new objects, in one call (quickbooks facts §5.5).

Each item has an end of its own and takes no other back. The vendor promises no order, so items never
depend on each other. An item's answer is read just as if it had come by itself; one that is missing,
comes twice or is a fault is no answer, except that a fault says that a write did not happen where the
same fault would say so of a single one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec

from actors.errors import (
    NotSentError,
    RejectedError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
    VendorError,
)
from actors.vendors.base import Count, Look, Page, Session
from actors.vendors.failed_call import UnreadableReplyError, as_unknown
from actors.vendors.quickbooks import write_request
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.keyset import Reason, Scan
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.parse import BatchReply, batch_reply, count_reply, read_reply
from actors.vendors.quickbooks.scan import page_of, page_step, scan_of
from actors.vendors.quickbooks.statements import count_statement, page_statement
from actors.vendors.quickbooks.write_request import WriteRequest
from actors.vendors.writing import Intent, Target, Written

MOST_ITEMS = 30
"""What the vendor takes at once."""

MOST_WRITES = 10
"""Of writes: their users wait for the slowest, and all of them must be through within a call's time.
The vendor's older documents advise no more."""


async def count_together(
    api: ApiClient, session: Session, object_types: Sequence[str]
) -> Mapping[str, Count]:
    """Have all rows of these types counted; types that were not are left out.

    Raises:
        VendorError: the call failed.
    """
    scan = Scan(Reason.COMPARISON)
    statements = {name: count_statement(OBJECT_TYPES[name], scan) for name in object_types}
    found = {}
    for name, body in (await api.query_together(session, statements)).items():
        try:
            reply = count_reply(body)
        except UnreadableReplyError:
            continue
        found[name] = Count(reply.rows, reply.vendor_time)
    return found


async def look_together(
    api: ApiClient, session: Session, looks: Sequence[Look], overlap: timedelta
) -> Mapping[str, Page]:
    """Read a page of each type; those that did not come whole are left out.

    Raises:
        VendorError: the call failed.
    """
    by_key = {look.key: look for look in looks}
    statements = {
        key: page_statement(OBJECT_TYPES[key], scan_of(look.cursors[key]), look.most_objects)
        for key, look in by_key.items()
    }
    found = {}
    for key, body in (await api.query_together(session, statements)).items():
        look = by_key[key]
        cursor = look.cursors[key]
        try:
            step = page_step(body, key, scan_of(cursor), look.most_objects)
        except (UnreadableReplyError, ArithmeticError, ValueError):
            continue
        rows = step.reply.rows
        if not rows.partial_ids:
            found[key] = page_of(cursor, step, rows.records, overlap)
    return found


async def write_together(
    api: ApiClient, session: Session, intents: Sequence[Intent]
) -> Sequence[Written | VendorError]:
    """Create these objects. Raises as the contract says.

    A batch that is refused as a whole may have been carried out in part, for all that is documented.
    """
    ids = write_request.batch_item_ids(intents)
    items = [
        write_request.batch_item(item_id, intent)
        for item_id, intent in zip(ids, intents, strict=True)
    ]
    call = WriteRequest(
        ("batch",),
        {"requestid": write_request.batch_request_id(intents)},
        msgspec.json.encode({"BatchItemRequest": items}),
    )
    failures: dict[str, VendorError] = {}
    heard: list[BatchReply] = []

    def heed(reply: BatchReply) -> None:
        heard.append(reply)
        failures.update(api.item_failures(session, reply))
        for error in failures.values():
            if isinstance(error, ThrottledError):
                raise error

    status, trace_id = None, None
    try:
        answer = await api.post(session, call, batch_reply, items=len(items), heed=heed)
        status, trace_id = answer.status, answer.trace_id
    except ThrottledError:
        if not heard:
            raise
    except RejectedError as error:
        raise UnknownOutcomeError(
            str(error), status=error.status, code=error.code, trace_id=error.trace_id
        ) from error
    ended = []
    for item_id, intent in zip(ids, intents, strict=True):
        found = _ended(item_id, intent, heard[0], failures)
        ended.append(
            replace(found, status=status, trace_id=trace_id)
            if isinstance(found, Written)
            else found
        )
    return ended


def _ended(
    item_id: str, intent: Intent, reply: BatchReply, failures: Mapping[str, VendorError]
) -> Written | VendorError:
    """Say how one write ended; what is not plainly told is unknown."""
    error = failures.get(item_id)
    if isinstance(error, TransientError) and not isinstance(error, ThrottledError | NotSentError):
        return as_unknown(error)
    if error is not None:
        return error
    if item_id not in reply.answers:
        return UnknownOutcomeError("the answer to the batch leaves it out")
    target = write_request.target_of(intent.action_type, intent.payload)
    try:
        record = read_reply(reply.answers[item_id], target.object_type)
    except (UnreadableReplyError, ArithmeticError, ValueError) as unreadable:
        return UnknownOutcomeError(f"the answer cannot be read: {type(unreadable).__name__}")
    if record is None:
        return UnknownOutcomeError("the answer tells of another end than was asked for")
    return Written(Target(target.object_type, record.object_id), record)
