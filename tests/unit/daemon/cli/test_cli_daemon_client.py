import json
import stat
from pathlib import Path

import httpx
import pytest

from support.command_line import TOKEN, CommandLine, account, page, problem


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused", request=request)


def hang(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


def test_requests_carry_the_configured_token_to_the_configured_port(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page())
    cli.run("accounts")
    (request,) = cli.daemon.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.url.netloc == b"127.0.0.1:8321"


@pytest.mark.parametrize(
    ("host", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5")],  # noqa: S104
)
def test_daemon_is_reached_where_it_listens(cli: CommandLine, host: str, reached: str) -> None:
    (cli.folder / "config.yaml").write_text(f"server: {{host: '{host}', admin_token: {TOKEN}}}")
    cli.daemon.on("GET", "/integrations", page())
    cli.run("accounts")
    assert cli.daemon.requests[0].url.netloc.decode() == f"{reached}:8321"


def test_generated_token_beside_the_database_is_used(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text("")
    token = cli.folder / "syncline.db.admin-token"
    token.write_text("made-up\n")
    token.chmod(0o600)
    cli.daemon.on("GET", "/integrations", page())
    assert cli.run("accounts").code == 0
    assert cli.daemon.requests[0].headers["Authorization"] == "Bearer made-up"


def test_token_that_others_can_read_is_refused_with_what_to_do(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text("")
    token = cli.folder / "syncline.db.admin-token"
    token.write_text("made-up\n")
    token.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    result = cli.run("accounts")
    assert result.code == 1
    assert "chmod 600" in result.err
    assert cli.daemon.requests == []


def test_daemon_that_never_ran_is_said_so_with_how_to_start_it(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text("")
    result = cli.run("accounts")
    assert result.code == 1
    assert "has not run yet" in result.err
    assert f"syncline run --config {cli.folder / 'config.yaml'}" in result.err


def test_daemon_that_is_not_running_is_said_so_with_how_to_start_it(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", refuse)
    result = cli.run("accounts", "--config", str(cli.folder / "config.yaml"))
    assert (result.code, result.out) == (1, "")
    assert "not running: nothing answers at http://127.0.0.1:8321" in result.err
    assert f"syncline run --config {cli.folder / 'config.yaml'}" in result.err


def test_any_free_port_cannot_be_found(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text(f"server: {{port: 0, admin_token: {TOKEN}}}")
    result = cli.run("accounts")
    assert result.code == 1
    assert "server.port" in result.err


def test_daemon_that_hangs_is_no_traceback(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", hang)
    result = cli.run("accounts")
    assert result.code == 1
    assert "does not answer as it should: ReadTimeout" in result.err
    assert "syncline doctor" in result.err


def test_wrong_token_is_a_sentence(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", problem(401, "Unauthorized"))
    result = cli.run("accounts")
    assert result.code == 1
    assert "does not take this configuration's admin token" in result.err


def test_bad_input_is_shown_with_its_fields_as_wrong_usage(cli: CommandLine) -> None:
    wrong = {"path": "object_types[0]", "expected": "a type", "found": "Invoices"}
    cli.daemon.on("GET", "/integrations", problem(422, "Bad request", "Mend it.", errors=[wrong]))
    result = cli.run("accounts")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "error: Bad request",
        "Mend it.",
        "  object_types[0]: expected a type, found Invoices",
    ]


def test_problem_does_not_say_a_thing_twice(cli: CommandLine) -> None:
    wrong = {"path": "after", "expected": "a number", "found": "x"}
    detail = "after: expected a number, found x"
    cli.daemon.on("GET", "/integrations", problem(422, "Invalid input", detail, errors=[wrong]))
    assert cli.run("accounts").err.splitlines() == ["error: Invalid input", detail]


def test_several_things_that_are_wrong_are_a_line_each(cli: CommandLine) -> None:
    wrong = [
        {"path": path, "expected": "a number", "found": "nothing"} for path in ("after", "limit")
    ]
    lines = [f"{each['path']}: expected a number, found nothing" for each in wrong]
    answer = problem(422, "Invalid input", "; ".join(lines), errors=wrong)
    cli.daemon.on("GET", "/integrations", answer)
    assert cli.run("accounts").err.splitlines() == ["error: Invalid input", *lines]


def test_problem_lists_its_reasons(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", problem(503, "Not ready", reasons=["no room"]))
    assert cli.run("accounts").err.splitlines() == ["error: Not ready", "  no room"]


def test_problem_is_json_when_json_was_asked_for(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", problem(422, "Bad request", "Mend it."))
    result = cli.run("accounts", "--json")
    assert (result.code, result.out) == (1, "")
    assert json.loads(result.err)["detail"] == "Mend it."


def test_error_that_is_no_problem_document_is_still_a_sentence(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", httpx.Response(502, text="<html>Bad gateway</html>"))
    result = cli.run("accounts")
    assert result.code == 1
    assert "502" in result.err
    assert "html" not in result.err


def test_answer_that_is_not_the_daemons_is_a_sentence(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", httpx.Response(200, text="<html>Hello</html>"))
    result = cli.run("accounts")
    assert result.code == 1
    assert "not how a daemon of this version answers" in result.err


def test_lists_are_followed_to_their_end(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET", "/integrations", page(account(1, "Amy's"), following="c1"), page(account(2, "Bob's"))
    )
    names = [each["name"] for each in json.loads(cli.run("accounts", "--json").out)]
    assert names == ["Amy's", "Bob's"]
    assert [request.url.params.get("cursor") for request in cli.daemon.requests] == [None, "c1"]


def test_ctrl_c_is_exit_code_130_and_says_nothing(cli: CommandLine) -> None:
    overview = {"version": "1", "states": {"live": 1}, "accounts": []}
    cli.daemon.on("GET", "/health/overview", httpx.Response(200, json=overview))
    cli.daemon.on("GET", "/integrations", page(account(1, "Amy's")))
    cli.pauses_left = 1
    result = cli.run("status", "--watch")
    assert (result.code, result.err) == (130, "")


def test_configuration_of_another_folder_is_used_from_anywhere(
    cli: CommandLine, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cli.folder = elsewhere
    cli.daemon.on("GET", "/integrations", page())
    assert cli.run("accounts", "-c", str(tmp_path / "config.yaml")).code == 0
