"""What is true at the moment of a scrape, as metric families."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from actors.status import AccountState
from actors.token_calendar import THRESHOLD_DAYS
from daemon.metrics.census import Census

_DAY_S = 86_400.0
_FRESHNESS_BUCKETS_S = (60.0, 150.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 14_400.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is not in the census.

    Attributes:
        last_seq: the newest change, or None when the store did not say.
        drifts: how many fields are not as users' writes asked for, by vendor; None as above.
    """

    now: datetime
    store_writable: bool
    last_seq: int | None
    drifts: Mapping[str, int] | None = None


class SnapshotCollector(Collector):
    """Shows the census and the last reading."""

    def __init__(self, vendors: Sequence[str], census: Census, reading: Reading) -> None:
        self._vendors = vendors
        self.census = census
        self.reading = reading

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families from what is in memory."""
        yield self._accounts()
        yield self._freshness()
        yield self._by_vendor(
            GaugeMetricFamily(
                "syncline_breakers_open",
                "Accounts whose vendor is being left alone after failures.",
                labels=["vendor"],
            ),
            self.census.open_breakers,
        )
        yield self._by_vendor(
            CounterMetricFamily(
                "syncline_actor_restarts_total", "Crashes of actors.", labels=["vendor"]
            ),
            self.census.restarts,
        )
        drifts = GaugeMetricFamily(
            "syncline_drifts_open",
            "Fields that a vendor has otherwise than a user's write asked for, now.",
            labels=["vendor"],
        )
        yield (
            drifts if self.reading.drifts is None else self._by_vendor(drifts, self.reading.drifts)
        )
        yield self._token_expiry()
        yield self._tokens_ending()
        yield self._oldest_certificate()
        yield from self._store()

    def _accounts(self) -> Metric:
        family = GaugeMetricFamily(
            "syncline_accounts", "Accounts by state.", labels=["vendor", "state"]
        )
        states = self.census.states
        known = {(vendor, state) for vendor in self._vendors for state in AccountState}
        for vendor, state in sorted(known | states.keys()):
            family.add_metric([vendor, str(state)], states[vendor, state])
        return family

    def _freshness(self) -> Metric:
        """A gauge histogram: accounts move between the buckets, so these go down too."""
        family = GaugeHistogramMetricFamily(
            "syncline_account_freshness_seconds",
            "How far behind its vendor each account is known to be exact;"
            " without paused and disconnected accounts and those never exact.",
            labels=["vendor"],
        )
        instants_s: dict[str, list[float]] = {vendor: [] for vendor in self._vendors}
        for vendor, exact_as_of_s in self.census.watermarks():
            instants_s.setdefault(vendor, []).append(exact_as_of_s)
        now_s = self.reading.now.timestamp()
        for vendor, exact_s in instants_s.items():
            exact_s.sort()
            number = len(exact_s)
            buckets = [
                (str(bound_s), float(number - bisect_left(exact_s, now_s - bound_s)))
                for bound_s in _FRESHNESS_BUCKETS_S
            ]
            past_s = exact_s[: bisect_left(exact_s, now_s)]
            age_s = sum(now_s - each_s for each_s in past_s)
            family.add_metric([vendor], [*buckets, ("+Inf", float(number))], age_s)
        return family

    def _token_expiry(self) -> Metric:
        family = GaugeMetricFamily(
            "syncline_token_expiry_min_timestamp_seconds",
            "When the first of the accounts' refresh tokens ends unless it is renewed.",
            labels=["vendor"],
        )
        for vendor, end_s in self.census.first_token_ends().items():
            family.add_metric([vendor], end_s)
        return family

    def _tokens_ending(self) -> Metric:
        """Each account is counted once: at the nearest threshold that its tokens' end lies within."""
        family = GaugeMetricFamily(
            "syncline_tokens_ending",
            "Accounts whose refresh token ends within so many days, and not within fewer.",
            labels=["vendor", "within_days"],
        )
        counts = Counter[tuple[str, int]]()
        now_s = self.reading.now.timestamp()
        for account, *ends_s in self.census.token_ends():
            left_s = min(ends_s) - now_s
            within = next((days for days in THRESHOLD_DAYS if left_s <= days * _DAY_S), None)
            if within is not None:
                counts[account.vendor, within] += 1
        known = {(vendor, days) for vendor in self._vendors for days in THRESHOLD_DAYS}
        for vendor, days in sorted(known | counts.keys()):
            family.add_metric([vendor, str(days)], counts[vendor, days])
        return family

    def _oldest_certificate(self) -> Metric:
        family = GaugeMetricFamily(
            "syncline_verification_oldest_timestamp_seconds",
            "When the account that was verified the longest ago was;"
            " without paused and disconnected accounts and those never verified.",
            labels=["vendor"],
        )
        for vendor, at_s in self.census.oldest_certificates().items():
            family.add_metric([vendor], at_s)
        return family

    def _store(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "syncline_store_writable",
            "Whether the database takes writes.",
            value=int(self.reading.store_writable),
        )
        family = GaugeMetricFamily("syncline_last_change_seq", "Number of the newest change.")
        if self.reading.last_seq is not None:
            family.add_metric([], self.reading.last_seq)
        yield family

    def _by_vendor(
        self, family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, int]
    ) -> Metric:
        for vendor in sorted({*self._vendors, *values}):
            family.add_metric([vendor], values.get(vendor, 0))
        return family
