"""The page that tells what alerts mean says what the code does."""

import re
from pathlib import Path

from daemon.account_events import telling
from daemon.alerts.kinds import KINDS
from daemon.audit.deeds import DEEDS

DOCS = Path(__file__).parents[4] / "docs"


def rows(heading: str) -> dict[str, list[str]]:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    section = text.partition(f"# {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in cells}


def test_every_kind_of_alert_is_listed_as_it_is() -> None:
    expected = {
        kind.name: [str(kind.severity), kind.meaning, kind.what_to_do] for kind in KINDS.values()
    }
    listed = rows("Alerts and their runbooks")
    table = "\n".join(f"| `{name}` | {' | '.join(row)} |" for name, row in expected.items())
    assert {name: listed.get(name) for name in expected} == expected, f"put this there:\n{table}"


def test_every_deed_of_the_audit_trail_is_listed_as_it_is() -> None:
    listed = rows("Health, timelines and the audit trail")
    assert {name: listed.get(name) for name in DEEDS} == {n: [m] for n, m in DEEDS.items()}


def test_every_kind_of_account_event_is_listed() -> None:
    text = (DOCS / "store.md").read_text(encoding="utf-8")
    section = text.partition("## `account_events`\n")[2].partition("\n## ")[0]
    (line,) = [line for line in section.splitlines() if line.startswith("| `kind`")]
    assert tuple(re.findall(r"`(\w+)`", line)[1:]) == telling.KINDS
