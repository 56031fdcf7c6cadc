"""Errors as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

MEDIA_TYPE = "application/problem+json"

_TYPE_PREFIX = "urn:syncline:problem:"


class FieldError(msgspec.Struct, frozen=True):
    """One thing that is wrong with the input."""

    path: Annotated[str, msgspec.Meta(description="Where: a parameter, or a path in the body.")]
    expected: str
    found: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, and what to do (RFC 9457)."""

    type: Annotated[
        str, msgspec.Meta(description="A URN that names the kind of problem; it does not change.")
    ]
    title: str
    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    reasons: Annotated[
        Sequence[str], msgspec.Meta(description="What stands in the way, one by one.")
    ] = ()
    reference: Annotated[
        str | None, msgspec.Meta(description="Finds the error in the daemon's log.")
    ] = None
    action_id: Annotated[
        str | None, msgspec.Meta(description="The action that it is about, or that is in the way.")
    ] = None
    queued: Annotated[
        bool | None, msgspec.Meta(description="Whether the action is kept and sent later.")
    ] = None


class ProblemError(Exception):
    """An answer that is a problem document.

    Attributes:
        kind: the last part of its type's URN.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        reasons: Sequence[str] = (),
        reference: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.document = Problem(
            type=f"{_TYPE_PREFIX}{kind}",
            title=_title(kind),
            status=status,
            detail=detail,
            errors=errors,
            reasons=reasons,
            reference=reference,
        )


class ActionProblemError(ProblemError):
    """A user's write can't be taken, or not now."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        action_id: str | None = None,
        queued: bool | None = None,
        reasons: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, kind, detail, reasons=reasons, headers=headers)
        self.document = msgspec.structs.replace(self.document, action_id=action_id, queued=queued)


class InvalidInputError(ProblemError):
    """The parameters or the body are not what is expected."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        detail = "; ".join(
            f"{error.path or 'the body'}: expected {error.expected}, found {error.found}"
            for error in errors
        )
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", detail, errors=errors)


class NotFoundError(ProblemError):
    """There is no such thing."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "not-found", detail)


def problem_response(error: ProblemError) -> web.Response:
    """Write the document down."""
    return web.Response(
        body=msgspec.json.encode(error.document),
        status=error.document.status,
        headers=error.headers,
        content_type=MEDIA_TYPE,
    )


def _title(kind: str) -> str:
    return kind.replace("-", " ").capitalize().replace("json", "JSON")
