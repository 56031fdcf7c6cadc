"""What vendors deliver to us. Guarded by their signature, not by the admin token."""

from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus

import anyio
import msgspec
from aiohttp import web

from actors.vendors.registry import VENDORS
from daemon.web.body_room import SMALL_BODY_BYTES, BodyRoom
from daemon.web.operation import (
    JSON,
    Answer,
    AnyOperation,
    Call,
    Handler,
    Nothing,
    Operation,
    Reply,
)
from daemon.web.problem import ProblemError

MAX_BODY_BYTES = 4 * 1024 * 1024
"""More than any vendor sends, whatever `server.max_body` allows others."""
_BODY_WITHIN_S = 10.0


class DeliveryTaken(msgspec.Struct, frozen=True):
    """What became of a delivery.

    Attributes:
        stored: how many notices of changes are new, and durable now.
        duplicates: how many were known already.
        unknown_accounts: how many are about companies that are not connected.
        unknown_types: how many are about types that are not replicated.
        unreadable: how many events could not be read.
    """

    stored: int
    duplicates: int
    unknown_accounts: int
    unknown_types: int
    unreadable: int


def _deliver(vendor: str) -> Handler[Nothing, Nothing]:
    async def deliver(call: Call[Nothing, Nothing]) -> Answer:
        """Take a delivery in; answer once it is durable."""
        context, request = call.context, call.request
        began_s = context.clock.now().monotonic_s
        headers = {name.lower(): value for name, value in request.headers.items()}
        context.deliveries.admit(vendor, headers, began_s)
        with ExitStack() as place:
            body = await _read(request, context.body_room, place)
            taken = await context.deliveries.take(vendor, body, headers, began_s)
        received = taken.received
        return Answer(
            DeliveryTaken(
                stored=received.stored,
                duplicates=received.duplicates,
                unknown_accounts=received.unknown_accounts,
                unknown_types=taken.unknown_types,
                unreadable=taken.unreadable,
            )
        )

    return deliver


async def _read(request: web.Request, room: BodyRoom, place: ExitStack) -> bytearray:
    """Return the raw body; a large one holds a place in the room from then on.

    Raises:
        ProblemError: 413, 408 or 503.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    is_large = False
    try:
        with anyio.fail_after(_BODY_WITHIN_S):
            async for chunk in request.content.iter_any():
                if not is_large and len(body) + len(chunk) > SMALL_BODY_BYTES:
                    place.enter_context(room.place())
                    is_large = True
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError as error:
        detail = f"the body did not come within {_BODY_WITHIN_S:.0f} s"
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, "slow-body", detail) from error
    return body


def _too_large() -> ProblemError:
    detail = f"no delivery may have more than {MAX_BODY_BYTES} bytes"
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", detail)


def _operations() -> Iterator[AnyOperation]:
    for vendor, entry in VENDORS.items():
        if entry.webhooks is None:
            continue
        yield Operation(
            method="POST",
            path=f"/webhooks/{vendor}",
            name=f"{vendor}Webhook",
            tag="webhooks",
            summary="Deliver notices of changes; guarded by the vendor's signature over the raw body",
            handler=_deliver(vendor),
            raw_body=JSON,
            reads_body=True,
            ignores_unknown=True,
            replies=[Reply(HTTPStatus.OK, "Taken in, and durable.", DeliveryTaken)],
            problems={
                HTTPStatus.BAD_REQUEST: "Signed, and in no form that the vendor uses.",
                HTTPStatus.UNAUTHORIZED: "The vendor's signature is missing or wrong.",
                HTTPStatus.NOT_FOUND: "The vendor is not configured.",
                HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
                HTTPStatus.SERVICE_UNAVAILABLE: (
                    "No secret is configured to verify with, too many large deliveries come in at"
                    " once, or the database takes no writes: deliver it again later."
                ),
            },
            is_open=True,
        )


OPERATIONS: tuple[AnyOperation, ...] = tuple(_operations())
