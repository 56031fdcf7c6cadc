import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "systemd" / "prometheus"
RULE_FILES = ("syncline.rules.yaml", "syncline.alerts.yaml")
TEST_FILES = ["syncline.test.yaml", "syncline.quiet.test.yaml"]


def rules(kind: str) -> Iterator[Mapping[str, Any]]:
    for name in RULE_FILES:
        for group in yaml.safe_load((FOLDER / name).read_text())["groups"]:
            yield from (rule for rule in group["rules"] if kind in rule)


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)


def test_promtool_takes_the_rules_and_the_configuration(promtool: str) -> None:
    done = ran(promtool, "check", "rules", "--lint-fatal", *RULE_FILES)
    assert done.returncode == 0, done.stdout + done.stderr
    done = ran(promtool, "check", "config", "scrape.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(60)
def test_every_alert_fires_where_it_should_and_nowhere_else(promtool: str) -> None:
    done = ran(promtool, "test", "rules", *TEST_FILES)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts_tested(*, firing: bool) -> Sequence[str]:
    documents = [yaml.safe_load((FOLDER / name).read_text()) for name in TEST_FILES]
    return [
        test["alertname"]
        for document in documents
        for group in document["tests"]
        for test in group.get("alert_rule_test", [])
        if bool(test["exp_alerts"]) is firing
    ]


def test_no_alert_is_without_its_tests() -> None:
    names = sorted(rule["alert"] for rule in rules("alert"))
    assert sorted(alerts_tested(firing=True)) == names
    assert sorted(alerts_tested(firing=False)) == names


def test_every_alert_says_how_bad_it_is_and_where_its_runbook_is() -> None:
    book = (ROOT / "docs" / "operations.md").read_text()
    headings = {line.strip("# ").lower() for line in book.splitlines() if line.startswith("#")}
    for rule in rules("alert"):
        assert rule["labels"]["severity"] in {"warning", "critical"}
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (file, anchor) == ("docs/operations.md", rule["alert"].lower())
        assert anchor in headings, f"write the runbook of {rule['alert']}"


def test_what_is_recorded_is_named_by_level_metric_and_operation() -> None:
    for rule in rules("record"):
        assert re.fullmatch(r"syncline:[a-z_]+:[a-z0-9_]+", rule["record"])
