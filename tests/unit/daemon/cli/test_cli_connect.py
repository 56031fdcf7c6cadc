import json

import httpx
import pytest

from support.command_line import CONFIG, CommandLine, account, page, problem

VENDORS = "quickbooks, servicetitan, housecallpro"
AMY = account(1, "Amy's")
CONSENT = "https://vendor.example/connect/oauth2?client_id=a&state=s"


@pytest.fixture(autouse=True)
def two_vendors_are_configured(cli: CommandLine) -> None:
    quickbooks = "quickbooks: {client_id: a, client_secret: b}"
    vendors = f"vendors: {{{quickbooks}, servicetitan: {{app_key: c}}}}\n"
    (cli.folder / "config.yaml").write_text(CONFIG + vendors)


def status(**more: object) -> httpx.Response:
    return httpx.Response(200, json=AMY | {"cursors": []} | more)


def cursor(object_type: str, *, complete: bool, records: int = 0) -> dict[str, object]:
    return {"object_type": object_type, "complete": complete, "records": records}


def redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": CONSENT}, request=request)


def test_code_and_company_connect_at_once(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/auth/quickbooks/connect", httpx.Response(201, json=AMY))
    result = cli.run("connect", "quickbooks", "--code", "XAB1", "--realm-id", "934")
    assert result.code == 0
    assert f"Connected Amy's as {AMY['id']}" in result.err
    (request,) = cli.daemon.asked("POST", "/auth/quickbooks/connect")
    assert json.loads(request.content) == {"authorization_code": "XAB1", "realm_id": "934"}


@pytest.mark.parametrize("half", [["--code", "XAB1"], ["--realm-id", "934"]], ids="-".join)
def test_code_without_company_is_wrong_usage(cli: CommandLine, half: list[str]) -> None:
    result = cli.run("connect", "quickbooks", *half)
    assert result.code == 2
    assert cli.daemon.requests == []


def test_spent_code_fails_in_words(cli: CommandLine) -> None:
    refused = problem(422, "The code was refused", "It is used once. Ask for another.")
    cli.daemon.on("POST", "/auth/quickbooks/connect", refused)
    result = cli.run("connect", "quickbooks", "--code", "XAB1", "--realm-id", "934")
    assert result.code == 1
    assert result.err == "error: The code was refused\nIt is used once. Ask for another.\n"


def test_consent_page_alone_is_on_stdout(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page())
    cli.daemon.on("GET", "/auth/quickbooks/start", redirect)
    result = cli.run("connect", "quickbooks")
    assert (result.code, result.out) == (0, f"{CONSENT}\n")
    assert cli.opened == []


def test_consent_page_is_opened_when_asked_for(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page())
    cli.daemon.on("GET", "/auth/quickbooks/start", redirect)
    cli.run("connect", "quickbooks", "--open")
    assert cli.opened == [CONSENT]


def test_an_unknown_vendor_is_refused_with_those_that_there_are(cli: CommandLine) -> None:
    result = cli.run("connect", "xero")
    assert (result.code, result.err.splitlines()) == (
        2,
        [
            "error: there is no vendor 'xero'",
            f"Vendors are {VENDORS}; configured: quickbooks, servicetitan.",
        ],
    )
    assert cli.daemon.requests == []


def test_no_keys_are_asked_for_while_their_vendor_is_not_configured(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text(CONFIG)
    cli.typed = []
    result = cli.run("connect", "servicetitan")
    assert result.code == 2
    assert "servicetitan is not configured in " in result.err
    assert "configured: none" in result.err
    assert "Add a section vendors.servicetitan" in result.err
    assert cli.asked == []


def test_wait_follows_the_new_company_until_every_type_is_here(cli: CommandLine) -> None:
    older = account(2, "Bob's")
    cli.daemon.on("GET", "/integrations", page(older), page(older), page(older, AMY))
    cli.daemon.on("GET", "/auth/quickbooks/start", redirect)
    cli.daemon.on(
        "GET",
        f"/integrations/{AMY['id']}/status",
        status(state="connecting"),
        status(state="backfilling", cursors=[cursor("Invoice", complete=False, records=40)]),
        status(cursors=[cursor("Invoice", complete=True, records=60)]),
    )
    result = cli.run("connect", "quickbooks", "--wait")
    assert result.code == 0
    assert "Amy's: 0/1 types, backfilling, 40 records" in result.err
    assert "Amy's: live, 60 records" in result.err


def test_wait_notices_a_company_that_was_connected_again(cli: CommandLine) -> None:
    again = AMY | {"connected_at": "2026-03-01T12:00:00Z"}
    cli.daemon.on("GET", "/integrations", page(AMY), page(again))
    cli.daemon.on("GET", "/auth/quickbooks/start", redirect)
    done = status(cursors=[cursor("Invoice", complete=True)])
    cli.daemon.on("GET", f"/integrations/{AMY['id']}/status", done)
    assert cli.run("connect", "quickbooks", "--wait").code == 0


def test_connected_account_as_json(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/auth/quickbooks/connect", httpx.Response(201, json=AMY))
    cli.daemon.on("GET", f"/integrations/{AMY['id']}", httpx.Response(200, json=AMY))
    result = cli.run("connect", "quickbooks", "--code", "X", "--realm-id", "9", "--json")
    assert json.loads(result.out) == AMY


TITAN = account(7, "900000001", vendor="servicetitan")
KEYS = {"tenant_id": "900000001", "client_id": "cid.1", "client_secret": "cs1.hush"}


def test_keys_are_asked_for_and_the_secret_is_hidden(cli: CommandLine) -> None:
    cli.daemon.on("POST", "/auth/servicetitan/connect", httpx.Response(201, json=TITAN))
    cli.typed = list(KEYS.values())
    result = cli.run("connect", "servicetitan")
    assert result.code == 0
    assert [hidden for _, hidden in cli.asked] == [False, False, True]
    (request,) = cli.daemon.asked("POST", "/auth/servicetitan/connect")
    assert json.loads(request.content) == KEYS
    assert "cs1.hush" not in result.out + result.err


@pytest.mark.parametrize(
    "text", [json.dumps(KEYS), "\n".join(f"{k}: {v}" for k, v in KEYS.items())]
)
def test_keys_come_from_a_file(cli: CommandLine, text: str) -> None:
    (cli.folder / "keys").write_text(text)
    cli.daemon.on("POST", "/auth/servicetitan/connect", httpx.Response(201, json=TITAN))
    assert cli.run("connect", "servicetitan", "--from", "keys").code == 0
    (request,) = cli.daemon.asked("POST", "/auth/servicetitan/connect")
    assert json.loads(request.content) == KEYS


def test_numbers_stay_numbers_where_the_vendor_wants_some(cli: CommandLine) -> None:
    (cli.folder / "keys").write_text("tenant_id: 9\ncampaign_id: 12\nbooking_provider: 11\n")
    cli.daemon.on("POST", "/auth/servicetitan/connect", httpx.Response(201, json=TITAN))
    assert cli.run("connect", "servicetitan", "--from", "keys").code == 0
    (request,) = cli.daemon.asked("POST", "/auth/servicetitan/connect")
    expected = {"tenant_id": "9", "campaign_id": 12, "booking_provider": "11"}
    assert json.loads(request.content) == expected


def test_without_a_terminal_keys_must_come_from_a_file(cli: CommandLine) -> None:
    result = cli.run("connect", "servicetitan")
    assert result.code == 2
    assert "--from FILE" in result.err
    assert cli.daemon.requests == []


@pytest.mark.parametrize("text", [None, "hush-hush", "- hush-hush", "{hush-hush", "\x00hush-hush"])
def test_file_without_keys_is_refused_and_not_repeated(cli: CommandLine, text: str | None) -> None:
    if text is not None:
        (cli.folder / "keys").write_text(text)
    result = cli.run("connect", "servicetitan", "--from", "keys")
    assert result.code == 2
    assert "hush" not in result.err
    assert cli.daemon.requests == []
