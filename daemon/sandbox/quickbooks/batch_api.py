"""Batches: many queries and writes in one call, each with an end of its own.

Up to 30 items; faults are each item's own, inside status 200, and take nothing back; no order is
promised (quickbooks facts §5.5). A ``requestid`` counts for each item together with its ``bId``: an
issue of Intuit's Java SDK (number 180) shows the two joined in the fault of one that is too long.
How a batch with too many items is refused is recorded nowhere: the fault here is a guess.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.quickbooks.api_fault import (
    ApiFault,
    business_validation,
    system_fault,
    text_too_long,
    unsupported_operation,
    unsupported_property,
)
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType, VoidForm
from daemon.sandbox.quickbooks.fault_bodies import fault_document, throttle_fault
from daemon.sandbox.quickbooks.faults import ITEM_FAULTS, Fault, FaultKind
from daemon.sandbox.quickbooks.json_text import encode
from daemon.sandbox.quickbooks.query_evaluator import run
from daemon.sandbox.quickbooks.query_parser import parse
from daemon.sandbox.quickbooks.request_body import read_body
from daemon.sandbox.quickbooks.request_ids import LONGEST
from daemon.sandbox.quickbooks.timestamps import envelope_time, pacific_date
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.write_api import Caller, WriteApi, body_after

MOST_ITEMS = 30
LONGEST_REQUEST_ID = 36
LONGEST_NAMED_ID = 10
"""Of a ``bId``, when the batch has a ``requestid``."""

_OK = 200
_TOO_MANY = 429
_OPERATIONS = frozenset({"create", "update", "delete"})
_OWN_MEMBERS = frozenset({"bId", "operation", "optionsData", "Query"})


@dataclass(frozen=True, slots=True)
class _Item:
    """One item; `members` are its raw JSON values by name."""

    item_id: str
    members: dict[str, msgspec.Raw]

    def text(self, name: str) -> str:
        """Return a member that is a string, or nothing."""
        raw = self.members.get(name)
        try:
            return "" if raw is None else msgspec.json.decode(raw, type=str)
        except msgspec.MsgspecError as error:
            raise unsupported_property(name) from error


class BatchApi:
    """Serves ``/batch``."""

    def __init__(self, world: World, writes: WriteApi) -> None:
        self._world = world
        self._writes = writes

    def serve(
        self,
        request: SandboxRequest,
        company: Company,
        client_id: str,
        now: datetime,
        fault: Fault | None,
    ) -> SandboxReply:
        """Answer one batch.

        Raises:
            ApiFault: 2010, it is no batch; 6000, it has too many items; 2050, its ``requestid`` is
                too long.
        """
        items = _items(request.body)
        request_id = request.params().get("requestid", "")
        if len(request_id) > LONGEST_REQUEST_ID:
            raise text_too_long("requestid", LONGEST_REQUEST_ID, len(request_id))
        if self._world.behaviour.batch_unordered:
            self._world.chance("batch").shuffle(items)
        bent = fault if fault is not None and fault.kind in ITEM_FAULTS else None
        hit = self._world.chance("batch").choice(items) if bent is not None and items else None
        caller = Caller(company, client_id, request_id, b"", now)
        answers: list[bytes] = []
        for item in items:
            answer = self._answer(item, caller, bent if item is hit else None)
            if answer is not None:
                answers.append(b'{%s,"bId":%s}' % (answer, encode(item.item_id)))
        body = b'{"BatchItemResponse":[%s],"time":"%s"}'
        return json_reply(_OK, body % (b",".join(answers), envelope_time(now).encode()))

    def _answer(self, item: _Item, caller: Caller, fault: Fault | None) -> bytes | None:
        """Return the members that answer one item, or None for an answer that is left out."""
        if fault is not None and fault.kind is FaultKind.ITEM_THROTTLED:
            return _fault_members(throttle_fault(_TOO_MANY))
        if fault is None or fault.kind is FaultKind.ITEM_MISSING or fault.executed:
            answer = self._true_answer(item, caller)
            if fault is None:
                return answer
        return None if fault.kind is FaultKind.ITEM_MISSING else _fault_members(system_fault())

    def _true_answer(self, item: _Item, caller: Caller) -> bytes:
        company, ids = caller.company, self._world.request_ids
        request_id = f"{caller.request_id}{item.item_id}" if caller.request_id else ""
        try:
            if "Query" in item.members:
                today = pacific_date(caller.now)
                return b'"QueryResponse":%s' % run(parse(item.text("Query")), company, today)
            if request_id and (len(request_id) > LONGEST or len(item.item_id) > LONGEST_NAMED_ID):
                raise _long_request_id(request_id)
            first = ids.replay(company.realm_id, request_id, caller.now) if request_id else None
            if first is not None:
                return first.body
            entity, body = _subject(item)
            sent = read_body(company, entity, body)
            caller = replace(caller, request_id=request_id, body=body)
            written = self._writes.carry_out(_operation(item, entity), entity, sent, caller)
            reply = SandboxReply(_OK, body=b'"%s":%s' % (entity.name.encode(), body_after(written)))
        except ApiFault as fault:
            reply = SandboxReply(fault.status, body=_fault_members(fault))
        ids.keep(company.realm_id, request_id, reply, caller.now)
        return reply.body


def _items(body: bytes) -> list[_Item]:
    try:
        batch = msgspec.json.decode(body, type=dict[str, list[dict[str, msgspec.Raw]]])
        requests = batch["BatchItemRequest"]
        ids = [msgspec.json.decode(each["bId"], type=str) for each in requests]
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise unsupported_property(str(error)) from error
    if len(requests) > MOST_ITEMS:
        raise business_validation(
            f"The number of items in the batch, {len(requests)}, exceeds the maximum of {MOST_ITEMS}."
        )
    if len(set(ids)) < len(ids):
        raise business_validation("Each bId must be unique in its batch.")
    return [_Item(item_id, members) for item_id, members in zip(ids, requests, strict=True)]


def _subject(item: _Item) -> tuple[EntityType, bytes]:
    """Return what an item is about: the one member that is named after a type."""
    names = item.members.keys() - _OWN_MEMBERS
    if len(names) != 1:
        raise unsupported_operation("of a batch item without exactly one object")
    (name,) = names
    if name not in ENTITIES:
        raise unsupported_operation(f"for {name}")
    return ENTITIES[name], bytes(item.members[name])


def _operation(item: _Item, entity: EntityType) -> str:
    asked = item.text("operation").lower()
    if asked not in _OPERATIONS:
        raise unsupported_operation(asked or "null")
    if asked == "update" and item.text("optionsData").lower() == "void":
        if entity.void is VoidForm.NONE:
            raise unsupported_operation("void")
        return "void"
    return asked


def _fault_members(fault: ApiFault) -> bytes:
    return b'"Fault":%s' % encode(fault_document(fault))


def _long_request_id(request_id: str) -> ApiFault:
    return business_validation(
        f"You cannot enter more than {LONGEST} characters in the request_id field. You tried "
        f"entering {request_id[:10]}..., which is {len(request_id)} characters."
    )
