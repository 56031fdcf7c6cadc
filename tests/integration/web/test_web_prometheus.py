"""A real Prometheus scrapes the daemon, takes our rules, and answers what the dashboard asks."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import yaml
from anyio import to_thread
from prometheus_client.parser import text_string_to_metric_families

from daemon.cluster.watch import ClusterWatch
from daemon.recovery_note import RecoveryNote
from support.cluster_seen import three_nodes
from support.plain_http import plain_async_client
from support.real_processes import free_port
from support.web_house import WebHouse

FOLDER = Path(__file__).parents[3] / "systemd" / "prometheus"
RULE_FILES = ("syncline.rules.yaml", "syncline.alerts.yaml")
PROMETHEUS_LABELS = {"job", "instance"}
ANSWERS_WITHIN_S = 25.0
NO_METRICS = re.compile(
    r"\b(sum|by|max|min|on|rate|increase|histogram_quantile|time|absent|unless|changes|and|or)\b"
)

pytestmark = pytest.mark.timeout(60)


async def become_lively(web: WebHouse) -> None:
    """Bring about every series that there can be."""
    account = await web.live()
    now = web.clock.now().utc
    web.metrics.census.put_certified_at(account.id, now)
    note = RecoveryNote(now, 1, now, drill_passed=True, drill_backup_at=now)
    web.metrics.recovery.read = lambda: note
    cluster = await ClusterWatch(three_nodes(), "id of alpha", web.clock).look()
    web.metrics.cluster.read = lambda: cluster
    await web.heartbeat.check()


async def scraped(web: WebHouse) -> str:
    async with web.stranger() as scraper:
        return (await scraper.get("/metrics")).text


async def live_labels(web: WebHouse) -> Mapping[str, AbstractSet[str]]:
    """Return the labels of every series that a daemon with one account in sync shows."""
    await become_lively(web)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(await scraped(web)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def dashboard_queries() -> Iterator[tuple[str, str]]:
    """Yield each query of the dashboard, with the title of where it is."""
    document = json.loads((FOLDER / "syncline.dashboard.json").read_text())
    for panel in document["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    for annotation in document["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def rule_queries() -> Iterator[tuple[str, str]]:
    for name in RULE_FILES:
        for group in yaml.safe_load((FOLDER / name).read_text())["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], rule["expr"]


def parts_of(query: str) -> Iterator[tuple[str, AbstractSet[str]]]:
    """Yield every metric in a query with the labels that are picked from it or summed by."""
    grouped = {
        label.strip()
        for labels in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", query)
        for label in labels.split(",")
    }
    plain = re.sub(r"\b(?:by|on)\s*\([^)]*\)|\[[^]]*\]|'[^']*'", " ", query)
    for name, picked in re.findall(r"(?<![\w\".])([a-z_][\w:]*)\s*(\(|\{[^}]*\})?", plain):
        if picked == "(" or NO_METRICS.fullmatch(name):
            continue
        yield name, set(re.findall(r"(\w+)\s*[=!]", picked)) | grouped


def quoted_away(query: str) -> str:
    """Empty the quoted values, which may hold anything."""
    return re.sub(r'"[^"]*"', '""', query)


async def test_promtool_has_nothing_to_say_against_the_metrics(
    web: WebHouse, promtool: str
) -> None:
    web.metrics.per_account.at_most = 10
    await become_lively(web)
    text = await scraped(web)

    def check() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )

    done = await to_thread.run_sync(check)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_every_query_asks_for_what_there_is(web: WebHouse) -> None:
    there_is = dict(await live_labels(web))
    there_is |= {"up": set()}
    recorded = {name for name, _ in rule_queries() if ":" in name}
    asked = 0
    for title, query in [*dashboard_queries(), *rule_queries()]:
        for name, labels in parts_of(quoted_away(query)):
            asked += 1
            if name in recorded:
                continue
            assert name in there_is, f"{title} asks for {name}"
            wrong = labels - there_is[name] - PROMETHEUS_LABELS
            # A sum by labels may be over several metrics; each must have those of its own.
            assert not wrong, f"{title} asks {name} for {wrong}"
    assert asked > 80


@asynccontextmanager
async def running_prometheus(
    program: str, folder: Path, target: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Run a Prometheus that scrapes the target every half second; inside, it answers."""
    config = yaml.safe_load((FOLDER / "scrape.yaml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(FOLDER / name) for name in config["rule_files"]]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    process = await anyio.open_process(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with plain_async_client(base_url=f"http://{address}") as http:
            yield http
    finally:
        process.kill()
        await process.wait()


async def asked(http: httpx.AsyncClient, query: str) -> list[Any]:
    reply = await http.get("/api/v1/query", params={"query": query})
    assert reply.is_success, f"{query}: {reply.text}"
    return list(reply.json()["data"]["result"])


async def until_scraped_twice(http: httpx.AsyncClient) -> None:
    with anyio.fail_after(ANSWERS_WITHIN_S):
        while True:
            try:
                found = await asked(http, 'count_over_time(up{job="syncline"}[1m]) >= 2')
            except (httpx.TransportError, AssertionError):
                found = []
            if found:
                return
            await anyio.sleep(0.1)


async def test_a_real_prometheus_takes_it_all(
    web: WebHouse, prometheus: str, tmp_path: Path
) -> None:
    web.metrics.per_account.at_most = 1
    await become_lively(web)
    async with running_prometheus(prometheus, tmp_path, f"127.0.0.1:{web.port}") as http:
        await until_scraped_twice(http)
        (target,) = (await http.get("/api/v1/targets")).json()["data"]["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        (live,) = await asked(http, 'syncline_accounts{state="live"}')
        assert live["value"][1] == "1"
        (one,) = await asked(http, "syncline_account_state")
        assert one["metric"]["state"] == "live"
        groups = (await http.get("/api/v1/rules")).json()["data"]["groups"]
        broken = {
            rule["name"]: rule.get("lastError") for group in groups for rule in group["rules"]
        }
        assert len(broken) == len(list(rule_queries()))
        assert not any(broken.values()), broken
        empty = []
        for title, query in dashboard_queries():
            runnable = query.replace("$__rate_interval", "1m").replace("$vendor", ".*")
            if not await asked(http, runnable):
                empty.append(title)
        # Of the past there is too little yet; everything else has an answer.
        assert set(empty) <= {"Restarts", "How long the vendor takes", "Webhooks answered within"}
