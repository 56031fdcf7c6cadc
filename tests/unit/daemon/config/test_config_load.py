import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actors.settings import CallLimits, DeleteBrake
from daemon.config import (
    AlertsConfig,
    ConfigError,
    QuickBooksConfig,
    Secret,
    ServiceTitanConfig,
    find_config,
    load_config,
)
from daemon.config.alerts import AlertmanagerConfig, WebhookConfig

ROOT = Path(__file__).parents[4]
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
OTHER_KEY = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
APP = {"QBO_CLIENT_ID": "an-app", "QBO_CLIENT_SECRET": "hush-hush"}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_config(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write_config


def quickbooks_of(path: Path, environ: dict[str, str]) -> QuickBooksConfig:
    section = load_config(path, environ).vendors["quickbooks"]
    assert isinstance(section, QuickBooksConfig)
    return section


def test_empty_file_is_all_defaults(write: Write, tmp_path: Path) -> None:
    config = load_config(write(""), {})
    assert config.store.path == tmp_path / "syncline.db"
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8321)
    assert config.server.public_url == "http://localhost:8321"
    assert config.server.admin_token is None
    assert config.secrets.keys == ()
    assert config.vendors == {}


def test_section_left_empty_is_all_defaults(write: Write) -> None:
    assert load_config(write("server:\nvendors:\n"), {}) == load_config(write(""), {})


def test_shipped_example_loads_with_the_apps_two_variables_alone() -> None:
    quickbooks = quickbooks_of(ROOT / "config.yaml", APP)
    assert quickbooks.client_id == "an-app"
    assert quickbooks.client_secret == Secret("hush-hush")


def test_shipped_example_states_the_defaults(write: Write) -> None:
    minimal = "{client_id: ${QBO_CLIENT_ID}, client_secret: ${QBO_CLIENT_SECRET}}"
    path = write(f"vendors: {{quickbooks: {minimal}}}")
    example = write_like(path, (ROOT / "config.yaml").read_text())
    assert load_config(example, APP) == load_config(path, APP)


@pytest.mark.parametrize(
    ("vendor", "needed"), [("servicetitan", "{app_key: ${ST_APP_KEY}}"), ("housecallpro", "{}")]
)
def test_shipped_example_of_another_vendor_states_the_defaults(
    write: Write, vendor: str, needed: str
) -> None:
    example = (ROOT / "config.yaml").read_text()
    section = example[example.index(f"  # {vendor}:") :].partition("\n\n")[0]
    app = {"ST_APP_KEY": "ak1.hush"}
    text = re.sub("(?m)^  # ", "  ", section)
    stated = load_config(write(f"vendors:\n{text}"), app).vendors[vendor]
    expected = load_config(write(f"vendors: {{{vendor}: {needed}}}"), app).vendors[vendor]
    assert stated == expected


def test_environment_of_servicetitan_picks_both_endpoints(write: Write) -> None:
    section = "vendors: {servicetitan: {app_key: a, environment: %s}}"
    for environment, host in (
        ("integration", "-integration.servicetitan.io"),
        ("production", ".servicetitan.io"),
    ):
        config = load_config(write(section % environment), {}).vendors["servicetitan"]
        assert isinstance(config, ServiceTitanConfig)
        assert config.endpoints.token_url == f"https://auth{host}/connect/token"
        assert config.endpoints.api_url == f"https://api{host}"


def write_like(path: Path, text: str) -> Path:
    example = path.with_name("example.yaml")
    example.write_text(text)
    return example


def test_limits_set_in_part_keep_the_vendors_others(write: Write) -> None:
    path = write("vendors: {quickbooks: {client_id: a, client_secret: b, limits: {per_second: 3}}}")
    expected = CallLimits(per_minute=500, per_second=3, in_flight=10, batches_per_minute=40)
    assert quickbooks_of(path, {}).account.limits == expected


def test_null_lifts_a_limit(write: Write) -> None:
    path = write(
        "vendors: {quickbooks: {client_id: a, client_secret: b, limits: {per_minute: null},"
        " reads_per_month: null}}"
    )
    quickbooks = quickbooks_of(path, {})
    assert quickbooks.account.limits.per_minute is None
    assert quickbooks.reads_per_month is None


def test_durations_and_sizes_become_seconds_and_bytes(write: Write) -> None:
    path = write("server: {shutdown_grace: 1.5, max_body: 64KiB}\nsupervisor: {restart: {cap: 4h}}")
    config = load_config(path, {})
    assert config.server.shutdown_grace_s == 1.5
    assert config.server.max_body_bytes == 65_536
    assert config.supervisor.restart.cap_s == 14_400


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/a.db", "{folder}/data/a.db"),
        ("sqlite:////var/lib/syncline/a.db", "/var/lib/syncline/a.db"),
    ],
)
def test_store_path_is_taken_from_the_files_folder_unless_absolute(
    write: Write, tmp_path: Path, url: str, expected: str
) -> None:
    config = load_config(write(f"store: {{url: '{url}'}}"), {})
    assert config.store.path == Path(expected.format(folder=tmp_path))
    assert config.store.url == f"sqlite:///{config.store.path}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://syncline@db.internal:5433/replica?sslmode=verify-full",
        "postgres:///replica?host=/run/postgresql",
    ],
)
def test_postgresql_database_is_named_by_a_url_and_its_password_apart(
    write: Write, tmp_path: Path, url: str
) -> None:
    text = f"store: {{url: '{url}', password: '${{PASSWORD}}', files: kept}}"
    store = load_config(write(text), {"PASSWORD": "hush"}).store
    assert (store.url, store.is_file) == (url, False)
    assert store.password == Secret("hush")
    assert store.path == tmp_path / "kept" / "syncline"


def test_environment_picks_the_api_and_leaves_the_one_oauth_host(write: Write) -> None:
    section = "vendors: {quickbooks: {client_id: a, client_secret: b, environment: %s}}"
    sandbox = quickbooks_of(write(section % "sandbox"), {}).settings()
    production = quickbooks_of(write(section % "production"), {}).settings()
    assert sandbox.api_url == "https://sandbox-quickbooks.api.intuit.com"
    assert production.api_url == "https://quickbooks.api.intuit.com"
    assert sandbox.token_url == production.token_url


def test_endpoint_that_is_named_goes_before_the_environments(write: Write) -> None:
    path = write(
        "vendors: {quickbooks: {client_id: a, client_secret: b, environment: production,"
        " endpoints: {api_url: 'http://127.0.0.1:9000/'}}}"
    )
    settings = quickbooks_of(path, {}).settings()
    assert settings.api_url == "http://127.0.0.1:9000"
    assert settings.revoke_url == "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"


def test_callback_follows_the_public_url_unless_it_is_set(write: Write) -> None:
    section = "{client_id: a, client_secret: b%s}"
    server = "server: {public_url: 'https://sync.example.com/'}\n"
    path = write(server + f"vendors: {{quickbooks: {section % ''}}}")
    assert (
        quickbooks_of(path, {}).settings().redirect_uri
        == "https://sync.example.com/auth/quickbooks/callback"
    )
    path = write(f"vendors: {{quickbooks: {section % ', redirect_uri: https://a.example/cb/'}}}")
    # Vendors compare it letter by letter.
    assert quickbooks_of(path, {}).settings().redirect_uri == "https://a.example/cb/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${HOST}", "sync.example"),
        ("a.${HOST}", "a.sync.example"),
        ("$${HOST}", "${HOST}"),
        ("$HOST", "$HOST"),
    ],
)
def test_variables_are_put_into_texts(write: Write, text: str, expected: str) -> None:
    config = load_config(write(f"server: {{host: {text}}}"), {"HOST": "sync.example"})
    assert config.server.host == expected


def test_variables_stand_for_numbers_and_durations_too(write: Write) -> None:
    path = write("server: {port: ${PORT}, shutdown_grace: ${GRACE}}")
    config = load_config(path, {"PORT": "9000", "GRACE": "1m"})
    assert (config.server.port, config.server.shutdown_grace_s) == (9000, 60)


def test_digits_from_a_variable_are_text_where_text_is_expected(write: Write) -> None:
    path = write("server: {admin_token: ${TOKEN}}")
    assert load_config(path, {"TOKEN": "0042"}).server.admin_token == Secret("0042")


def test_what_a_variable_holds_is_never_read_as_yaml_or_as_variables(write: Write) -> None:
    path = write("server: {host: ${A}}")
    assert load_config(path, {"A": "${B}: [x]", "B": "no"}).server.host == "${B}: [x]"


def test_variable_in_the_contracts_unquoted_list(write: Write) -> None:
    path = write("secrets:\n  keys: [${SYNCLINE_KEY}]\n")
    assert load_config(path, {"SYNCLINE_KEY": KEY}).secrets.keys == (Secret(KEY),)


def test_secret_file_is_taken_from_the_configs_folder(write: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush-hush\n")
    config = load_config(write("server: {admin_token_file: token}"), {})
    assert config.server.admin_token == Secret("hush-hush")


def test_secret_file_holds_no_variables(write: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("${PATH}")
    config = load_config(write("server: {admin_token_file: token}"), {"PATH": "x"})
    assert config.server.admin_token == Secret("${PATH}")


def test_keys_file_holds_one_key_a_line_in_order(write: Write, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{OTHER_KEY}\n{KEY}\n")
    config = load_config(write("secrets: {keys_file: keys}"), {})
    assert config.secrets.keys == (Secret(OTHER_KEY), Secret(KEY))


def test_credential_goes_before_the_file_so_that_its_variable_may_be_missing(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "vendors.quickbooks.client_secret").write_text("from-systemd\n")
    (tmp_path / "secrets.keys").write_text(f"{KEY}\n")
    path = write("vendors: {quickbooks: {client_id: a, client_secret: ${NOT_SET}}}")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert quickbooks_of(path, environ).client_secret == Secret("from-systemd")
    assert load_config(path, environ).secrets.keys == (Secret(KEY),)


@pytest.mark.parametrize(
    ("content", "found"), [(b" \n", "an empty file"), (b"\xff", "bytes that are not UTF-8")]
)
def test_secret_file_without_a_text_is_refused(
    write: Write, tmp_path: Path, content: bytes, found: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(ConfigError, match=found):
        load_config(write("server: {admin_token_file: token}"), {})


def test_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "none.yaml", {})
    expected = f"{tmp_path}/none.yaml: expected a file that can be read, found"
    assert str(caught.value) == f"{expected} No such file or directory"


def test_file_that_is_not_text_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"log: \xff")
    with pytest.raises(ConfigError, match="found bytes that are not UTF-8"):
        load_config(path, {})


def test_file_is_found_here_then_in_the_system(tmp_path: Path) -> None:
    here, system = tmp_path / "here", tmp_path / "etc" / "config.yaml"
    here.mkdir()
    system.parent.mkdir()
    with pytest.raises(ConfigError, match=r"expected a configuration file, .* found none"):
        find_config(None, here, system)
    system.touch()
    assert find_config(None, here, system) == system
    (here / "config.yaml").touch()
    assert find_config(None, here, system) == here / "config.yaml"
    assert find_config(Path("other.yaml"), here, system) == Path("other.yaml")


def loads_or_says_why(text: str) -> bool:
    try:
        load_config(Path("/etc/config.yaml"), {}, lambda _: text)
    except ConfigError as error:
        return all(str(problem) for problem in error.errors) and bool(error.errors)
    return True


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
SECTIONS = st.sampled_from(["store", "server", "secrets", "log", "supervisor", "vendors"])


@given(st.dictionaries(SECTIONS, TREES))
def test_whatever_the_file_holds_it_loads_or_says_what_is_wrong(tree: dict[str, object]) -> None:
    assert loads_or_says_why(yaml.safe_dump(tree, allow_unicode=True))


@given(st.text(max_size=60))
def test_whatever_text_the_file_is_it_loads_or_says_what_is_wrong(text: str) -> None:
    assert loads_or_says_why(text)


def brake_of(write: Write, text: str) -> DeleteBrake | None:
    path = write(f"vendors: {{quickbooks: {{client_id: a, client_secret: b{text}}}}}")
    return quickbooks_of(path, {"SHARE": "0.5"}).account.delete_brake


def test_the_delete_brake_is_on_unless_it_is_null(write: Write) -> None:
    assert brake_of(write, "") == DeleteBrake(0.2, 50)
    assert brake_of(write, ", delete_brake: null") is None
    assert brake_of(write, ", delete_brake: {share: 1}") == DeleteBrake(1.0, 50)
    assert brake_of(write, ", delete_brake: {share: '${SHARE}'}") == DeleteBrake(0.5, 50)


def test_history_is_kept_for_a_time_for_ever_or_not(write: Write) -> None:
    kept = [
        load_config(write(f"store: {{{text}}}"), {}).store.history_s
        for text in ("", "history: 7d", "history: null", "history: 0")
    ]
    assert kept == [90 * 86_400.0, 7 * 86_400.0, None, 0.0]


def test_verification_is_daily_unless_it_is_told_otherwise(write: Write) -> None:
    app = "client_id: an-app, client_secret: hush-hush"
    for wish, expected_s in (
        ("", 86_400.0),
        (", verify_interval: 6h", 21_600.0),
        (", verify_interval: 0", 0.0),
        (", verify_interval: null", None),
    ):
        path = write(f"vendors: {{quickbooks: {{{app}{wish}}}}}")
        assert quickbooks_of(path, {}).account.verify_interval_s == expected_s
    path = write(f"vendors: {{quickbooks: {{{app}, verify_max_reads: 200}}}}")
    assert quickbooks_of(path, {}).account.verify_max_reads == 200


def test_alerts_go_where_is_said_and_nowhere_unless_it_is(write: Write, tmp_path: Path) -> None:
    assert load_config(write(""), {}).alerts == AlertsConfig()
    (tmp_path / "mail-password").write_text("hush\n")
    text = """
alerts:
  escalate_after: null
  webhook: {url: "https://ops.example.com/hook", secret: "${HOOK}", timeout: 5s}
  email:
    host: smtp.example.com
    username: syncline
    password_file: mail-password
    sender: Syncline <s@example.com>
    recipients: [ops@example.com]
  alertmanager: {url: "http://localhost:9093/"}
"""
    alerts = load_config(write(text), {"HOOK": "whsec_aHVzaA=="}).alerts
    assert alerts.escalate_after_s is None
    assert alerts.webhook == WebhookConfig(
        url="https://ops.example.com/hook", secret=Secret("whsec_aHVzaA=="), timeout_s=5.0
    )
    assert alerts.email is not None
    assert alerts.email.password == Secret("hush")
    assert (alerts.email.port, alerts.email.security) == (587, "starttls")
    assert alerts.alertmanager == AlertmanagerConfig(url="http://localhost:9093")
