import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

AMY = account(1, "Amy's")
PATH = f"/integrations/{AMY['id']}"
EARLIER, LATER, LATEST = (f"2026-03-01T11:5{minute}:00Z" for minute in (1, 2, 3))


def cursor(object_type: str, covered_until: str, **more: object) -> dict[str, object]:
    return {
        "object_type": object_type,
        "records": 10,
        "complete": True,
        "rescan_requested": False,
        "covered_until": covered_until,
        **more,
    }


def status(*cursors: dict[str, object], **more: object) -> httpx.Response:
    return httpx.Response(200, json=AMY | {"cursors": list(cursors)} | more)


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("POST", f"{PATH}/sync", httpx.Response(202, json={}))


def wish_of(cli: CommandLine) -> object:
    (request,) = cli.daemon.asked("POST", f"{PATH}/sync")
    return json.loads(request.content)


def test_plain_sync_asks_for_everything_and_returns(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{PATH}/status", status())
    result = cli.run("sync", "Amy's")
    assert (result.code, result.out, result.err) == (0, "", "Amy's: asked to look now\n")
    assert wish_of(cli) == {}


def test_types_and_full_are_passed_on(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{PATH}/status", status())
    cli.run("sync", "Amy's", "--type", "Invoice", "-t", "Bill", "--full")
    assert wish_of(cli) == {"object_types": ["Invoice", "Bill"], "full": True}


def test_wait_ends_when_every_type_was_looked_at(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER), cursor("Bill", EARLIER)),
        status(cursor("Invoice", LATER), cursor("Bill", EARLIER)),
        status(cursor("Invoice", LATER), cursor("Bill", LATER)),
    )
    result = cli.run("sync", "Amy's", "--wait")
    assert result.code == 0
    assert len(cli.pauses_s) == 1
    assert "Amy's: 1/2 types, live, 20 records" in result.err


def test_wait_for_one_type_does_not_mind_the_others(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER), cursor("Bill", EARLIER)),
        status(cursor("Invoice", LATER), cursor("Bill", EARLIER)),
    )
    assert cli.run("sync", "Amy's", "--type", "Invoice", "--wait").code == 0
    assert cli.pauses_s == []


def test_wait_for_a_full_reading_outlasts_a_look_that_was_under_way(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER)),
        status(cursor("Invoice", LATER, rescan_requested=True)),
        status(cursor("Invoice", LATER)),
        status(cursor("Invoice", LATEST)),
    )
    assert cli.run("sync", "Amy's", "--full", "--wait").code == 0
    assert len(cli.pauses_s) == 2


def test_wait_fails_when_the_account_needs_its_owner(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER)),
        status(cursor("Invoice", EARLIER), state="reauth_required", reasons=["token spent"]),
    )
    result = cli.run("sync", "Amy's", "--wait")
    assert result.code == 1
    assert "Amy's is reauth_required: token spent" in result.err


def test_wait_as_json_prints_the_status_after(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER)),
        status(cursor("Invoice", LATER)),
    )
    result = cli.run("sync", "Amy's", "--wait", "--json")
    assert json.loads(result.out)["cursors"][0]["covered_until"] == LATER


def test_wait_shows_a_bar_on_a_terminal(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    cli.is_terminal = True
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER)),
        status(cursor("Invoice", LATER)),
    )
    assert "1/1" in cli.run("sync", "Amy's", "--wait").err


def price(calls: int, minutes: float, **more: object) -> httpx.Response:
    types = [{"object_type": "Invoice", "records": 25_000, "calls": calls}]
    reads = {"allowance": 500_000, "used": 1234, "bound_by": "calls_per_minute"} | more
    return httpx.Response(
        200, json={"id": "x", "calls": calls, "minutes": minutes, "types": types, **reads}
    )


def test_a_dry_run_prints_the_price_and_asks_for_nothing_else(cli: CommandLine) -> None:
    cli.daemon.on("POST", f"{PATH}/sync", price(26, 0.5))
    result = cli.run("sync", "Amy's", "--full", "--dry-run")
    assert result.code == 0
    assert "25,000" in result.out
    assert result.out.splitlines()[-1] == (
        "Amy's: at least 26 calls, about 30 s (as many calls a minute as the vendor allows);"
        " 0.0052 % of the month's 500,000 reads, of which 1,234 are used"
    )
    assert wish_of(cli) == {"full": True, "dry_run": True}


def test_a_dry_run_of_all_accounts_adds_them_up(cli: CommandLine) -> None:
    bob, gone = account(2, "Bob's"), account(3, "Gone", state="disconnected")
    cli.daemon.on("GET", "/integrations", page(AMY, bob, gone))
    cli.daemon.on("POST", f"{PATH}/sync", price(26, 0.5))
    cli.daemon.on("POST", f"/integrations/{bob['id']}/sync", price(100, 2.0))
    result = cli.run("sync", "--full", "--dry-run")
    assert result.out == (
        "2 accounts: at least 126 calls, about 2 min (as many calls a minute as the vendor allows);"
        " 0.025 % of the month's 500,000 reads, of which 1,234 are used\n"
    )


def test_calls_that_are_not_metered_are_no_part_of_the_months_reads(cli: CommandLine) -> None:
    bob = account(2, "Bob's")
    cli.daemon.on("GET", "/integrations", page(AMY, bob))
    cli.daemon.on("POST", f"{PATH}/sync", price(50, 0.5))
    cli.daemon.on("POST", f"/integrations/{bob['id']}/sync", price(100, 0.5, allowance=None))
    out = cli.run("sync", "--full", "--dry-run").out
    assert "at least 150 calls" in out
    assert "; 0.01 % of the month's 500,000 reads" in out


def test_an_unmetered_price_has_no_share(cli: CommandLine) -> None:
    cli.daemon.on("POST", f"{PATH}/sync", price(26, 0.5, allowance=None))
    result = cli.run("sync", "Amy's", "--full", "--dry-run")
    assert result.out.splitlines()[-1].endswith("; reads are not metered")


def test_without_an_account_nothing_is_looked_at(cli: CommandLine) -> None:
    for arguments in ((), ("--full",), ("--dry-run",)):
        result = cli.run("sync", *arguments)
        assert (result.code, result.out) == (2, "")
        assert "which account?" in result.err
    assert cli.daemon.asked("POST", f"{PATH}/sync") == []


HELD = {
    "object_type": "Invoice",
    "count": 300,
    "live": 400,
    "noticed_at": EARLIER,
    "sample": ["1"],
}


def test_wait_ends_when_only_a_person_s_word_about_deletes_is_missing(cli: CommandLine) -> None:
    before = status(cursor("Invoice", EARLIER), cursor("Bill", EARLIER), held_deletes=[HELD])
    after = status(cursor("Invoice", EARLIER), cursor("Bill", LATER), held_deletes=[HELD])
    cli.daemon.on("GET", f"{PATH}/status", before, before, after)
    result = cli.run("sync", "Amy's", "--full", "--wait")
    assert result.code == 1
    assert "deletes are held because they are too many at once: 300 of 400 Invoice" in result.err
    assert f"syncline confirm-deletes {AMY['id']}" in result.err


@pytest.mark.parametrize("confirmed", [EARLIER, None])
def test_deletes_that_are_released_are_waited_for(cli: CommandLine, confirmed: str | None) -> None:
    held = HELD | {"confirmed_at": confirmed, "confirmed_count": 300 if confirmed else 0}
    waiting = [status(cursor("Invoice", EARLIER), held_deletes=[held])] * (20 if confirmed else 6)
    cli.daemon.on("GET", f"{PATH}/status", *waiting, status(cursor("Invoice", LATER)))
    assert cli.run("sync", "Amy's", "--wait").code == 0


def test_wait_ends_when_the_vendor_says_that_the_reads_are_used_up(cli: CommandLine) -> None:
    budget = {"month": "2026-03", "used": 500, "forecast": 500, "stretch": 1.0}
    budget |= {"refused_by_vendor": True, "reason": "they rest until 2026-04-01T07:00:00Z"}
    cli.daemon.on("GET", f"{PATH}/status", status(cursor("Invoice", EARLIER), budget=budget))
    result = cli.run("sync", "Amy's", "--wait")
    assert result.code == 1
    assert "they rest until 2026-04-01T07:00:00Z" in result.err


def test_a_daemon_that_is_restarted_meanwhile_is_waited_for(cli: CommandLine) -> None:
    starting = httpx.Response(503, json={"title": "Not ready yet", "status": 503})
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(cursor("Invoice", EARLIER)),
        status(cursor("Invoice", EARLIER)),
        starting,
        starting,
        status(cursor("Invoice", LATER)),
    )
    result = cli.run("sync", "Amy's", "--wait")
    assert result.code == 0
    assert result.err.count("Not ready yet; waiting for it") == 1


def test_a_daemon_that_stays_away_is_not_waited_for_without_end(cli: CommandLine) -> None:
    starting = httpx.Response(503, json={"title": "Not ready yet", "status": 503})
    looked = status(cursor("Invoice", EARLIER))
    cli.daemon.on("GET", f"{PATH}/status", looked, looked, starting)
    cli.pauses_left = 1000
    assert cli.run("sync", "Amy's", "--wait").code == 1
    assert sum(cli.pauses_s) < 100
