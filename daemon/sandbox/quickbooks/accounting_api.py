"""The accounting API: who may call, and which part answers."""

from datetime import datetime

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.quickbooks import cdc, fault_bodies
from daemon.sandbox.quickbooks.api_fault import (
    AUTHORIZATION,
    ApiFault,
    invalid_id,
    unknown_path,
    unsupported_operation,
)
from daemon.sandbox.quickbooks.batch_api import BatchApi
from daemon.sandbox.quickbooks.catalogue import BY_SEGMENT
from daemon.sandbox.quickbooks.cdc import CdcMode
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import Family
from daemon.sandbox.quickbooks.faults import Fault
from daemon.sandbox.quickbooks.grants import ACCOUNTING_SCOPE, AccessToken
from daemon.sandbox.quickbooks.query_evaluator import run
from daemon.sandbox.quickbooks.query_parser import parse
from daemon.sandbox.quickbooks.references import gone
from daemon.sandbox.quickbooks.routes import Route, Target
from daemon.sandbox.quickbooks.timestamps import envelope_time, pacific_date
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.write_api import WriteApi

_OK = 200
_STATEMENT_TYPES = ("application/text", "text/plain")


class AccountingApi:
    """Serves the routes below ``/v3/company``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._writes = WriteApi(world)
        self._batches = BatchApi(world, self._writes)

    def access(self, request: SandboxRequest) -> AccessToken | None:
        """Return what is known of the bearer token of a request."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._world.authorization.access(token) if scheme == "Bearer" else None

    def serve(
        self,
        target: Target,
        request: SandboxRequest,
        now: datetime,
        fault: Fault | None = None,
    ) -> SandboxReply:
        """Answer one call, under a fault that bends the answer itself, if any."""
        access = self.access(request)
        if access is None or access.grant.revoked or now >= access.expires_at:
            return self._unauthorized(request, access, now)
        company = self._world.companies.get(target.realm_id)
        if company is None or not self._opens(access, company):
            return fault_bodies.forbidden(now)
        if company.deleted:
            return self._company_deleted(now)
        try:
            if company.admin_lost:
                raise _user_without_access()
            company.settle(now)
            return self._admitted(target, request, company, access.grant.client_id, now, fault)
        except ApiFault as refusal:
            return fault_bodies.fault_reply(refusal, now)

    def _admitted(
        self,
        target: Target,
        request: SandboxRequest,
        company: Company,
        client_id: str,
        now: datetime,
        fault: Fault | None,
    ) -> SandboxReply:
        if target.route in (Route.WRITE, Route.SEND):
            return self._writes.serve(target, request, company, client_id, now)
        if target.route is Route.BATCH:
            return self._batches.serve(request, company, client_id, now, fault)
        mode = CdcMode.TRUE if fault is None else fault.cdc_mode
        return self._read_only(target, request, company, now, mode)

    def _read_only(
        self,
        target: Target,
        request: SandboxRequest,
        company: Company,
        now: datetime,
        mode: CdcMode,
    ) -> SandboxReply:
        match target.route:
            case Route.QUERY:
                today = pacific_date(now)
                answer = run(parse(_statement_text(request)), company, today)
                return _enveloped(b"QueryResponse", answer, now)
            case Route.CDC:
                inclusive = self._world.behaviour.cdc_inclusive
                answer = cdc.answer(company, request.params(), now, inclusive=inclusive, mode=mode)
                return _enveloped(b"CDCResponse", answer, now)
            case Route.READ:
                return self._read(target, request, company, now)
        raise unknown_path(request.path)

    def _read(
        self, target: Target, request: SandboxRequest, company: Company, now: datetime
    ) -> SandboxReply:
        entity = BY_SEGMENT.get(target.segment)
        if entity is None:
            raise unknown_path(request.path)
        object_id = target.object_id
        if entity.family is Family.COMPANY and object_id == company.realm_id:
            object_id = "1"
        if not object_id.isascii() or not object_id.isdigit():
            raise invalid_id(object_id)
        row = company.tables[entity.name].rows.get(object_id)
        if row is None:
            raise gone(company, entity, object_id)
        return _enveloped(entity.name.encode(), row.body, now)

    def _opens(self, access: AccessToken, company: Company) -> bool:
        grant = access.grant
        app = self._world.authorization.apps[grant.client_id]
        return (
            grant.realm_id == company.realm_id
            and app.environment is company.environment
            and ACCOUNTING_SCOPE in grant.scopes
        )

    def _unauthorized(
        self, request: SandboxRequest, access: AccessToken | None, now: datetime
    ) -> SandboxReply:
        token = request.headers.get("authorization", "").partition(" ")[2]
        problem = "Token expired" if access is not None else "Token invalid"
        return fault_bodies.unauthorized(f"{problem}: {token[:50]}", now)

    def _company_deleted(self, now: datetime) -> SandboxReply:
        status = self._world.behaviour.deleted_company_status
        reply = fault_bodies.forbidden(now)
        return SandboxReply(status, reply.headers, reply.body)


def _statement_text(request: SandboxRequest) -> str:
    if request.method == "GET":
        return request.params().get("query", "")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in _STATEMENT_TYPES:
        raise unsupported_operation(f"query with content type {content_type}")
    try:
        return request.body.decode()
    except UnicodeDecodeError as error:
        raise unsupported_operation("query with malformed UTF-8") from error


def _enveloped(member: bytes, body: bytes, now: datetime) -> SandboxReply:
    return json_reply(_OK, b'{"%s":%s,"time":"%s"}' % (member, body, envelope_time(now).encode()))


def _user_without_access() -> ApiFault:
    return ApiFault(
        "120",
        "Authorization Failure",
        "AuthorizationFailure: -11014 The user no longer has access to this company, "
        "statusCode: 401",
        status=401,
        fault_type=AUTHORIZATION,
    )
