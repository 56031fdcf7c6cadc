import json
from dataclasses import replace
from pathlib import Path

import yaml

from daemon.config import Config, Secret, load_config, secret_values, show_config

FILE = """
store: {url: "sqlite:////var/lib/syncline/a.db"}
server: {admin_token: token-s3cret, shutdown_grace: 90s, allowed_hosts: [a.example]}
secrets: {keys: [%s]}
vendors:
  quickbooks:
    {client_id: an-app, client_secret: app-s3cret, webhook_verifier_token: hook-s3cret,
     object_types: [Invoice], poll_interval: 1.5, verify_interval: 36h}
"""
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def load(text: str) -> Config:
    return load_config(Path("/etc/syncline/config.yaml"), {}, lambda _: text)


def test_shown_config_hides_every_secret_and_nothing_else() -> None:
    shown = show_config(load(FILE % KEY))
    assert "s3cret" not in str(shown)
    assert KEY not in str(shown)
    server, vendors = shown["server"], shown["vendors"]
    assert isinstance(server, dict)
    assert isinstance(vendors, dict)
    assert server["admin_token"] == "********"
    assert server["shutdown_grace"] == "90s"
    assert shown["secrets"] == {"keys": ["********"]}
    assert vendors["quickbooks"]["client_id"] == "an-app"
    assert vendors["quickbooks"]["client_secret"] == "********"
    assert vendors["quickbooks"]["poll_interval"] == "1.5s"


def test_shown_config_loads_again_as_itself() -> None:
    config = load(FILE % KEY)
    shown = yaml.safe_dump(show_config(config))
    keyed = replace(config.secrets, keys=())
    again = load(shown.replace("- '********'", "").replace("keys:", "keys: []"))
    assert show_config(again) == show_config(replace(config, secrets=keyed))


def test_shown_config_can_be_written_as_json() -> None:
    shown = show_config(load(FILE % KEY))
    assert json.loads(json.dumps(shown)) == shown


def test_secret_shows_itself_only_by_name() -> None:
    secret = Secret("s3cret")
    assert secret.reveal() == "s3cret"
    assert "s3cret" not in f"{secret} {secret!r} {[secret]}"


def test_config_hides_its_secrets_from_repr() -> None:
    config = load(FILE % KEY)
    assert "s3cret" not in repr(config)
    assert KEY not in repr(config)


def test_all_secrets_of_a_config_are_listed() -> None:
    assert set(secret_values(load(FILE % KEY))) == {
        "token-s3cret",
        KEY,
        "app-s3cret",
        "hook-s3cret",
    }


def test_a_section_that_is_null_is_shown_so() -> None:
    text = (FILE % KEY).replace("object_types", "delete_brake: null, object_types")
    shown = show_config(load(text))["vendors"]
    assert isinstance(shown, dict)
    assert shown["quickbooks"]["delete_brake"] is None
