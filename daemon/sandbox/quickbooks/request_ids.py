"""Replays the answer of a write whose ``requestid`` was seen before.

Unique in a company, at most 50 characters; a repeat returns the first answer without executing
again (Intuit blogs of 2015-04-06 and 2018-09-10). How long it is remembered and whether refusals
are replayed is not documented: `Behaviour` decides.
"""

from dataclasses import dataclass
from datetime import datetime

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.quickbooks.api_fault import text_too_long
from daemon.sandbox.quickbooks.behaviour import Behaviour

LONGEST = 50
_OK = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    reply: SandboxReply
    at: datetime


class RequestIds:
    """The answers kept for repeats."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._kept: dict[tuple[str, str], _Kept] = {}

    def replay(self, realm_id: str, request_id: str, now: datetime) -> SandboxReply | None:
        """Return the first answer to this id, or None when the write must be executed.

        Raises:
            ApiFault: 2050, the id is too long.
        """
        if len(request_id) > LONGEST:
            raise text_too_long("requestid", LONGEST, len(request_id))
        kept = self._kept.get((realm_id, request_id))
        if kept is None or self._behaviour.request_id_ignored:
            return None
        life_s = self._behaviour.request_id_life_s
        if life_s is not None and (now - kept.at).total_seconds() >= life_s:
            return None
        return kept.reply

    def keep(self, realm_id: str, request_id: str, reply: SandboxReply, now: datetime) -> None:
        """Remember the answer to an id."""
        if request_id and (reply.status == _OK or self._behaviour.request_id_replays_faults):
            self._kept[realm_id, request_id] = _Kept(reply, now)
