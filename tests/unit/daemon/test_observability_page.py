"""The page that lists metrics and log events says what the code does."""

from support.observability_page import EVENTS, METRICS, PAGE, TO_BE_WRITTEN, rewritten, rows


def test_the_page_is_as_the_code_has_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.splitlines() == rewritten(text).splitlines(), "make docs"


def test_everything_on_it_has_a_meaning() -> None:
    text = PAGE.read_text(encoding="utf-8")
    metrics, events = rows(text, METRICS), rows(text, EVENTS)
    assert len(metrics) > 40
    assert len(events) > 50
    for name, row in (metrics | events).items():
        assert row[-1], name
        assert TO_BE_WRITTEN not in row[-1], f"write down in {PAGE.name} what {name} means"


def test_what_is_new_or_gone_makes_the_page_another() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for gone in ("| `syncline_accounts` |", "| `page_stored` |"):
        line = next(line for line in text.splitlines() if line.startswith(gone))
        assert rewritten(text.replace(f"{line}\n", "")) != text.replace(f"{line}\n", "")
    line = next(line for line in text.splitlines() if line.startswith("| `page_stored` |"))
    more = text.replace(line, f"{line}\n| `no_such_event` | info | | None. |")
    assert rewritten(more).splitlines() == rewritten(text).splitlines()
