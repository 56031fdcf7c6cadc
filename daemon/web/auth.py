"""Connecting companies: by the owner's browser, or with a code that somebody has already."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from actors.vendors.connecting import ConnectForm, Consent, Grant
from actors.vendors.registry import VENDORS
from daemon.connect_errors import ConsentRefusedError
from daemon.standing import standing
from daemon.web.account_view import Integration, integration
from daemon.web.audited import ABOUT
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
from daemon.web.page import DISCREET, HTML, connected_page, refused_page
from daemon.web.problem import FieldError, InvalidInputError
from store.models import Account

_TAG = "connecting"


def _start(vendor: str) -> Handler[Nothing, Nothing]:
    async def start(call: Call[Nothing, Nothing]) -> web.StreamResponse:
        """Send the browser to the vendor's consent page."""
        location = await call.context.connector.begin(vendor)
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": location, **DISCREET})

    return start


def _callback(vendor: str) -> Handler[Any, Nothing]:
    async def callback(call: Call[Any, Nothing]) -> Answer | web.StreamResponse:
        """Take the browser back from the consent page."""
        connector, consent = call.context.connector, call.query
        code, company = _given(vendor, consent)
        account, created = await connector.finish(vendor, consent.state, code, company)
        call.request[ABOUT] = account.id
        if HTML in call.request.headers.get("Accept", ""):
            return connected_page(account.name, _status(created=created))
        return _answer(call, account, created=created)

    return callback


def _connect(vendor: str, form: ConnectForm) -> Handler[Nothing, Any]:
    async def connect(call: Call[Nothing, Any]) -> Answer:
        """Connect a company with what its owner gave."""
        grant: Grant = call.body
        account, created = await call.context.connector.connect(
            vendor, grant.proof, grant.external_account_id, form.said(grant)
        )
        return _answer(call, account, created=created)

    return connect


def _given(vendor: str, consent: Consent) -> tuple[str, str]:
    """Return code and company.

    Raises:
        ConsentRefusedError: the owner did not consent.
        InvalidInputError: one of the two is missing.
    """
    if consent.error is not None:
        raise ConsentRefusedError(
            f"the owner did not consent ({consent.error}); begin again at /auth/{vendor}/start"
        )
    if consent.authorization_code is None or consent.external_account_id is None:
        found = FieldError("", "an authorization code and a company", "only one of them, or none")
        raise InvalidInputError([found])
    return consent.authorization_code, consent.external_account_id


def _answer(call: Call[Any, Any], account: Account, *, created: bool) -> Answer:
    hosted = call.context.supervisor.hosted().get(account.id)
    return Answer(
        integration(account, standing(account, hosted)),
        _status(created=created),
        headers={**DISCREET, "Location": f"/integrations/{account.id}"},
    )


def _status(*, created: bool) -> HTTPStatus:
    return HTTPStatus.CREATED if created else HTTPStatus.OK


_CONNECT_PROBLEMS = {
    HTTPStatus.NOT_FOUND: "The vendor is not configured.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The code or the keys were refused, or the tokens do not open the company.",
    HTTPStatus.BAD_GATEWAY: "The vendor did not answer; nothing was stored.",
}


def _replies(media: Sequence[str]) -> list[Reply]:
    return [
        Reply(HTTPStatus.CREATED, "A new account.", Integration, media),
        Reply(HTTPStatus.OK, "A known account: same id, history kept.", Integration, media),
    ]


def _operations(vendor: str, form: ConnectForm) -> Iterator[AnyOperation]:
    if form.consent is not None:
        yield from _consent_operations(vendor, form.consent)
    has_code = form.consent is not None
    yield Operation(
        method="POST",
        path=f"/auth/{vendor}/connect",
        name=f"{vendor}Connect",
        deed="account_connected",
        tag=_TAG,
        summary=f"Connect a company with {'an authorization code' if has_code else 'its keys'}",
        handler=_connect(vendor, form),
        body=form.grant,
        body_required=True,
        replies=_replies([JSON]),
        problems=_CONNECT_PROBLEMS,
    )


def _consent_operations(vendor: str, consent: type[msgspec.Struct]) -> Iterator[AnyOperation]:
    yield Operation(
        method="GET",
        path=f"/auth/{vendor}/start",
        name=f"{vendor}Start",
        tag=_TAG,
        summary="Go to the vendor's consent page, with a fresh single-use `state`",
        handler=_start(vendor),
        replies=[
            Reply(HTTPStatus.FOUND, "Go there.", headers={"Location": "The vendor's consent page."})
        ],
        problems={HTTPStatus.NOT_FOUND: "The vendor is not configured."},
    )
    yield Operation(
        method="GET",
        path=f"/auth/{vendor}/callback",
        name=f"{vendor}Callback",
        deed="account_connected",
        tag=_TAG,
        summary="Come back from the vendor's consent page; guarded by the single-use `state`",
        handler=_callback(vendor),
        query=consent,
        ignores_unknown=True,
        replies=_replies([JSON, HTML]),
        problems=_CONNECT_PROBLEMS
        | {HTTPStatus.FORBIDDEN: "The `state` is not ours or was used, or the owner declined."},
        problem_page=refused_page,
        is_open=True,
    )


OPERATIONS: tuple[AnyOperation, ...] = tuple(
    operation
    for vendor, entry in VENDORS.items()
    for operation in _operations(vendor, entry.connecting)
)
