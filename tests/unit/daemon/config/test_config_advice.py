from pathlib import Path

import pytest

from daemon.config import advice, load_config

SOUND = "client_id: an-app, client_secret: s"


def paths(vendor: str = "", server: str = "") -> list[str]:
    text = f"server: {{{server}}}\nvendors: {{quickbooks: {{{SOUND}, {vendor}}}}}\n"
    config = load_config(Path("/etc/syncline/config.yaml"), {}, lambda _: text)
    return [each.path.removeprefix("vendors.quickbooks.") for each in advice(config)]


def test_the_defaults_need_no_advice() -> None:
    assert paths() == []


@pytest.mark.parametrize(
    ("vendor", "path"),
    [
        ("poll_interval: 29s", "poll_interval"),
        ("poll_interval: 61m", "poll_interval"),
        ("overlap: 59s", "overlap"),
        ("verify_interval: null", "verify_interval"),
        ("verify_interval: 0", "verify_interval"),
        ("delete_brake: null", "delete_brake"),
        ("limits: {per_minute: 501, per_second: 10}", "limits.per_minute"),
        ("limits: {per_minute: 500, per_second: null}", "limits.per_second"),
        ("limits: {per_minute: 500, per_second: 10, in_flight: 11}", "limits.in_flight"),
    ],
)
def test_what_costs_calls_or_exactness_is_said(vendor: str, path: str) -> None:
    assert paths(vendor) == [path]


@pytest.mark.parametrize(
    "vendor",
    [
        "poll_interval: 30s",
        "poll_interval: 1h",
        "poll_interval: 61m, webhook_verifier_token: hook",
        "overlap: 60s",
        "limits: {per_minute: 100, per_second: 2, in_flight: 1}",
    ],
)
def test_what_is_only_unusual_is_not(vendor: str) -> None:
    assert paths(vendor) == []


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("host: 0.0.0.0", ["server.host"]),
        ('host: "::"', ["server.host"]),
        ('host: "::1"', []),
        ("host: 127.8.8.8", []),
        ("host: localhost", []),
        ("public_url: http://books.example", ["server.public_url"]),
        ("public_url: https://books.example", []),
        ("public_url: http://localhost:9000", []),
    ],
)
def test_what_travels_in_the_clear_is_said(server: str, expected: list[str]) -> None:
    assert paths(server=server) == expected
