import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

AMY = account(1, "Amy's")
INVOICES = f"/integrations/{AMY['id']}/objects/Invoice"
PAYLOAD = '{"Id":"7","TotalAmt":100.00,"Big":12345678901234567890,"Note":"caf\\u00e9"}'


def an_object(object_id: str, payload: str = PAYLOAD) -> str:
    return (
        f'{{"object_type":"Invoice","object_id":"{object_id}","version":"0",'
        '"updated_at":"2026-03-01T11:00:00Z","synced_at":"2026-03-01T11:00:02Z",'
        f'"deleted":false,"payload":{payload}}}'
    )


def objects(*ids: str, following: str | None = None) -> httpx.Response:
    items = ",".join(an_object(each) for each in ids)
    return httpx.Response(200, text=f'{{"items":[{items}],"next":{json.dumps(following)}}}')


def change(seq: int) -> dict[str, object]:
    return {
        "seq": seq,
        "account_id": AMY["id"],
        "vendor": "quickbooks",
        "object_type": "Invoice",
        "object_id": str(100 + seq),
        "op": "upsert",
        "via": "poll",
        "observed_at": "2026-03-01T11:00:02Z",
        "updated_at": "2026-03-01T11:00:00Z",
    }


@pytest.fixture(autouse=True)
def one_account(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))


def test_objects_as_json_keep_the_vendors_spelling(cli: CommandLine) -> None:
    cli.daemon.on("GET", INVOICES, objects("7", "8"))
    lines = cli.run("objects", "Amy's", "Invoice", "--json").out.splitlines()
    assert lines == [an_object("7"), an_object("8")]


def test_objects_as_json_keep_every_character(cli: CommandLine) -> None:
    odd = '{"Id":"7","Name":"a\x7f\xa0\u200b\u2028b"}'
    reply = httpx.Response(200, text=f'{{"items":[{an_object("7", odd)}],"next":null}}')
    cli.daemon.on("GET", INVOICES, reply)
    assert cli.run("objects", "Amy's", "Invoice", "--json").out == f"{an_object('7', odd)}\n"


def test_objects_are_a_table_with_the_beginning_of_each_payload(cli: CommandLine) -> None:
    cli.daemon.on("GET", INVOICES, objects("7"))
    heading, row = cli.run("objects", "Amy's", "Invoice").out.splitlines()
    assert heading.split() == ["ID", "VERSION", "UPDATED", "SYNCED", "DELETED", "PAYLOAD"]
    assert row.split()[:3] == ["7", "0", "2026-03-01T11:00:00Z"]
    assert row.endswith("...")


def test_objects_stop_at_the_limit_and_say_so(cli: CommandLine) -> None:
    cli.daemon.on("GET", INVOICES, objects("7", "8", following="c1"), objects("9", "10"))
    result = cli.run("objects", "Amy's", "Invoice", "--limit", "3")
    assert len(result.out.splitlines()) == 4
    assert "The first 3 objects" in result.err


def test_deleted_objects_are_asked_for_only_when_wanted(cli: CommandLine) -> None:
    cli.daemon.on("GET", INVOICES, objects("7"))
    cli.run("objects", "Amy's", "Invoice")
    cli.run("objects", "Amy's", "Invoice", "--deleted")
    asked = [r.url.params.get("include_deleted") for r in cli.daemon.asked("GET", INVOICES)]
    assert asked == [None, "true"]


def test_one_object_prints_its_payload_as_the_vendor_wrote_it(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{INVOICES}/7", httpx.Response(200, text=an_object("7")))
    result = cli.run("objects", "Amy's", "Invoice", "7")
    assert '"TotalAmt": 100.00' in result.out
    assert '"Big": 12345678901234567890' in result.out
    assert '"Note": "caf\\u00e9"' in result.out
    assert "Invoice 7, version 0" in result.err


def test_one_object_as_json_is_the_whole_answer_on_one_line(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{INVOICES}/7", httpx.Response(200, text=an_object("7")))
    assert cli.run("objects", "Amy's", "Invoice", "7", "--json").out == f"{an_object('7')}\n"


def test_odd_characters_in_a_type_stay_inside_the_path(cli: CommandLine) -> None:
    cli.run("objects", "Amy's", "../../health?x=")
    assert cli.daemon.requests[-1].url.raw_path.startswith(
        INVOICES.replace("Invoice", "..%2F..%2Fhealth%3Fx%3D").encode()
    )


def test_changes_run_to_the_end_of_the_feed(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET",
        "/changes",
        page(change(1), change(2), following=2),
        page(change(3), following=3),
        page(following=3),
    )
    result = cli.run("changes")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == ["1", "2", "3"]
    asked = [request.url.params["after"] for request in cli.daemon.asked("GET", "/changes")]
    assert asked == ["0", "2", "3"]


def test_change_is_one_line_with_the_companys_name(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/changes", page(change(1), following=1), page(following=1))
    (line,) = cli.run("changes").out.splitlines()
    assert line.split() == [
        *("1", "2026-03-01T11:00:02Z", "upsert", "poll", "Invoice", "101", "Amy's"),
    ]


def test_changes_as_json_are_one_a_line(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/changes", page(change(1), following=1), page(following=1))
    assert [json.loads(line) for line in cli.run("changes", "--json").out.splitlines()] == [
        change(1)
    ]


def test_following_waits_for_more_and_goes_on_behind_it(cli: CommandLine) -> None:
    cli.daemon.on(
        "GET", "/changes", page(following=5), page(change(6), following=6), page(following=6)
    )
    result = cli.run("changes", "--follow", "--after", "5", "--limit", "1")
    assert len(result.out.splitlines()) == 1
    asked = cli.daemon.asked("GET", "/changes")
    assert [request.url.params["after"] for request in asked] == ["5", "5"]
    assert all(int(request.url.params["wait"]) > 0 for request in asked)


@pytest.mark.parametrize(("asked", "began"), [((), "41"), (("--after", "0"), "0")])
def test_following_starts_from_now_unless_told_where(
    cli: CommandLine, asked: tuple[str, ...], began: str
) -> None:
    cli.daemon.on("GET", "/health/db", httpx.Response(200, json={"writable": True, "last_seq": 41}))
    cli.daemon.on("GET", "/changes", page(change(42), following=42))
    cli.run("changes", "--follow", "--limit", "1", *asked)
    assert cli.daemon.asked("GET", "/changes")[0].url.params["after"] == began


def test_limit_is_never_passed(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/changes", page(change(1), change(2), following=2))
    assert len(cli.run("changes", "--limit", "2").out.splitlines()) == 2
    assert cli.daemon.asked("GET", "/changes")[0].url.params["limit"] == "2"


def test_changes_can_be_of_one_account_and_type(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/changes", page(following=0))
    cli.run("changes", "--account", "Amy's", "--type", "Bill")
    (request,) = cli.daemon.asked("GET", "/changes")
    assert request.url.params["account"] == AMY["id"]
    assert request.url.params["type"] == "Bill"


def fresh(document: str, *, reason: str | None) -> httpx.Response:
    known = {"exact_as_of": "2026-03-01T11:58:00Z", "age_seconds": 120.0}
    freshness = json.dumps(known | {"stale": reason is not None, "reason": reason})
    return httpx.Response(200, text=f'{document[:-1]},"freshness":{freshness}}}')


def test_objects_of_an_age_are_asked_for_once_and_say_how_old_they_are(cli: CommandLine) -> None:
    listed = f'{{"items":[{an_object("7")}],"next":null}}'
    cli.daemon.on("GET", INVOICES, fresh(listed, reason=None))
    result = cli.run("objects", "Amy's", "Invoice", "--max-age", "60")
    assert "Exact as of 2026-03-01T11:58:00Z." in result.err
    first, second = cli.daemon.asked("GET", INVOICES)
    assert first.url.params["max_age"] == "60.0"
    assert "max_age" not in second.url.params


def test_an_object_that_could_not_be_looked_at_says_why(cli: CommandLine) -> None:
    cli.daemon.on("GET", f"{INVOICES}/7", fresh(an_object("7"), reason="breaker_open"))
    result = cli.run("objects", "Amy's", "Invoice", "7", "--max-age", "0")
    assert "older than it should be: breaker_open" in result.err
