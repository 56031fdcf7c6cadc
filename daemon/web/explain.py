"""How an object came to be as it is held: which versions came, by which call, and what became of them."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.timeline import IN_WORDS, FieldChange, Happening, What, Why, timeline
from daemon.web.drifts import DriftView, drifts_of_object
from daemon.web.instant import Instant
from daemon.web.objects import account_with_type, never_seen
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from store.models import Via


class ExplainedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to the object."""

    at: Annotated[Instant, Meta(description="Our time; of what came often, of the first time.")]
    what: What
    rule: Annotated[Why, Meta(description="Which rule kept or refused it.")]
    why: Annotated[str, Meta(description="The rule in words.")]
    version: Annotated[str, Meta(description="The vendor's version token; empty for deletions.")]
    updated_at: Annotated[
        Instant | None,
        Meta(description="The vendor's time of it; null when it told none, or `altered`."),
    ]
    altered: Annotated[
        bool,
        Meta(
            description="The row was altered in the replica since, past the vendor: what is told"
            " here of the version need not be what was stored."
        ),
    ]
    mended_at: Annotated[
        Instant | None, Meta(description="When that was mended; null when it was not.")
    ]
    via: Via
    look: Annotated[
        str,
        Meta(
            description="What was read: an object type, or the vendor's feed of changes. Empty when"
            " that is not known."
        ),
    ]
    trace_ids: Annotated[
        Sequence[str],
        Meta(description="The vendor's own ids of the calls of that look; it came by one of them."),
    ]
    changed: Annotated[
        Sequence[FieldChange],
        Meta(
            description="The fields by which it differs from what was held before; `before` or"
            " `after` is left out where there was none."
        ),
    ]
    times: Annotated[int, Meta(description="How often it came.")]
    last_at: Annotated[Instant | None, Meta(description="When it came last, if more than once.")]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of how one object came to be as it is held."""

    account_id: str
    vendor: str
    object_type: str
    object_id: str
    deleted: bool
    covered_until: Annotated[
        Instant | None,
        Meta(
            description="Vendor time up to which its type is known: so long it is confirmed to be as"
            " it is held. null while that is not known."
        ),
    ]
    earlier_left_out: Annotated[bool, Meta(description="There are more, older versions.")]
    events: Annotated[Sequence[ExplainedEvent], Meta(description="The newest last.")]
    drifts: Annotated[
        Sequence[DriftView],
        Meta(description="Where it is, or was, not as users' actions asked for; the newest first."),
    ]


async def explain_object(call: Call[Nothing, Nothing]) -> Answer:
    """Tell how one object came to be as it is held."""
    object_type, object_id = call.path("object_type"), call.path("object_id")
    account = await account_with_type(call, object_type)
    call.context.readers.note(account.id)
    history = await call.context.store.history(account.id, object_type, object_id)
    if history is None:
        raise never_seen(object_type, object_id)
    return Answer(
        Explanation(
            account_id=account.id,
            vendor=account.vendor,
            object_type=object_type,
            object_id=object_id,
            deleted=history.versions[-1].deleted,
            covered_until=history.covered_until,
            earlier_left_out=history.earlier_left_out,
            events=[_event(each) for each in timeline(history)],
            drifts=await drifts_of_object(call.context.store, account.id, object_type, object_id),
        )
    )


def _event(told: Happening) -> ExplainedEvent:
    return ExplainedEvent(
        at=told.at,
        what=told.what,
        rule=told.why,
        why=_in_words(told),
        version=told.version,
        updated_at=told.updated_at,
        altered=told.altered,
        mended_at=told.mended_at,
        via=told.via,
        look=told.look,
        trace_ids=told.trace_ids,
        changed=told.changed,
        times=told.times,
        last_at=told.last_at if told.times > 1 else None,
    )


def _in_words(told: Happening) -> str:
    words = IN_WORDS[told.why]
    if not told.altered:
        return words
    if told.mended_at is None:
        return f"{words}; altered in the replica since: a verification mends it"
    return f"{words}; altered in the replica since, mended at {told.mended_at:%Y-%m-%dT%H:%M:%SZ}"


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/integrations/{account_id}/objects/{object_type}/{object_id}/explanation",
        name="explainObject",
        tag="objects",
        summary="How one object came to be as it is held, and what was refused",
        handler=explain_object,
        replies=[Reply(HTTPStatus.OK, "What happened to it, the newest last.", Explanation)],
        problems={HTTPStatus.NOT_FOUND: "There is no such account, or no such thing in it."},
    ),
)
