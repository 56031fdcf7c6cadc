"""What is to go wrong at a sandbox, and its controls over HTTP; which kinds there are is each vendor's."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar, Generic, TypeVar

import msgspec

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply

Kind = TypeVar("Kind", bound=StrEnum)

FAULTS_PATH = "/sandbox/faults"


@dataclass(slots=True)
class Fault(Generic[Kind]):
    """Something that goes wrong.

    Attributes:
        part: What a path must contain for it; empty is every call.
        times: How many calls are still to be hit; None is all of them.
        takes_effect: Whether a call is carried out nevertheless: always where it is answered.
        method: Which calls; empty is all of them.
    """

    kind: Kind
    part: str = ""
    times: int | None = 1
    takes_effect: bool = False
    method: str = ""


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    part: str = ""
    times: int | None = 1
    method: str = ""
    takes_effect: bool | None = None


class FaultList(Generic[Kind]):
    """What is to go wrong. The first one that fits a call hits it.

    Attributes:
        kinds: All that can be asked for, by name.
        usually_done: The kinds by which a call is carried out nevertheless, unless that is said.
    """

    kinds: ClassVar[type[StrEnum]]
    usually_done: ClassVar[Collection[StrEnum]] = ()

    def __init__(self) -> None:
        self.waiting: list[Fault[Kind]] = []

    def add(
        self,
        kind: Kind,
        part: str = "",
        times: int | None = 1,
        *,
        method: str = "",
        takes_effect: bool | None = None,
    ) -> Fault[Kind]:
        """Let something go wrong, after the call took effect or instead; by default as is usual."""
        effect = kind in self.usually_done if takes_effect is None else takes_effect
        fault = Fault(kind, part, times, effect, method)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Let all go well."""
        self.waiting.clear()

    def draw(self, path: str, method: str) -> Fault[Kind] | None:
        """Return what hits a call, and count it."""
        fault = next(
            (each for each in self.waiting if each.part in path and each.method in {"", method}),
            None,
        )
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.waiting.remove(fault)
        return fault

    def control(self, request: SandboxRequest) -> SandboxReply:
        """Answer a call to `FAULTS_PATH`: GET tells, POST adds one with a fault's fields, DELETE clears."""
        match request.method:
            case "GET":
                told = {"items": self.waiting, "kinds": list(self.kinds)}
                return json_reply(HTTPStatus.OK, msgspec.json.encode(told))
            case "DELETE":
                self.clear()
                return json_reply(HTTPStatus.OK, b"{}")
            case "POST":
                return self._add_wanted(request.body)
        return json_reply(HTTPStatus.METHOD_NOT_ALLOWED, b'{"error":"GET, POST or DELETE"}')

    def _add_wanted(self, body: bytes) -> SandboxReply:
        try:
            wanted = msgspec.json.decode(body, type=_Wanted)
            kind: Kind = self.kinds(wanted.kind)  # type: ignore[assignment]
        except (msgspec.MsgspecError, ValueError) as error:
            said = {"error": str(error), "kinds": list(self.kinds)}
            return json_reply(HTTPStatus.BAD_REQUEST, msgspec.json.encode(said))
        fault = self.add(
            kind,
            wanted.part,
            wanted.times,
            method=wanted.method.upper(),
            takes_effect=wanted.takes_effect,
        )
        return json_reply(HTTPStatus.CREATED, msgspec.json.encode(fault))
