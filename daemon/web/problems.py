"""Turns whatever goes wrong into a problem document. Nothing leaves without passing here."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from secrets import token_hex

import structlog
from aiohttp import web

from actors.mailbox import MailboxFullError
from daemon.connect_errors import (
    CodeRefusedError,
    ConnectError,
    ConsentRefusedError,
    KeysRefusedError,
    UnknownVendorError,
    VendorFailedError,
    WrongCompanyError,
)
from daemon.deliveries import (
    DeliveryError,
    ForgedDeliveryError,
    MalformedDeliveryError,
    UnknownReceiverError,
    WebhooksOffError,
)
from daemon.web.problem import NotFoundError, ProblemError, problem_response
from store.errors import (
    ChangesForgottenError,
    DamagedRowError,
    StoreUnavailableError,
    UnknownAccountError,
)

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CONNECT_PROBLEMS: dict[type[ConnectError], tuple[HTTPStatus, str]] = {
    UnknownVendorError: (HTTPStatus.NOT_FOUND, "unknown-vendor"),
    ConsentRefusedError: (HTTPStatus.FORBIDDEN, "consent-refused"),
    CodeRefusedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "code-refused"),
    KeysRefusedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "keys-refused"),
    WrongCompanyError: (HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-company"),
    VendorFailedError: (HTTPStatus.BAD_GATEWAY, "vendor-failed"),
}

_DELIVERY_PROBLEMS: dict[type[DeliveryError], tuple[HTTPStatus, str]] = {
    UnknownReceiverError: (HTTPStatus.NOT_FOUND, "unknown-vendor"),
    WebhooksOffError: (HTTPStatus.SERVICE_UNAVAILABLE, "webhooks-off"),
    ForgedDeliveryError: (HTTPStatus.UNAUTHORIZED, "forged-delivery"),
    MalformedDeliveryError: (HTTPStatus.BAD_REQUEST, "malformed-delivery"),
}


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a problem document when the handler raises.

    An answer that has begun cannot be taken back: the connection is cut then.
    """
    try:
        return await handler(request)
    except Exception as error:
        if request.writer.output_size > 0:
            raise
        return problem_response(as_problem(error, request))


def as_problem(error: Exception, request: web.Request) -> ProblemError:
    """Name the problem. What nobody foresaw is logged under a reference that the answer names."""
    match error:
        case ProblemError():
            problem = error
        case web.HTTPException():
            problem = _http_problem(error, request)
        case (
            UnknownAccountError()
            | DamagedRowError()
            | ChangesForgottenError()
            | StoreUnavailableError()
        ):
            problem = _of_the_store(error)
        case MailboxFullError():
            detail = "the account was told too much at once; try again in a moment"
            problem = _not_now("account-busy", detail, retry_after_s=1)
        case web.RequestPayloadError() | ConnectionError():
            detail = "the body does not arrive as its headers say"
            problem = ProblemError(HTTPStatus.BAD_REQUEST, "broken-body", detail)
        case ConnectError():
            status, kind = _CONNECT_PROBLEMS[type(error)]
            problem = ProblemError(status, kind, str(error))
        case DeliveryError():
            status, kind = _DELIVERY_PROBLEMS[type(error)]
            problem = ProblemError(status, kind, str(error))
        case _:
            problem = _unforeseen(error, request)
    return problem


def _damaged_row(error: DamagedRowError) -> ProblemError:
    """An answer without the row would look whole."""
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "damaged-row",
        f"{error.object_type} {error.object_id!r} is damaged in the replica; verifying reads it"
        f" again from the vendor: syncline verify {error.account_id}",
    )


def _of_the_store(
    error: UnknownAccountError | DamagedRowError | ChangesForgottenError | StoreUnavailableError,
) -> ProblemError:
    match error:
        case UnknownAccountError():
            return NotFoundError("there is no such account; GET /integrations lists all")
        case DamagedRowError():
            return _damaged_row(error)
        case ChangesForgottenError(horizon=horizon):
            return ProblemError(
                HTTPStatus.GONE,
                "changes-forgotten",
                f"the changes up to {horizon} are kept no more (store.changes_retention); read the"
                f" objects, then follow from after={horizon}",
            )
    detail = f"the database cannot do this now: {error}"
    return _not_now("store-unavailable", detail, retry_after_s=5)


def _not_now(kind: str, detail: str, *, retry_after_s: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE, kind, detail, headers={"Retry-After": str(retry_after_s)}
    )


def _http_problem(error: web.HTTPException, request: web.Request) -> ProblemError:
    status = HTTPStatus(error.status)
    match error:
        case web.HTTPNotFound():
            return NotFoundError(f"there is nothing at {request.path}; see /openapi.json")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return ProblemError(
                status,
                "method-not-allowed",
                f"{request.path} takes {allowed}, not {request.method}",
                headers={"Allow": allowed},
            )
        case web.HTTPRequestEntityTooLarge():
            return ProblemError(
                status, "body-too-large", "the body is larger than server.max_body allows"
            )
    kind = status.phrase.lower().replace(" ", "-")
    return ProblemError(status, kind, error.reason or status.phrase)


def _unforeseen(error: Exception, request: web.Request) -> ProblemError:
    reference = token_hex(8)
    log.error(
        "request_failed",
        reference=reference,
        method=request.method,
        path=request.path,
        exc_info=error,
    )
    return ProblemError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal-error",
        "something went wrong here; the daemon's log says what, under this reference",
        reference=reference,
    )
