import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

AMY = account(1, "Amy's")
PATH = f"/integrations/{AMY['id']}"


def compared(object_type: str, **more: object) -> dict[str, object]:
    nothing = {"missing": [], "extra": [], "differing": [], "complete": True}
    counts = {"missing_count": 0, "extra_count": 0, "differing_count": 0}
    sizes = {"vendor_count": 10, "local_count": 10}
    return {"object_type": object_type, **sizes, **nothing, **counts, **more}


def certificate(*types: dict[str, object], **more: object) -> httpx.Response:
    document = {"exact": True, "repaired": True, "complete": True, "reads": 2, "answers": 3}
    document["as_of"] = "2026-03-01T11:50:00Z"  # type: ignore[assignment]
    return httpx.Response(200, json={**document, "types": list(types), **more})


def status(*, answers: int, **verification: object) -> httpx.Response:
    last = {
        "finished_at": "2026-03-01T11:58:00Z",
        "exact": True,
        "repaired": True,
        "differences": 0,
        "reads": 2,
        "answers": answers,
    }
    more = {"cursors": [], "verification": {"last": last, "running": None, **verification}}
    return httpx.Response(200, json=AMY | more)


def running(done: int, began_at: str = "2026-03-01T11:57:00Z") -> dict[str, object]:
    return {
        "began_at": began_at,
        "object_type": "Invoice",
        "types_done": done,
        "types": 2,
        "objects": 1500,
        "differences": 1,
        "reads": 3,
    }


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    cli.daemon.on("POST", f"{PATH}/verify", httpx.Response(202, json={"request": 3}))
    cli.daemon.on("GET", f"{PATH}/status", status(answers=2, running=running(1)), status(answers=3))
    cli.daemon.on("GET", f"{PATH}/certificate", certificate(compared("Invoice")))


def test_an_exact_account_is_told_as_such(cli: CommandLine) -> None:
    result = cli.run("verify", "Amy's")
    assert result.code == 0
    assert "Amy's: 1/2 types, Invoice, 1,500 objects, 1 difference\n" in result.err
    assert "Amy's: exact (as of 2026-03-01T11:50:00Z, 2 calls)" in result.err
    assert result.out.splitlines()[1].split() == ["Invoice", "10", "10", "0", "0", "0"]
    (request,) = cli.daemon.asked("POST", f"{PATH}/verify")
    assert dict(request.url.params) == {"repair": "true", "wait": "0"}


def test_what_was_mended_is_named_and_is_no_failure(cli: CommandLine) -> None:
    found = compared("Invoice", missing=["17"], missing_count=1)
    cli.daemon.on("GET", f"{PATH}/certificate", certificate(found, exact=False))
    result = cli.run("verify", "Amy's")
    assert result.code == 0
    assert "Invoice missing: 17\n" in result.out
    assert "1 difference, mended" in result.err


def test_what_was_not_mended_is_a_failure(cli: CommandLine) -> None:
    ids = [str(number) for number in range(1000)]
    found = compared("Invoice", differing=ids, differing_count=1200)
    cli.daemon.on("GET", f"{PATH}/certificate", certificate(found, exact=False, repaired=False))
    result = cli.run("verify", "Amy's", "--no-repair")
    assert result.code == 1
    assert "18, 19 and 1,180 more\n" in result.out
    assert "1,200 differences, not mended" in result.err
    (request,) = cli.daemon.asked("POST", f"{PATH}/verify")
    assert request.url.params["repair"] == "false"


def test_what_was_not_read_to_the_end_is_a_failure(cli: CommandLine) -> None:
    found = compared("Invoice", complete=False)
    cli.daemon.on(
        "GET",
        f"{PATH}/certificate",
        certificate(found, exact=False, repaired=False, complete=False),
    )
    result = cli.run("verify", "Amy's")
    assert result.code == 1
    assert "not all was read" in result.err


def test_json_is_the_whole_certificate(cli: CommandLine) -> None:
    result = cli.run("verify", "Amy's", "--json")
    assert json.loads(result.out)["types"][0]["object_type"] == "Invoice"


def test_one_that_fails_says_why(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{PATH}/status", status(answers=2, last_error="HTTP 503"))
    result = cli.run("verify", "Amy's")
    assert result.code == 1
    assert "could not be verified: HTTP 503" in result.err


def test_an_account_that_needs_its_owner_is_not_waited_for(cli: CommandLine) -> None:
    stuck = AMY | {"state": "reauth_required", "reasons": ["token spent"], "cursors": []}
    cli.daemon.on("GET", f"{PATH}/status", httpx.Response(200, json=stuck))
    result = cli.run("verify", "Amy's")
    assert result.code == 1
    assert "token spent" in result.err


def test_a_terminal_shows_a_bar(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    cli.is_terminal = True
    assert "1/2" in cli.run("verify", "Amy's").err


def test_status_tells_of_the_last_one(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{PATH}/status", status(answers=3, running=running(0)))
    result = cli.run("status", "Amy's")
    assert "verified" in result.out
    assert "exact, 2 min ago, 2 calls; under way: 0/2 types" in result.out


def test_progress_that_jumps_back_says_why(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(answers=2, running=running(1)),
        status(answers=2, running=running(0, "2026-03-01T11:58:00Z")),
        status(answers=2, running=running(1, "2026-03-01T11:58:00Z")),
        status(answers=3),
    )
    result = cli.run("verify", "Amy's")
    assert result.code == 0
    assert result.err.count("Amy's: begun anew, because the one before was interrupted") == 1


def test_one_that_was_under_way_before_is_told_apart(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        f"{PATH}/status",
        status(answers=1, running=running(1)),
        status(answers=2, running=running(0, "2026-03-01T11:58:00Z")),
        status(answers=3),
    )
    result = cli.run("verify", "Amy's")
    assert "now the one that you asked for is made" in result.err
    assert "begun anew" not in result.err


def test_what_only_a_person_can_decide_says_what_to_do(cli: CommandLine) -> None:
    found = compared("Invoice", extra=["1"], extra_count=300, unrepaired_count=300)
    cli.daemon.on("GET", f"{PATH}/certificate", certificate(found, exact=False, repaired=False))
    result = cli.run("verify", "Amy's")
    assert result.code == 1
    assert f"syncline sync {AMY['id']} --full --wait" in result.err
    held = {"object_type": "Invoice", "count": 3, "live": 4, "noticed_at": "2026-03-01T11:58:00Z"}
    document = json.loads(status(answers=3).content) | {"held_deletes": [held]}
    cli.daemon.on("GET", f"{PATH}/status", httpx.Response(200, json=document))
    result = cli.run("verify", "Amy's")
    assert result.code == 1
    assert f"confirm them if they are meant: syncline confirm-deletes {AMY['id']}" in result.err


def test_what_was_mended_before_it_began_is_told(cli: CommandLine) -> None:
    found = compared("Invoice", missing=["17"], missing_count=1)
    cli.daemon.on("GET", f"{PATH}/certificate", certificate(found, exact=False, mended_before=1))
    assert "1 difference, mended, 1 of them before it began" in cli.run("verify", "Amy's").err


def test_status_tells_what_no_certificate_names_yet(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{PATH}/status", status(answers=3, mended_since=2))
    assert "2 rows mended that no certificate names yet" in cli.run("status", "Amy's").out
