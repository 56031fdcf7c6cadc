import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import process_time
from typing import Any, cast

import pytest
from msgspec.structs import replace
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from actors.breaker import BreakerState
from actors.events import (
    BreakerChanged,
    CallMade,
    LookAbandoned,
    OwnerNeeded,
    PageStored,
    RefreshFailed,
    TokenRefreshed,
)
from actors.step import REFUSED
from daemon.hosted import Hosted
from daemon.metrics import Metrics
from store.errors import StoreUnavailableError
from store.models import Account, SealedCredential, StoreHealth, Via
from store.verification import Difference, Mend
from support.virtual_time import EPOCH, VIRTUAL_BACKEND, VirtualClock

OPERATIONS = {"quickbooks": ("query", "cdc"), "servicetitan": ("export",)}
MANY = 10_000


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@dataclass
class Shelf:
    """What a scrape asks of a store."""

    writable: bool = True
    credentials: dict[str, SealedCredential] = field(default_factory=dict)

    def health(self) -> StoreHealth:
        return StoreHealth(self.writable)

    async def routing_counts(self) -> dict[str, int]:
        return {}

    async def open_drifts(self) -> dict[str, int]:
        return {}

    async def last_seq(self) -> int:
        return 42

    async def credential(self, account_id: str) -> SealedCredential | None:
        if account_id == "broken":
            raise StoreUnavailableError("busy")
        if account_id == "poisonous":
            raise ZeroDivisionError("a row that nobody foresaw")
        return self.credentials.get(account_id)


@dataclass
class Host:
    """What a scrape asks of a supervisor."""

    many: dict[str, Hosted] = field(default_factory=dict)

    def hosted(self) -> dict[str, Hosted]:
        return self.many


class Scraper:
    """Listens to events and reads what a scrape shows."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.metrics = Metrics(self.clock, OPERATIONS, "1.2.3")
        self.store, self.supervisor = Shelf(), Host()

    async def text(self, accept: str = "") -> str:
        store, supervisor = cast("Any", self.store), cast("Any", self.supervisor)
        return (await self.metrics.scrape(store, supervisor, accept)).body.decode()

    async def families(self) -> dict[str, Metric]:
        return {family.name: family for family in read_text(await self.text())}

    async def values(self, sample: str) -> dict[tuple[str, ...], float]:
        """Return the sample's values by those of its labels, in the order of the labels' names."""
        return {
            tuple(value for _, value in sorted(each.labels.items())): each.value
            for family in (await self.families()).values()
            for each in family.samples
            if each.name == f"syncline_{sample}"
        }


@pytest.fixture
async def scraper() -> Scraper:
    return Scraper()


def page(upserts: int = 2, deletes: int = 1) -> PageStored:
    return PageStored("a", "quickbooks", "feed", Via.POLL, 5, upserts, deletes, 0.1, EPOCH)


async def test_every_known_combination_of_labels_starts_at_0(scraper: Scraper) -> None:
    families = await scraper.families()
    counters = [
        sample
        for family in families.values()
        for sample in family.samples
        if sample.name.startswith("syncline_") and family.type in {"counter", "histogram"}
    ]
    assert all(sample.value == 0 for sample in counters)
    requests = await scraper.values("vendor_requests_total")
    assert requests.keys() == {
        ("query", "quickbooks"),
        ("cdc", "quickbooks"),
        ("export", "servicetitan"),
    }
    assert len(await scraper.values("accounts")) == 2 * 8
    assert len(await scraper.values("changes_applied_total")) == 2 * 5 * 2
    assert ("quickbooks", "throttled") not in await scraper.values("vendor_requests_total")
    assert ("throttled", "quickbooks") in await scraper.values("vendor_request_failures_total")


async def test_vendor_that_comes_later_starts_at_0_and_the_others_keep_their_counts(
    scraper: Scraper,
) -> None:
    scraper.metrics.listen(CallMade("quickbooks", "cdc", 200, None, 0.3, None, "1"))
    before = await scraper.families()
    for _ in range(2):
        scraper.metrics.begin({"housecallpro": ("jobs",)})
    requests = await scraper.values("vendor_requests_total")
    assert (requests["jobs", "housecallpro"], requests["cdc", "quickbooks"]) == (0, 1)
    assert len(await scraper.values("accounts")) == 3 * 8
    after = await scraper.families()
    shown = ({label for s in family.samples for label in s.labels} for family in after.values())
    by_vendor = [name for name, labels in zip(after, shown, strict=True) if "vendor" in labels]
    for name in by_vendor:
        vendors = {sample.labels["vendor"] for sample in after[name].samples}
        assert vendors == {"quickbooks", "servicetitan", "housecallpro"}, name
        assert len(after[name].samples) > len(before[name].samples)


async def test_accounts_of_a_vendor_that_is_not_configured_are_shown(scraper: Scraper) -> None:
    stored = dataclasses.replace(account("a", EPOCH), vendor="housecallpro")
    scraper.metrics.census.load([stored])
    counts = await scraper.values("accounts")
    assert {state: n for (state, name), n in counts.items() if name == "housecallpro"}
    freshness = await scraper.values("account_freshness_seconds_count")
    assert freshness["housecallpro",] == 1


async def test_calls_are_counted_and_timed(scraper: Scraper) -> None:
    scraper.metrics.listen(CallMade("quickbooks", "cdc", 200, None, 0.3, None, "1"))
    scraper.metrics.listen(CallMade("quickbooks", "cdc", None, "transient", 30.0, None, "1"))
    assert (await scraper.values("vendor_requests_total"))["cdc", "quickbooks"] == 2
    failures = await scraper.values("vendor_request_failures_total")
    assert failures["transient", "quickbooks"] == 1
    durations = await scraper.values("vendor_request_duration_seconds_bucket")
    assert durations["0.25", "cdc", "quickbooks"] == 0
    assert durations["0.5", "cdc", "quickbooks"] == 1
    sums = await scraper.values("vendor_request_duration_seconds_sum")
    assert sums["cdc", "quickbooks"] == pytest.approx(30.3)


async def test_call_that_nobody_knew_of_is_counted_too(scraper: Scraper) -> None:
    scraper.metrics.listen(CallMade("quickbooks", "brand_new", 200, None, 0.1, None, None))
    assert (await scraper.values("vendor_requests_total"))["brand_new", "quickbooks"] == 1


async def test_pages_are_counted_by_what_they_changed(scraper: Scraper) -> None:
    scraper.metrics.listen(page())
    assert (await scraper.values("pages_stored_total"))["quickbooks", "poll"] == 1
    assert (await scraper.values("objects_read_total"))["quickbooks", "poll"] == 5
    changes = await scraper.values("changes_applied_total")
    assert changes["upsert", "quickbooks", "poll"] == 2
    assert changes["delete", "quickbooks", "poll"] == 1


async def test_rows_that_were_mended_are_counted_at_once(scraper: Scraper) -> None:
    mended = [Mend("Bill", "1", Difference.MISSING), Mend("Bill", "2", Difference.MISSING)]
    scraper.metrics.listen(replace(page(), mended=mended))
    counts = await scraper.values("rows_mended_total")
    assert counts["missing", "quickbooks"] == 2
    assert counts["extra", "quickbooks"] == counts["differing", "quickbooks"] == 0


async def test_refreshes_count_attempts_and_failures_apart(scraper: Scraper) -> None:
    scraper.metrics.listen(TokenRefreshed("a", "quickbooks", EPOCH, None))
    scraper.metrics.listen(RefreshFailed("a", "quickbooks", "store_unavailable", "full", 1))
    scraper.metrics.listen(OwnerNeeded("a", "quickbooks", "the vendor refused the token"))
    assert (await scraper.values("token_refreshes_total"))["quickbooks",] == 3
    failures = await scraper.values("token_refresh_failures_total")
    assert {key: count for key, count in failures.items() if count} == {
        ("store_unavailable", "quickbooks"): 1,
        ("grant_refused", "quickbooks"): 1,
    }
    assert (await scraper.values("owners_needed_total"))["quickbooks",] == 1


async def test_refused_access_tokens_are_no_refresh(scraper: Scraper) -> None:
    scraper.metrics.listen(OwnerNeeded("a", "quickbooks", REFUSED))
    assert (await scraper.values("token_refreshes_total"))["quickbooks",] == 0
    assert (await scraper.values("owners_needed_total"))["quickbooks",] == 1


async def test_looks_that_failed_are_counted_by_reason(scraper: Scraper) -> None:
    scraper.metrics.listen(LookAbandoned("a", "quickbooks", "feed", "throttled", "429", 1, None))
    assert (await scraper.values("look_failures_total"))["throttled", "quickbooks"] == 1


async def test_only_the_opening_of_a_breaker_is_counted(scraper: Scraper) -> None:
    for state in (BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED):
        scraper.metrics.listen(BreakerChanged("a", "quickbooks", state))
    assert (await scraper.values("breaker_opens_total"))["quickbooks",] == 1


async def test_what_runs_is_told(scraper: Scraper) -> None:
    ((key, value),) = (await scraper.values("build_info")).items()
    assert (key[1], value) == ("1.2.3", 1)


async def test_reload_keeps_the_time_of_the_last_that_was_taken(scraper: Scraper) -> None:
    successful = "config_last_reload_successful"
    taken_at = "config_last_reload_success_timestamp_seconds"
    assert await scraper.values(successful) == {(): 1}
    assert await scraper.values(taken_at) == {(): EPOCH.timestamp()}
    scraper.clock.epoch += timedelta(hours=1)
    scraper.metrics.config_reloaded(successful=False)
    assert await scraper.values(successful) == {(): 0}
    assert await scraper.values(taken_at) == {(): EPOCH.timestamp()}
    scraper.metrics.config_reloaded(successful=True)
    assert await scraper.values(taken_at) == {(): EPOCH.timestamp() + 3600}


async def test_loop_lag_is_a_histogram(scraper: Scraper) -> None:
    scraper.metrics.loop_lag(0.03)
    buckets = await scraper.values("event_loop_lag_seconds_bucket")
    assert (buckets["0.025",], buckets["0.05",]) == (0, 1)


async def test_store_tells_whether_it_takes_writes(scraper: Scraper) -> None:
    assert await scraper.values("store_writable") == {(): 1}
    assert await scraper.values("last_change_seq") == {(): 42}
    scraper.store.writable = False
    assert await scraper.values("store_writable") == {(): 0}


def account(account_id: str, exact_as_of: datetime | None) -> Account:
    return Account(account_id, "quickbooks", account_id, "A", 0, 1, EPOCH, exact_as_of=exact_as_of)


async def test_freshness_is_a_snapshot_that_goes_down_too(scraper: Scraper) -> None:
    census = scraper.metrics.census
    census.load([account("a", EPOCH - timedelta(minutes=2)), account("b", None)])
    buckets = await scraper.values("account_freshness_seconds_bucket")
    assert buckets["60.0", "quickbooks"] == 0
    assert buckets["150.0", "quickbooks"] == buckets["+Inf", "quickbooks"] == 1
    assert await scraper.values("account_freshness_seconds_sum") == {
        ("quickbooks",): 120,
        ("servicetitan",): 0,
    }
    scraper.metrics.listen(page())
    buckets = await scraper.values("account_freshness_seconds_bucket")
    assert buckets["60.0", "quickbooks"] == 1
    census.forget("a")
    buckets = await scraper.values("account_freshness_seconds_bucket")
    assert buckets["+Inf", "quickbooks"] == 0


async def test_stored_tokens_are_learned_of_one_by_one(scraper: Scraper) -> None:
    names = ("known", "broken", "without", "learned")
    scraper.metrics.census.load([account(name, None) for name in names])
    end = EPOCH + timedelta(days=100)
    known = SealedCredential(b"", EPOCH, EPOCH, end + timedelta(days=1))
    scraper.metrics.census.put_token_times("known", known)
    scraper.store.credentials = {"learned": SealedCredential(b"", EPOCH, EPOCH, end)}
    await scraper.metrics.load_tokens(cast("Any", scraper.store))
    expiry = await scraper.values("token_expiry_min_timestamp_seconds")
    assert expiry == {("quickbooks",): end.timestamp()}


async def test_stored_token_that_cannot_be_read_is_said_and_the_others_are_learned_of(
    scraper: Scraper,
) -> None:
    names = ("poisonous", "learned")
    scraper.metrics.census.load([account(name, None) for name in names])
    end = EPOCH + timedelta(days=100)
    scraper.store.credentials = {"learned": SealedCredential(b"", EPOCH, EPOCH, end)}
    with pytest.raises(ZeroDivisionError):
        await scraper.metrics.load_tokens(cast("Any", scraper.store))
    expiry = await scraper.values("token_expiry_min_timestamp_seconds")
    assert expiry == {("quickbooks",): end.timestamp()}


async def test_ten_thousand_accounts_make_no_more_lines_than_one(scraper: Scraper) -> None:
    one = Scraper()
    one.metrics.census.load([account("a", EPOCH)])
    accounts = [account(f"account-{n}", EPOCH - timedelta(seconds=n)) for n in range(MANY)]
    scraper.metrics.census.load(accounts)
    scraper.supervisor.many = {each.id: Hosted(each.id, each.vendor) for each in accounts}
    text = await scraper.text()
    assert len(text.splitlines()) == len((await one.text()).splitlines())
    assert len(text) < 200_000
    assert "account-" not in text
    assert (await scraper.values("accounts"))["live", "quickbooks"] == MANY
    buckets = await scraper.values("account_freshness_seconds_bucket")
    assert buckets["60.0", "quickbooks"] == 61
    assert buckets["+Inf", "quickbooks"] == MANY


async def test_a_scrape_of_ten_thousand_accounts_takes_little_of_the_processor(
    scraper: Scraper,
) -> None:
    accounts = [account(f"account-{n}", EPOCH - timedelta(seconds=n)) for n in range(MANY)]
    scraper.metrics.census.load(accounts)
    took_s = []
    for _ in range(4):
        began_s = process_time()
        await scraper.text()
        took_s.append(process_time() - began_s)
    assert min(took_s) < 0.1


async def test_openmetrics_text_can_be_read_as_such(scraper: Scraper) -> None:
    scraper.metrics.census.load([account("a", EPOCH)])
    text = await scraper.text("application/openmetrics-text")
    families = {
        family.name: family
        for family in read_openmetrics(text)  # type: ignore[no-untyped-call]
    }
    assert families["syncline_account_freshness_seconds"].type == "gaugehistogram"
    assert families["syncline_build"].type == "info"
    assert families["syncline_vendor_requests"].type == "counter"
