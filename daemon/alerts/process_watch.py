"""Conditions of the process and of whole vendors, looked at every few seconds."""

from collections.abc import Iterator, Mapping
from math import inf

import anyio

from actors.clock import Clock
from actors.polling import QUIET_AFTER_S
from actors.surroundings import Surroundings
from daemon.alerts import kinds
from daemon.alerts.condition import Condition, Conditions
from daemon.alerts.desk import AlertDesk
from daemon.alerts.happenings import Happenings
from daemon.heartbeat import HeartbeatCheck
from daemon.part_keeper import PartKeeper, PartName
from store.models import StoreHealth
from store.ports import Store

_EVERY_S = 5.0
_VENDOR_KINDS = tuple(
    kind.name
    for kind in (
        kinds.HEARTBEAT_SILENT,
        kinds.READS_SHORT,
        kinds.READS_USED_UP,
        kinds.WEBHOOKS_SILENT,
    )
)


class ProcessWatch:
    """Says what holds of the store, the daemon's parts, the heartbeat, the month's reads and the webhooks."""

    def __init__(
        self,
        desk: AlertDesk,
        seen: Conditions,
        happenings: Happenings,
        store: Store,
        heartbeat: HeartbeatCheck,
        surroundings: Mapping[str, Surroundings],
        keeper: PartKeeper,
        clock: Clock,
    ) -> None:
        """Take what is looked at; `surroundings` afresh each time. Hears at once of the store's trouble.

        `seen` takes what holds of vendors; that the store takes no writes can't be told by way of it.
        """
        self._desk = desk
        self._seen = seen
        self._happenings = happenings
        self._store = store
        self._heartbeat = heartbeat
        self._surroundings = surroundings
        self._keeper = keeper
        self._clock = clock
        store.on_health(self._look_at_store)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await anyio.sleep(_EVERY_S)

    def look(self) -> None:
        """Look once."""
        self._look_at_store(self._store.health())
        self._happenings.settle()
        self._look_at_parts()
        for vendor, around in self._surroundings.items():
            self._seen.settle(_VENDOR_KINDS, vendor, list(self._conditions(vendor, around)))

    def _look_at_parts(self) -> None:
        failing = self._keeper.failing()
        for name in PartName:
            cause = failing.get(name)
            holding = [] if cause is None else [Condition(kinds.PART_FAILING, str(name), cause)]
            self._seen.settle((kinds.PART_FAILING.name,), str(name), holding)

    def _look_at_store(self, health: StoreHealth) -> None:
        if health.writable:
            self._desk.end(kinds.STORE_UNAVAILABLE.name, "", "the database takes writes again")
        elif self._desk.tells:
            cause = f"the database takes no writes: {health.reason}"
            self._desk.hold(Condition(kinds.STORE_UNAVAILABLE, "", cause))

    def _conditions(self, vendor: str, around: Surroundings) -> Iterator[Condition]:
        beat = self._heartbeat.beats.get(vendor)
        if beat is not None and beat.silence is not None:
            yield Condition(kinds.HEARTBEAT_SILENT, vendor, beat.silence, vendor)
        yield from self._of_reads(vendor, around)
        if around.hearing is not None:
            quiet_s = self._clock.now().monotonic_s - around.hearing.health.works_until_s
            if 0 <= quiet_s < inf:
                cause = f"nothing was delivered for {(QUIET_AFTER_S + quiet_s) / 3600:.0f} hours"
                yield Condition(kinds.WEBHOOKS_SILENT, vendor, cause, vendor)

    def _of_reads(self, vendor: str, around: Surroundings) -> Iterator[Condition]:
        if around.reads is None:
            return
        if (why := around.reads.why_resting()) is not None:
            yield Condition(kinds.READS_USED_UP, vendor, why, vendor)
            return
        state = around.reads.state()
        forecast = state.forecast or 0  # none is made before an account polls
        if state.allowance is not None and forecast > state.allowance:
            cause = (
                f"{state.forecast} reads by the end of {state.month} at this pace, of"
                f" {state.allowance}; polls come {state.stretch:.1f} times as seldom"
            )
            yield Condition(kinds.READS_SHORT, vendor, cause, vendor)
