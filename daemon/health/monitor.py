"""Looks after every account: all of them every five minutes, those in trouble every few seconds.

An event only says whom to look at. What holds is read from the actors themselves, so that nothing
is forgotten or told twice, whatever events were lost.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from math import inf

import anyio
import structlog
from anyio import lowlevel

from actors import events
from actors.clock import Clock
from actors.outage import Outage
from daemon.alerts import kinds
from daemon.alerts.condition import (
    ACCOUNT_KINDS,
    Condition,
    Conditions,
    account_conditions,
)
from daemon.alerts.desk import AlertDesk
from daemon.health.checks import Finding
from daemon.health.judge import STUCK_S, Facts, judge
from daemon.health.readings import Readings
from daemon.health.recovery import Recovery
from daemon.health.samples import PARTS, Sample, pack, part_of, unpack
from daemon.health.vendor_watch import FAILING_REASONS, VendorWatch
from daemon.hosted import Condition as HostedCondition
from daemon.hosted import Hosted, HostedAccount
from daemon.hosting import Hosting
from store.errors import StoreUnavailableError
from store.models import Account, SealedCredential
from store.watch_models import PackedSamples, Severity
from store.watch_ports import WatchStore

ROUND_S = 300.0
KEPT = timedelta(hours=24)
_TICK_S = 1.0
_GLANCE_EVERY = 10
"""Ticks between glances at all accounts."""
_AT_ONCE = 25
"""How many accounts are judged before the loop gets its turn: a millisecond."""
_GLANCED_AT_ONCE = 500
_COMING_BACK_S = 300.0
_CATCH_UP_AT_MOST_S = 1_800.0
_VENDOR_KINDS = (kinds.VENDOR_INCIDENT.name, kinds.VENDOR_SLOW.name)

log = structlog.get_logger()


class HealthMonitor:
    """Judges accounts, keeps samples of a day, and says what somebody should know.

    Attributes:
        on_crash: is told of accounts whose actor crashed, and how.
    """

    def __init__(
        self,
        store: WatchStore,
        supervisor: Hosting,
        readings: Readings,
        recovery: Recovery,
        desk: AlertDesk,
        seen: Conditions,
        clock: Clock,
        outages: Mapping[str, Outage],
    ) -> None:
        """Take what is needed.

        `desk` is told of accounts, `seen` of vendors; `outages` are what the actors of each vendor are
        told.
        """
        self._store = store
        self._supervisor = supervisor
        self._readings = readings
        self._recovery = recovery
        self._desk = desk
        self._seen = seen
        self._clock = clock
        self._outages = outages
        self._vendors: dict[str, VendorWatch] = {}
        self._touched: set[str] = set()
        self._touched_before: set[str] = set()
        self._unwell: set[str] = set()
        self._crashes: dict[str, int] = {}
        self.on_crash: Callable[[str, str], None] = lambda _account_id, _error: None
        self._incident_over_s: dict[str, float] = {}
        self._began_s = inf

    def listen(self, event: events.Event) -> None:
        """Learn from an event whom to look at."""
        match event:
            case events.CallMade():
                self._watch(event.vendor).called(event.duration_s)
            case events.PageStored():
                self._tried(event, failed=False)
                if event.account_id in self._unwell:
                    self._touched.add(event.account_id)
            case events.LookAbandoned() | events.RefreshFailed():
                if event.reason in FAILING_REASONS:
                    self._tried(event, failed=True)
                self._touched.add(event.account_id)
            case events.TokenRefreshed():
                if event.account_id in self._unwell:
                    self._touched.add(event.account_id)
            case _:
                self._note(event)

    def _tried(
        self,
        event: events.PageStored | events.LookAbandoned | events.RefreshFailed,
        *,
        failed: bool,
    ) -> None:
        now_s = self._clock.now().monotonic_s
        self._watch(event.vendor).tried(event.account_id, now_s, failed=failed)

    def _note(self, event: events.Event) -> None:
        remarks = self._readings.remarks
        match event:
            case events.VerificationEnded():
                certificate = event.certificate
                left = 0 if certificate.repaired else certificate.differences
                remarks.differences.pop(event.account_id, None)
                if left:
                    remarks.differences[event.account_id] = left
            case events.DriftFound():
                now_s = self._clock.now().monotonic_s
                remarks.drifts.setdefault(event.account_id, []).append(now_s)
            case events.DriftResolved():
                if (seen := remarks.drifts.get(event.account_id)) is not None:
                    del seen[:1]
            case (
                events.OwnerNeeded()
                | events.BreakerChanged()
                | events.DeletesHeld()
                | events.DeletesReleased()
                | events.VerificationAbandoned()
            ):
                pass
            case _:
                return
        self._touched.add(event.account_id)

    async def run(self) -> None:
        """Look until cancelled."""
        self._began_s = self._clock.now().monotonic_s
        self._take_up()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._rounds)
            ticks = 0
            while True:
                await anyio.sleep(_TICK_S)
                ticks += 1
                self._look_at_vendors()
                if ticks % _GLANCE_EVERY == 0:
                    await self._glance()
                await self._look_at_touched()

    def _take_up(self) -> None:
        """Look after those of whom alerts are open: they came from another node, or were there at the start."""
        for alert in self._desk.book.open_alerts():
            if alert.kind in ACCOUNT_KINDS and self._supervisor.is_here(alert.subject):
                self._unwell.add(alert.subject)

    def findings(self, account_id: str) -> Sequence[Finding] | None:
        """Return what is not well now with an account; None when it is not known."""
        facts = self._readings.facts(account_id)
        return None if facts is None else judge(facts)

    def judged(
        self, account: Account, credential: SealedCredential | None, hosted: HostedAccount | None
    ) -> Sequence[Finding]:
        """Return what is not well now with an account, which was just read and seen.

        What another node remembers of its accounts is known only if that one said so.
        """
        if not self._supervisor.is_here(account.id):
            self._readings.census.refresh(account, watermark=True)
            if credential is not None:
                self._readings.census.put_token_times(account.id, credential)
        told = None if hosted is None else hosted.findings()
        return (self.findings(account.id) or ()) if told is None else told

    def incidents(self) -> Sequence[str]:
        """Return the vendors at which most accounts fail."""
        return [name for name, watch in self._vendors.items() if watch.probers is not None]

    async def samples(self, account_id: str) -> Sequence[Sample]:
        """Return what was found of an account within the last day. Raises `StoreUnavailableError`."""
        since = self._clock.now().utc - KEPT
        packed = await self._store.health_samples(part_of(account_id), since)
        return list(unpack(account_id, packed))

    async def _rounds(self) -> None:
        """Sample one part of the accounts after the other, all of them in a round."""
        while True:
            parts: list[list[str]] = [[] for _ in range(PARTS)]
            async for account_id in _in_slices(self._readings.census.ids(), _GLANCED_AT_ONCE):
                if self._supervisor.is_here(account_id):
                    parts[part_of(account_id)].append(account_id)
            for part, accounts in enumerate(parts):
                await anyio.sleep(ROUND_S / PARTS)
                if accounts:
                    await self.sample(part, accounts)

    async def sample(self, part: int, accounts: Iterable[str]) -> None:
        """Judge these accounts, keep what was found, and begin to look for slow responses anew."""
        body: list[bytes] = []
        async for account_id in _in_slices(accounts):
            facts = self._look_at(account_id)
            if facts is None:
                continue
            body.append(pack(account_id, facts.state, facts.age_s, facts.response_s, judge(facts)))
            hosted = self._supervisor.hosted_here().get(account_id)
            if hosted is not None and hosted.actor is not None:
                hosted.actor.forget_responses()
        now = self._clock.now().utc
        try:
            await self._store.put_health_samples(
                part, PackedSamples(now, b"".join(body)), now - KEPT
            )
        except StoreUnavailableError:
            log.debug("health_samples_lost", part=part)

    async def _look_at_touched(self) -> None:
        """Judge those to which something happened; the next time too, for their actors may lag behind."""
        touched = self._touched | self._touched_before
        self._touched, self._touched_before = set(), self._touched
        async for account_id in _in_slices(touched):
            self._look_at(account_id)

    async def _glance(self) -> None:
        """Find those that no event tells of: stuck, not running, or growing old; and look at all in trouble."""
        hosted = self._supervisor.hosted_here()
        now_s, targets_s = self._clock.now().utc.timestamp(), self._readings.targets_s()
        stuck: list[str] = []
        async for account_id in _in_slices(list(hosted), _GLANCED_AT_ONCE):
            host = hosted.get(account_id)
            if host is None:
                continue
            if host.restarts != self._crashes.get(account_id, 0):
                self._crashed(account_id, host)
            if is_stuck := _is_stuck(host):
                stuck.append(account_id)
            if account_id in self._unwell:
                continue
            target_s = targets_s.get(host.vendor, inf)
            if (
                is_stuck
                or host.condition is not HostedCondition.RUNNING
                or self._readings.exact_before(account_id, now_s - target_s)
            ):
                self._touched.add(account_id)
        self._take_up()
        self._touched |= self._unwell
        await self._recovery.restart_stuck(stuck, len(hosted))

    def _crashed(self, account_id: str, host: Hosted) -> None:
        """Tell of crashes since the last glance; none of what a fresh start by hand forgot."""
        if host.restarts > self._crashes.get(account_id, 0):
            self.on_crash(account_id, host.last_error or "")
        self._crashes[account_id] = host.restarts

    def _look_at(self, account_id: str) -> Facts | None:
        """Judge an account and settle what is told of it; another node's is left to that one."""
        if not self._supervisor.is_here(account_id):
            self._left(account_id)
            return None
        facts = self._readings.facts(account_id)
        if facts is None:
            if account_id in self._unwell:
                self._desk.settle(ACCOUNT_KINDS, account_id, (), "the account is no more")
            self._left(account_id)
            return None
        findings = judge(facts)
        if not findings and account_id not in self._unwell:
            return facts
        vendor = self._readings.vendor(account_id)
        incident = self._is_incident(vendor)
        tried = self._recovery.tried(account_id)
        holding = account_conditions(
            account_id, vendor, facts, findings, incident=incident, tried=tried
        )
        holding = [each for each in holding if not self._is_catching_up(each)]
        how = f"it is part of the incident at {vendor}" if incident else ""
        self._desk.settle(ACCOUNT_KINDS, account_id, holding, how)
        if findings or self._desk.book.has_open(ACCOUNT_KINDS, account_id):
            self._unwell.add(account_id)
        else:
            self._unwell.discard(account_id)
        return facts

    def _left(self, account_id: str) -> None:
        self._unwell.discard(account_id)
        self._readings.remarks.left(account_id)

    def _is_incident(self, vendor: str) -> bool:
        """Tell whether a vendor's incident goes on, or its accounts are still coming back from it."""
        over_s = self._incident_over_s.get(vendor, -inf)
        if self._watch(vendor).probers is not None:
            return True
        return self._clock.now().monotonic_s < over_s + self._catching_up_s(vendor)

    def _is_catching_up(self, condition: Condition) -> bool:
        """Tell whether an account is only stale because nothing ran a moment ago; not if it was before."""
        if condition.kind is not kinds.ACCOUNT_STALE:
            return False
        since_s = self._clock.now().monotonic_s - self._began_s
        known = self._desk.book.find(condition.kind.name, condition.subject)
        return known is None and since_s < self._catching_up_s(condition.vendor or "")

    def _catching_up_s(self, vendor: str) -> float:
        """Return how long accounts may take to be fresh again, once they can."""
        return _COMING_BACK_S + min(
            _CATCH_UP_AT_MOST_S, self._readings.targets_s().get(vendor, 0.0)
        )

    def _watch(self, vendor: str) -> VendorWatch:
        return self._vendors.setdefault(vendor, VendorWatch())

    def _look_at_vendors(self) -> None:
        now_s = self._clock.now().monotonic_s
        for vendor, watch in self._vendors.items():
            watch.turn(now_s)
            turned = watch.look()
            if turned is not None and (outage := self._outages.get(vendor)) is not None:
                outage.probers = watch.probers
            if turned:
                log.error("vendor_incident", vendor=vendor, failing=watch.counts()[0])
            elif turned is False:
                self._incident_over_s[vendor] = now_s
                log.info("vendor_incident_over", vendor=vendor)
            if watch.probers is not None:
                self._recovery.probe(vendor, sorted(watch.probers))
            self._seen.settle(_VENDOR_KINDS, vendor, list(self._vendor_conditions(vendor, watch)))

    def _vendor_conditions(self, vendor: str, watch: VendorWatch) -> Iterator[Condition]:
        if watch.probers is not None:
            failed, tried = watch.counts()
            cause = f"{failed} of {tried} accounts that were tried last failed"
            yield Condition(
                kinds.VENDOR_INCIDENT,
                vendor,
                cause,
                vendor,
                tried=f"{len(watch.probers)} accounts are tried every minute, the others rest",
            )
        if watch.is_slow():
            severity = Severity.CRITICAL if watch.is_very_slow() else Severity.WARNING
            cause = f"{watch.slow_share():.0%} of its answers of late took more than 5 s"
            yield Condition(kinds.VENDOR_SLOW, vendor, cause, vendor, severity=severity)


async def _in_slices(accounts: Iterable[str], at_once: int = _AT_ONCE) -> AsyncIterator[str]:
    """Yield the accounts, and let the loop have its turn after each few."""
    for number, account_id in enumerate(accounts, 1):
        yield account_id
        if number % at_once == 0:
            await lowlevel.checkpoint()


def _is_stuck(host: Hosted) -> bool:
    running = host.condition is HostedCondition.RUNNING and host.actor is not None
    return running and host.actor is not None and host.actor.overdue_s() > STUCK_S
