"""Writes over the API: which operation a call means, its ``requestid``, and its answer."""

from collections.abc import Mapping
from datetime import datetime

from daemon.sandbox.quickbooks.api_fault import ApiFault, unknown_path, unsupported_operation
from daemon.sandbox.quickbooks.catalogue import BY_SEGMENT
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.emails import send
from daemon.sandbox.quickbooks.entity import EntityType, VoidForm
from daemon.sandbox.quickbooks.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.quickbooks.fault_bodies import fault_reply
from daemon.sandbox.quickbooks.json_text import encode
from daemon.sandbox.quickbooks.request_body import object_id_of, read_body
from daemon.sandbox.quickbooks.routes import Route, Target
from daemon.sandbox.quickbooks.timestamps import envelope_time
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.write_ledger import AppliedWrite
from daemon.sandbox.quickbooks.writes import Writes, Written


class WriteApi:
    """Serves the routes that change something."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._writes = Writes(world)

    def serve(
        self,
        target: Target,
        request: SandboxRequest,
        company: Company,
        client_id: str,
        now: datetime,
    ) -> SandboxReply:
        """Answer one call: a repeat of a ``requestid`` as the first time, else by doing it.

        Raises:
            ApiFault: 500, the path is unknown; 2050, the ``requestid`` is too long.
        """
        entity = BY_SEGMENT.get(target.segment)
        if entity is None:
            raise unknown_path(request.path)
        params = request.params()
        request_id = params.get("requestid", "")
        if request_id:
            first = self._world.request_ids.replay(company.realm_id, request_id, now)
            if first is not None:
                return first
        try:
            operation, written = self._execute(target, entity, params, request, company, now)
            self._record(operation, written, client_id, request_id, request, company, now)
            reply = _answer(entity, written, now)
        except ApiFault as fault:
            reply = fault_reply(fault, now)
        self._world.request_ids.keep(company.realm_id, request_id, reply, now)
        return reply

    def _execute(
        self,
        target: Target,
        entity: EntityType,
        params: Mapping[str, str],
        request: SandboxRequest,
        company: Company,
        now: datetime,
    ) -> tuple[str, Written]:
        if target.route is Route.SEND:
            send_to = params.get("sendTo", "")
            return "send", send(self._world, company, entity, target.object_id, send_to, now)
        sent = read_body(company, entity, request.body)
        operation = _operation(entity, params, is_new=not object_id_of(sent))
        act = {
            "create": self._writes.create,
            "update": self._writes.update,
            "void": self._writes.void,
            "delete": self._writes.delete,
        }[operation]
        return operation, act(company, entity, sent, now)

    def _record(
        self,
        operation: str,
        written: Written,
        client_id: str,
        request_id: str,
        request: SandboxRequest,
        company: Company,
        now: datetime,
    ) -> None:
        if written.mutations:
            self._world.ledger.append(
                AppliedWrite(
                    written.mutations[-1].sequence,
                    now,
                    company.realm_id,
                    client_id,
                    operation,
                    written.object_type,
                    written.object_id,
                    request_id or None,
                    request.body,
                )
            )


def _operation(entity: EntityType, params: Mapping[str, str], *, is_new: bool) -> str:
    asked = params.get("operation", "").lower()
    includes_void = "void" in params.get("include", "").lower().split(",")
    if asked == "delete":
        return "delete"
    if asked == "void" or includes_void:
        form = VoidForm.INCLUDE if includes_void else VoidForm.OPERATION
        if entity.void is not form:
            raise unsupported_operation("void")
        return "void"
    if asked not in ("", "create", "update"):
        raise unsupported_operation(asked)
    return "create" if is_new else "update"


def _answer(entity: EntityType, written: Written, now: datetime) -> SandboxReply:
    body = written.body
    if body is None:
        body = encode({"domain": "QBO", "status": "Deleted", "Id": written.object_id})
    envelope = b'{"%s":%s,"time":"%s"}'
    return json_reply(200, envelope % (entity.name.encode(), body, envelope_time(now).encode()))
