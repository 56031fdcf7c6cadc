"""What changes from second to second at an account, and only the node that hosts it knows: asked for."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import anyio
import msgspec
from msgspec import Struct

from actors.status import ActorStatus, BucketStatus
from daemon.cluster import words
from daemon.cluster.far_account import FarAccount
from daemon.cluster.words import Showing
from daemon.health.checks import Check, Finding, Level
from daemon.hosted import Hosted
from daemon.hosting import Hosting
from store.cluster_ports import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ANSWERED_WITHIN_S = 0.5
"""Nobody waits longer for what is only shown."""
_LOOKS_AT_MOST = 20
_MOST_BYTES = 6000
"""A word has to be short."""
_REASONS_AT_MOST = (2000, 200, 20)
"""Characters of each reason: as many of these as there is room for."""


class ToldFinding(Struct, frozen=True, array_like=True):
    """A `Finding`, perhaps of the next version."""

    check: str
    level: int
    reason: str


class Glimpse(Struct, frozen=True, omit_defaults=True):
    """That part of `ActorStatus`, as a node says it; None for what is not known there either.

    Attributes:
        has_actor: whether there is an actor; if not, only what was found holds.
        findings: what is not well; None from a node of the version before.
    """

    has_actor: bool = True
    findings: tuple[ToldFinding, ...] | None = None
    in_flight: int = 0
    available: int = 0
    looks: tuple[str, ...] = ()
    next_look_in_s: float | None = None
    verification_in_s: float | None = None
    last_response_s: float | None = None
    slowest_response_s: float = 0.0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Glimpse | None)


async def _nothing(_account_id: str) -> None:
    """Do nothing."""


class SeenAccount(FarAccount):
    """An account of another node as that one saw it a moment ago."""

    __slots__ = ("_glimpse",)

    def __init__(self, far: FarAccount, glimpse: Glimpse) -> None:
        super().__init__(far.account_id, far.node, far.told, far.read_at_s)
        self._glimpse = glimpse

    def status(self) -> ActorStatus | None:
        """Describe the actor as its node told, with what was seen."""
        known, seen = super().status(), self._glimpse
        if known is None or not seen.has_actor:
            return known
        return replace(
            known,
            bucket=BucketStatus(seen.in_flight, seen.available),
            looks=seen.looks,
            next_look_in_s=seen.next_look_in_s,
            verification_in_s=seen.verification_in_s,
            last_response_s=seen.last_response_s,
            slowest_response_s=seen.slowest_response_s,
        )

    def findings(self) -> Sequence[Finding] | None:
        """Return what its own node finds, as far as that is understood here."""
        found = self._glimpse.findings
        return None if found is None else [*_understood(found)]


class CloseLook:
    """Asks other nodes, and answers them.

    Attributes:
        before_answering: stores what this node has not stored yet of an account; for who asks for that.
        findings_of: says what is not well at an account of this node; None when that is not known.
    """

    def __init__(self, wire: Wire, here: Hosting, node: str) -> None:
        self._wire = wire
        self._here = here
        self._node = node
        self._numbers = count(1)
        self._waiting: dict[str, _Wait] = {}
        self.before_answering: Callable[[str], Awaitable[None]] = _nothing
        self.findings_of: Callable[[str], Sequence[Finding] | None] = lambda _account_id: None

    async def at(self, far: FarAccount, *, stored: bool = False) -> FarAccount:
        """Return the account as its node sees it now; as it was told last when that does not answer.

        Only if it is to be `stored` does the other node write for that: whoever asks again and again
        would make it write each time.
        """
        mark, wait = words.mark_of(next(self._numbers), stored=stored), _Wait()
        self._waiting[mark] = wait
        try:
            self._wire.say(words.SHOW, [Showing(self._node, mark, far.account_id).word()])
            with anyio.move_on_after(ANSWERED_WITHIN_S):
                await wait.over.wait()
        finally:
            del self._waiting[mark]
        return far if wait.glimpse is None else SeenAccount(far, wait.glimpse)

    async def run(self) -> None:
        """Hear the others until the store is closed."""
        async with anyio.create_task_group() as tasks:
            async for heard in self._wire.hear([words.SHOW, words.SHOWN]):
                for word in heard.get(words.SHOWN, ()):
                    self._take_in(word)
                for word in heard.get(words.SHOW, ()):
                    asked = words.read_showing(word)
                    hosted = None if asked is None else self._here.hosted_here().get(asked.what)
                    if asked is not None and hosted is not None:
                        tasks.start_soon(self._answer, asked, hosted)

    def _take_in(self, word: str) -> None:
        shown = words.read_showing(word)
        wait = None if shown is None else self._waiting.get(shown.mark)
        if shown is None or wait is None or shown.node != self._node:
            return
        with suppress(msgspec.MsgspecError):
            wait.glimpse = _decoder.decode(shown.what)
        wait.over.set()

    async def _answer(self, asked: Showing, hosted: Hosted) -> None:
        if asked.stored:
            await self.before_answering(hosted.account_id)
        what = _written(_glimpse(hosted.status()), self.findings_of(hosted.account_id))
        self._wire.say(words.SHOWN, [Showing(asked.node, asked.mark, what).word()])


class _Wait:
    """Somebody waits; `over` is set when there is nothing more to wait for."""

    def __init__(self) -> None:
        self.over = anyio.Event()
        self.glimpse: Glimpse | None = None


def _glimpse(status: ActorStatus | None) -> Glimpse | None:
    """Return what there is to see; None while there is no actor."""
    if status is None or status.bucket is None:
        return None
    return Glimpse(
        in_flight=status.bucket.in_flight,
        available=status.bucket.available,
        looks=status.looks[:_LOOKS_AT_MOST],
        next_look_in_s=status.next_look_in_s,
        verification_in_s=status.verification_in_s,
        last_response_s=status.last_response_s,
        slowest_response_s=status.slowest_response_s,
    )


def _written(seen: Glimpse | None, found: Sequence[Finding] | None) -> str:
    """Write it down, with reasons as long as there is room for."""
    if found is None:
        return _encoder.encode(seen).decode()
    seen, written = seen or Glimpse(has_actor=False), b""
    for most in _REASONS_AT_MOST:
        told = tuple(ToldFinding(each.check, each.level, each.reason[:most]) for each in found)
        written = _encoder.encode(msgspec.structs.replace(seen, findings=told))
        if len(written) <= _MOST_BYTES:
            break
    return written.decode()


def _understood(found: Iterable[ToldFinding]) -> Iterator[Finding]:
    for each in found:
        with suppress(ValueError):
            yield Finding(Check(each.check), Level(each.level), each.reason)
