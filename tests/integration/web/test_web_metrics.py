from collections.abc import Mapping

import anyio
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from daemon.sandbox.quickbooks import Fault, FaultKind
from daemon.sandbox.quickbooks.routes import Route
from support.web_house import Visitor, WebHouse

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def scraped(visitor: Visitor) -> Mapping[str, Metric]:
    reply = await visitor.call("GET", "/metrics")
    return {family.name: family for family in read_text(reply.text)}


def value(families: Mapping[str, Metric], sample: str, **labels: str) -> float:
    found = [
        each.value
        for family in families.values()
        for each in family.samples
        if each.name == sample and each.labels == labels
    ]
    assert len(found) == 1, f"{sample} {labels}: {found}"
    return found[0]


async def test_text_is_what_a_scraper_gets_by_default(visitor: Visitor) -> None:
    reply = await visitor.call("GET", "/metrics")
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert not reply.text.endswith("# EOF\n")
    assert list(read_text(reply.text))


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text",
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
        "application/openmetrics-text; version=abc, */*;q=0.1",
    ],
)
async def test_openmetrics_is_what_a_scraper_gets_that_prefers_it(
    visitor: Visitor, accept: str
) -> None:
    reply = await visitor.call("GET", "/metrics", headers={"Accept": accept})
    assert reply.headers["Content-Type"] == OPENMETRICS
    assert reply.text.endswith("# EOF\n")
    families = read_openmetrics(reply.text)  # type: ignore[no-untyped-call]
    names = {family.name for family in families}
    assert "syncline_vendor_requests" in names
    assert "_created" not in reply.text


async def test_freshness_is_a_whole_histogram_in_either_format(
    web: WebHouse, visitor: Visitor
) -> None:
    await web.live()
    name = "syncline_account_freshness_seconds"
    plain = (await scraped(visitor))[name]
    assert plain.type == "histogram"
    assert {each.name for each in plain.samples} == {
        f"{name}_bucket",
        f"{name}_count",
        f"{name}_sum",
    }
    reply = await visitor.call("GET", "/metrics", headers={"Accept": OPENMETRICS})
    families = read_openmetrics(reply.text)  # type: ignore[no-untyped-call]
    (exact,) = [family for family in families if family.name == name]
    assert exact.type == "gaugehistogram"
    assert {each.name for each in exact.samples} == {
        f"{name}_bucket",
        f"{name}_gcount",
        f"{name}_gsum",
    }


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "text/plain",
        "*/*",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=nonsense",
        "application/openmetrics-text;q=0.1,text/plain",
    ],
)
async def test_text_is_what_everybody_else_gets(visitor: Visitor, accept: str) -> None:
    reply = await visitor.call("GET", "/metrics", headers={"Accept": accept})
    assert reply.headers["Content-Type"].startswith("text/plain")


async def test_metrics_follow_a_company_from_connect_to_live(
    web: WebHouse, visitor: Visitor
) -> None:
    before = await scraped(visitor)
    assert value(before, "syncline_accounts", vendor="quickbooks", state="live") == 0
    account = await web.live()
    after = await scraped(visitor)
    assert value(after, "syncline_accounts", vendor="quickbooks", state="live") == 1
    calls = "syncline_vendor_requests_total"
    assert value(before, calls, vendor="quickbooks", operation="token_exchange") == 0
    assert value(after, calls, vendor="quickbooks", operation="token_exchange") == 1
    read = value(after, "syncline_objects_read_total", vendor="quickbooks", via="backfill")
    stored = sum((await web.store.live_counts(account.id)).values())
    assert read >= stored > 0
    assert (
        value(
            after,
            "syncline_changes_applied_total",
            vendor="quickbooks",
            via="backfill",
            op="upsert",
        )
        == stored
        == value(after, "syncline_last_change_seq")
    )
    bucket = "syncline_account_freshness_seconds_bucket"
    assert value(after, bucket, vendor="quickbooks", le="60.0") == 0
    assert value(after, bucket, vendor="quickbooks", le="150.0") == 1
    assert value(after, bucket, vendor="quickbooks", le="+Inf") == 1
    expiry = value(after, "syncline_token_expiry_min_timestamp_seconds", vendor="quickbooks")
    assert expiry > web.clock.now().utc.timestamp() + 90 * 86_400
    assert value(after, "syncline_store_writable") == 1


async def test_failures_are_counted_by_reason(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    web.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.CDC})))
    await visitor.post(f"/integrations/{account.id}/sync", expect=202)
    hosted = web.supervisor.hosted()[account.id]
    await web.until(lambda: bool((status := hosted.status()) and status.failures))
    families = await scraped(visitor)
    labels = {"vendor": "quickbooks", "reason": "transient"}
    assert value(families, "syncline_vendor_request_failures_total", **labels) >= 1
    assert value(families, "syncline_look_failures_total", **labels) >= 1


async def test_no_account_is_named_in_a_label(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    reply = await visitor.call("GET", "/metrics")
    assert account.id not in reply.text
    assert account.external_account_id not in reply.text
    assert account.name not in reply.text


async def test_as_many_accounts_as_are_asked_for_have_their_own_series(
    web: WebHouse, visitor: Visitor
) -> None:
    first, second = await web.live(), await web.live()
    web.metrics.per_account.at_most = 1
    families = await scraped(visitor)
    labels = {"vendor": "quickbooks", "account": first.id}
    exact = value(families, "syncline_account_exact_as_of_timestamp_seconds", **labels)
    assert first.exact_as_of is not None
    assert exact >= first.exact_as_of.timestamp()
    assert value(families, "syncline_account_state", state="live", **labels) == 1
    assert value(families, "syncline_account_series_left_out") == 1
    assert second.id not in (await visitor.call("GET", "/metrics")).text


async def test_scrape_does_not_wait_for_a_store_that_hangs(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.store, "last_seq", anyio.sleep_forever)
    monkeypatch.setattr("daemon.metrics.metrics._STORE_ANSWERS_WITHIN_S", 0.001)
    families = await scraped(visitor)
    assert families["syncline_last_change_seq"].samples == []
    assert value(families, "syncline_store_writable") == 1


async def test_scrape_calls_no_vendor(web: WebHouse, visitor: Visitor) -> None:
    await web.live()
    calls = web.sandbox.statistics().calls
    await scraped(visitor)
    assert web.sandbox.statistics().calls == calls
