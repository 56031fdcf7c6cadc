"""Writes over the API: which operation a call means, its ``requestid``, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.quickbooks.api_fault import ApiFault, unknown_path, unsupported_operation
from daemon.sandbox.quickbooks.catalogue import BY_SEGMENT
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.emails import send
from daemon.sandbox.quickbooks.entity import EntityType, VoidForm
from daemon.sandbox.quickbooks.fault_bodies import fault_reply
from daemon.sandbox.quickbooks.json_text import Document, encode
from daemon.sandbox.quickbooks.request_body import object_id_of, read_body
from daemon.sandbox.quickbooks.routes import Route, Target
from daemon.sandbox.quickbooks.timestamps import envelope_time
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.write_ledger import AppliedWrite
from daemon.sandbox.quickbooks.writes import Writes, Written


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose write it is, and how it came."""

    company: Company
    client_id: str
    request_id: str
    body: bytes
    now: datetime


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
            written = self._execute(target, entity, params, request, company, client_id, now)
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
        client_id: str,
        now: datetime,
    ) -> Written:
        caller = Caller(company, client_id, params.get("requestid", ""), request.body, now)
        if target.route is Route.SEND:
            send_to = params.get("sendTo", "")
            written = send(self._world, company, entity, target.object_id, send_to, now)
            self._record("send", written, caller)
            return written
        sent = read_body(company, entity, request.body)
        operation = _operation(entity, params, is_new=not object_id_of(sent))
        return self.carry_out(operation, entity, sent, caller)

    def carry_out(
        self, operation: str, entity: EntityType, sent: Document, caller: Caller
    ) -> Written:
        """Do one write, and record it.

        Args:
            operation: ``create``, ``update``, ``void`` or ``delete``.
            entity: the type.
            sent: the body, checked against it.
            caller: who sent it, and how.

        Raises:
            ApiFault: what is wrong with it.
        """
        act = {
            "create": self._writes.create,
            "update": self._writes.update,
            "void": self._writes.void,
            "delete": self._writes.delete,
        }[operation]
        written = act(caller.company, entity, sent, caller.now)
        self._record(operation, written, caller)
        return written

    def _record(self, operation: str, written: Written, caller: Caller) -> None:
        if written.mutations:
            self._world.ledger.append(
                AppliedWrite(
                    written.mutations[-1].sequence,
                    caller.now,
                    caller.company.realm_id,
                    caller.client_id,
                    operation,
                    written.object_type,
                    written.object_id,
                    caller.request_id or None,
                    caller.body,
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


def body_after(written: Written) -> bytes:
    """Return the object as the answer shows it."""
    if written.body is not None:
        return written.body
    return encode({"domain": "QBO", "status": "Deleted", "Id": written.object_id})


def _answer(entity: EntityType, written: Written, now: datetime) -> SandboxReply:
    envelope = b'{"%s":%s,"time":"%s"}'
    name, time = entity.name.encode(), envelope_time(now).encode()
    return json_reply(200, envelope % (name, body_after(written), time))
