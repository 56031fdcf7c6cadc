import json

import yaml

from support.command_line import TOKEN, CommandLine, page


def test_sound_configuration_is_ok_and_named_on_stderr(cli: CommandLine) -> None:
    result = cli.run("config", "check")
    assert (result.code, result.out) == (0, "")
    assert result.err == f"{cli.folder / 'config.yaml'}: OK\n"


def test_every_problem_is_listed_at_once_with_its_line(cli: CommandLine) -> None:
    path = cli.folder / "other.yaml"
    path.write_text("server:\n  port: ninety\n  hots: x\nlog: {level: loud}\n")
    result = cli.run("config", "check", "--config", str(path))
    assert result.code == 2
    assert f"{path}:2: server.port" in result.err
    assert f"{path}:3: server.hots" in result.err
    assert f"{path}:4: log.level" in result.err


def test_no_configuration_anywhere_is_wrong_usage(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").unlink()
    result = cli.run("config", "check")
    assert result.code == 2
    assert "--config PATH" in result.err


def test_named_file_that_is_not_there_is_wrong_configuration(cli: CommandLine) -> None:
    result = cli.run("config", "check", "--config", str(cli.folder / "nowhere.yaml"))
    assert result.code == 2
    assert "nowhere.yaml" in result.err


def test_effective_configuration_is_yaml_with_secrets_hidden(cli: CommandLine) -> None:
    result = cli.run("config", "show")
    assert result.code == 0
    assert TOKEN not in result.out
    shown = yaml.safe_load(result.out)
    assert shown["server"]["admin_token"] == "********"
    assert shown["server"]["shutdown_grace"] == "20s"


def test_effective_configuration_as_json_is_the_same(cli: CommandLine) -> None:
    as_json = json.loads(cli.run("config", "show", "--json").out)
    assert as_json == yaml.safe_load(cli.run("config", "show").out)


def test_a_client_does_not_need_the_vendors_secrets(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page())
    with (cli.folder / "config.yaml").open("a") as config:
        config.write("vendors: {quickbooks: {client_id: a, client_secret: '${NOT_SET}'}}\n")
    assert cli.run("accounts").code == 0
    assert cli.run("config", "check").code == 2


def test_a_client_does_need_to_know_where_the_daemon_is(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text("server: {port: ninety}\nvendors: {x: {}}\n")
    result = cli.run("accounts")
    assert result.code == 2
    assert "server.port" in result.err


def test_what_is_unwise_is_said_and_is_no_failure(cli: CommandLine) -> None:
    path = cli.folder / "other.yaml"
    path.write_text("server: {host: 0.0.0.0, admin_token: t}\n")
    result = cli.run("config", "check", "--config", str(path))
    assert result.code == 0
    assert "Advice: server.host: the admin token travels unencrypted" in result.err
    assert result.err.endswith(f"{path}: OK\n")


def test_types_without_which_routed_jobs_do_not_come_back_are_named(cli: CommandLine) -> None:
    path = cli.folder / "routing.yaml"
    path.write_text(
        "vendors:\n"
        "  servicetitan: {app_key: ak1.x, object_types: [jobs, customers, bookings]}\n"
        "  housecallpro: {object_types: [jobs, leads, employees]}\n"
    )
    result = cli.run("config", "check", "--config", str(path))
    assert result.code == 0
    told = " ".join(result.err.split())
    assert "vendors.servicetitan.object_types: without leads, invoices it is not seen" in told
    assert "without technicians its companies cannot enter jobs" in told
    assert "housecallpro" not in told
