"""Proves, again and again, that the whole pipe works: vendor, store, feed; and says which link is silent.

It does not trust what the parts say of themselves: it reads from the store what came in, and reads
the feed as a consumer does. Each question has a deadline, so that it tells of actors, a writer or
readers that hang.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import anyio
import structlog

from actors.clock import Clock
from actors.surroundings import Surroundings
from daemon.hosted import Condition
from daemon.hosting import Hosting
from daemon.pulse import Pulse, Sight, beat
from store.cluster_models import NodeStanding
from store.errors import StoreUnavailableError
from store.models import ChangeFilter, StorePulse
from store.ports import Store

CHECK_EVERY_S = 15.0
ANSWER_WITHIN_S = 5.0
GAP_TOLD_FOR_S = 3600.0
"""A gap does not go away, and is told for so long: what comes behind it is read as ever."""

_AT_WORK = (Condition.RUNNING, Condition.RESTARTING)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One vendor's, as of the last check.

    Attributes:
        oldest_s: the instant (seconds since 1970) of the oldest link of the chain.
        interval_s: how often it is expected to move; infinite while polls rest.
        silence: which link is silent for too long and why; None when none is.
    """

    oldest_s: float
    interval_s: float
    silence: str | None


class HeartbeatCheck:
    """Checks every vendor that has running accounts.

    Attributes:
        beats: the last check's, by vendor; those without polling accounts are left out.
    """

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        surroundings: Mapping[str, Surroundings],
        clock: Clock,
        me: NodeStanding | None = None,
    ) -> None:
        """Take what is asked; `surroundings` are looked at afresh each time.

        `me` is this node where there may be others: what those store says nothing of this one.
        """
        self._node = None if me is None else me.node
        self._store = store
        self._supervisor = supervisor
        self._surroundings = surroundings
        self._clock = clock
        self._pulses: dict[str, Pulse] = {}
        self._silences: dict[str, str] = {}
        self._after: int | None = None
        self._purges: int | None = None
        self._gap = ""
        self._gap_until_s = -inf
        self._checked_s: float | None = None
        self.beats: Mapping[str, Heartbeat] = {}

    async def run(self) -> None:
        """Check until cancelled."""
        self._checked_s = self._clock.now().monotonic_s
        while True:
            await self.check()
            self._checked_s = self._clock.now().monotonic_s
            await anyio.sleep(CHECK_EVERY_S)

    def unchecked_s(self) -> float:
        """Return how long ago the last check ended, seconds; 0 before the first is begun."""
        if self._checked_s is None:
            return 0.0
        return self._clock.now().monotonic_s - self._checked_s

    def reasons(self) -> Sequence[str]:
        """Say what is silent, as of the last check."""
        return [
            f"{vendor}: {beat.silence}"
            for vendor, beat in self.beats.items()
            if beat.silence is not None
        ]

    async def check(self) -> None:
        """Look at each link once."""
        expected = dict(self._expected())
        found, trouble = await self._read_store()
        if found is not None:
            trouble = await self._feed_trouble(found)
        now = self._clock.now()
        gap = self._gap if now.monotonic_s < self._gap_until_s else ""
        beats: dict[str, Heartbeat] = {}
        for vendor in {*expected, *self._pulses}:
            look = None if found is None else found.looks.get(vendor)
            sight = Sight(
                now_s=now.utc.timestamp(),
                monotonic_s=now.monotonic_s,
                interval_s=expected.get(vendor),
                look_s=None if look is None else look.timestamp(),
                feed_ok=not trouble and not gap,
            )
            pulse = beat(self._pulses.pop(vendor, None), sight)
            if pulse is None:
                self._tell(vendor, None)
                continue
            self._pulses[vendor] = pulse
            silence = gap or None
            if pulse.silent and not (gap and pulse.silent == "feed"):
                readable = found is not None
                silence = await self._cause(vendor, pulse.silent, trouble, readable=readable)
            self._tell(vendor, silence)
            beats[vendor] = Heartbeat(pulse.oldest_s, expected[vendor], silence)
        self.beats = beats

    def _expected(self) -> Iterator[tuple[str, float]]:
        """Yield how often each vendor's accounts store a page: one that polls is enough to expect it."""
        polling = {
            hosted.vendor
            for hosted in self._supervisor.hosted_here().values()
            if hosted.condition in _AT_WORK and (hosted.actor is None or hosted.actor.polls)
        }
        for vendor in polling:
            around = self._surroundings.get(vendor)
            if around is not None:
                yield vendor, expected_interval_s(around, self._clock.now().monotonic_s)

    async def _read_store(self) -> tuple[StorePulse | None, str]:
        """Return what the store shows, or None and why it does not."""
        try:
            with anyio.fail_after(ANSWER_WITHIN_S):
                if self._after is None:
                    self._after = await self._store.last_seq()
                return await self._store.pulse(self._after, node=self._node), ""
        except TimeoutError:
            return None, f"the database gave no answer to a reader within {ANSWER_WITHIN_S:g} s"
        except StoreUnavailableError as error:
            return None, f"the database can't be read: {error}"

    async def _feed_trouble(self, found: StorePulse) -> str:
        """Say what keeps the feed from leading to its newest change since the last check; else nothing."""
        after = self._after or 0
        missing = found.last_seq - after - found.changes
        # Since a purge was begun, nothing behind the last check says what it took away.
        if missing and self._purges == found.purges:
            self._gap = f"the feed of changes has a gap behind number {after}"
            self._gap_until_s = self._clock.now().monotonic_s + GAP_TOLD_FOR_S
            self._after = found.last_seq
        if found.changes:
            try:
                with anyio.fail_after(ANSWER_WITHIN_S):
                    await self._store.changes(ChangeFilter(after=found.last_seq - 1, limit=1))
            except TimeoutError:
                return f"the feed of changes gave no answer within {ANSWER_WITHIN_S:g} s"
            except StoreUnavailableError as error:
                return f"the feed of changes can't be read: {error}"
        self._after, self._purges = found.last_seq, found.purges
        return ""

    async def _cause(self, vendor: str, link: str, trouble: str, *, readable: bool) -> str:
        if trouble and (link == "feed" or not readable):
            return trouble
        if (writer := await self._writer_trouble()) is not None:
            return writer
        stalled = set(self._supervisor.stalled())
        actors = [
            hosted.account_id
            for hosted in self._supervisor.hosted_here().values()
            if hosted.vendor == vendor and hosted.condition in _AT_WORK
        ]
        still = len(stalled.intersection(actors))
        if still:
            return f"no page was stored: {still} of {len(actors)} actors stand still"
        of = "1 account" if len(actors) == 1 else f"{len(actors)} accounts"
        return f"no page was stored: the looks of {of} don't end, or fail"

    async def _writer_trouble(self) -> str | None:
        if not (health := self._store.health()).writable:
            return f"no page was stored: the database takes no writes: {health.reason}"
        try:
            with anyio.fail_after(ANSWER_WITHIN_S):
                await self._store.check()
        except TimeoutError:
            return f"no page was stored: the database did not write within {ANSWER_WITHIN_S:g} s"
        except StoreUnavailableError as error:
            return f"no page was stored: the database takes no writes: {error}"
        return None

    def _tell(self, vendor: str, silence: str | None) -> None:
        """Log when a silence begins, when its cause becomes another, and when it is over."""
        known = self._silences.get(vendor)
        if silence == known:
            return
        if silence is None:
            del self._silences[vendor]
            log.info("heartbeat_back", vendor=vendor)
        else:
            self._silences[vendor] = silence
            log.error("heartbeat_silent", vendor=vendor, cause=silence)


def expected_interval_s(around: Surroundings, now_s: float) -> float:
    """Return how often an account of the vendor that looks for nothing but changes does so.

    Infinite while the month's reads rest.
    """
    interval_s = around.settings.poll_interval_s
    if around.hearing is not None:
        interval_s = around.hearing.interval_s(around.settings, now_s)
    if around.reads is None:
        return interval_s
    return inf if around.reads.why_resting() else interval_s * around.reads.middle_stretch()
