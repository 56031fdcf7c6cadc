"""Each account on its own, as metric families: for who wants them, and never more than so many."""

from collections.abc import Iterator
from itertools import islice

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daemon.metrics.census import Census


class PerAccountCollector(Collector):
    """Shows the accounts that were connected first; with `at_most` 0, the default, none.

    Which ones those are does not change with how they are: a series that comes and goes says nothing.
    """

    def __init__(self, census: Census) -> None:
        self.census = census
        self.at_most = 0

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families from what is in memory."""
        labels = ["vendor", "account"]
        exact = GaugeMetricFamily(
            "syncline_account_exact_as_of_timestamp_seconds",
            "Up to when an account is exact, for at most metrics.per_account accounts;"
            " none for one that never was.",
            labels=labels,
        )
        state = GaugeMetricFamily(
            "syncline_account_state",
            "1 for the state that an account is in, for at most metrics.per_account accounts.",
            labels=[*labels, "state"],
        )
        for account, exact_as_of_s, account_state in islice(self.census.each(), self.at_most):
            if exact_as_of_s is not None:
                exact.add_metric([account.vendor, account.id], exact_as_of_s)
            if account_state is not None:
                state.add_metric([account.vendor, account.id, str(account_state)], 1)
        yield exact
        yield state
        left_out = GaugeMetricFamily(
            "syncline_account_series_left_out", "Accounts that have no series of their own."
        )
        left_out.add_metric([], max(0, self.census.number - self.at_most))
        yield left_out
