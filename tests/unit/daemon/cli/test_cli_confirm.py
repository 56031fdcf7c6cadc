import json

import httpx
import pytest

from support.command_line import CommandLine, account, page

AMY = account(1, "Amy's")
STATUS = f"/integrations/{AMY['id']}/status"
CONFIRM = f"/integrations/{AMY['id']}/deletes/confirm"


def held(object_type: str, count: int) -> dict[str, object]:
    return {
        "object_type": object_type,
        "count": count,
        "live": 1000,
        "sample": ["17", "18"],
        "noticed_at": "2026-03-01T10:00:00Z",
        "confirmed_at": None,
        "confirmed_count": 0,
    }


@pytest.fixture(autouse=True)
def two_types(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/integrations", page(AMY))
    both = [held("Invoice", 900), held("Item", 60)]
    cli.daemon.on("GET", STATUS, httpx.Response(200, json={**AMY, "held_deletes": both}))
    cli.daemon.on("POST", CONFIRM, confirm)


def confirm(request: httpx.Request) -> httpx.Response:
    counts = json.loads(request.content)["counts"]
    done = [held(name, count) | {"confirmed_count": count} for name, count in counts.items()]
    return httpx.Response(200, json={"id": AMY["id"], "confirmed": done})


def sent(cli: CommandLine) -> list[object]:
    return [json.loads(request.content) for request in cli.daemon.asked("POST", CONFIRM)]


def test_it_shows_what_will_go_and_asks(cli: CommandLine) -> None:
    cli.reply = False
    result = cli.run("confirm-deletes", "Amy's")
    assert result.code == 1
    assert [line.split() for line in result.out.splitlines()[1:]] == [
        ["Invoice", "900", "1,000", "2", "h", "ago", "17,", "18"],
        ["Item", "60", "1,000", "2", "h", "ago", "17,", "18"],
    ]
    assert sent(cli) == []


def test_what_was_shown_is_what_is_confirmed(cli: CommandLine) -> None:
    cli.reply = True
    result = cli.run("confirm-deletes", "Amy's")
    assert result.code == 0
    assert "900 of Invoice, 60 of Item" in result.err
    assert sent(cli) == [
        {"object_types": ["Invoice", "Item"], "counts": {"Invoice": 900, "Item": 60}}
    ]


def test_one_type_alone_can_be_confirmed_by_a_script(cli: CommandLine) -> None:
    result = cli.run("confirm-deletes", "Amy's", "--type", "Item", "--yes", "--json")
    assert json.loads(result.out)["confirmed"][0]["confirmed_count"] == 60
    assert sent(cli) == [{"object_types": ["Item"], "counts": {"Item": 60}}]


def test_without_a_terminal_it_wants_yes(cli: CommandLine) -> None:
    assert cli.run("confirm-deletes", "Amy's").code == 2
    assert sent(cli) == []


def test_a_type_of_which_nothing_is_held_is_an_error(cli: CommandLine) -> None:
    result = cli.run("confirm-deletes", "Amy's", "--type", "Bill", "--yes")
    assert result.code == 1
    assert "Invoice, Item" in result.err


def test_with_nothing_held_there_is_nothing_to_ask(cli: CommandLine) -> None:
    cli.daemon.on("GET", STATUS, httpx.Response(200, json=AMY))
    result = cli.run("confirm-deletes", "Amy's")
    assert result.code == 0
    assert "no deletes are held" in result.err
