"""What `status --watch` paints on a terminal: made anew each second, as large as the terminal is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.cli.account_table import state_text
from daemon.cli.cluster_text import cluster_lines
from daemon.cli.output import Output
from daemon.cli.overview_replies import MonthsReadsReply, OverviewReply, OverviewRowReply
from daemon.cli.wording import age, count, duration, printable

_NEWS_FOR = timedelta(seconds=10)
"""So long what has changed is highlighted."""
_HIGHLIGHT = "reverse"
_NEED_A_PERSON = ("quarantined", "reauth_required")
_GAP_CHARS = 2
_LEAST_NAME_CHARS = 12
_MOST_NAME_CHARS = 32
_AGE_CHARS = len("EXACT AS OF")
_LEAST_WHY_CHARS = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """An account's, or a number's, last change: what it was before, and since when it is not."""

    before: str
    at: datetime


class LiveView:
    """What was last heard of the daemon, what changed lately, and whether it answers."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._heard: OverviewReply | None = None
        self._heard_at: datetime | None = None
        self._away_since: datetime | None = None
        self._away_why = ""
        self._back: Turn | None = None
        self._account_turns: dict[str, Turn] = {}
        self._count_turns: dict[str, Turn] = {}

    def hear(self, overview: OverviewReply, now: datetime) -> None:
        """Take in how it is now."""
        if self._away_since is not None:
            self._back = Turn(duration((now - self._away_since).total_seconds()), now)
            self._away_since = None
        if self._heard is not None:
            self._note_turns(self._heard, overview, now)
        self._heard, self._heard_at = overview, now

    def miss(self, why: str, now: datetime) -> None:
        """Take in that the daemon does not answer; what was heard last stays on the screen."""
        if self._away_since is None:
            self._away_since = now
        self._away_why = why

    def paint(self, output: Output, height: int, now: datetime) -> RenderableType:
        """Return what fits: so many lines, none wider than the terminal."""
        heard = self._heard
        if heard is None:
            return Group()
        head = [*self._head(heard, output.width, now), Text()]
        room = max(0, height - len(head) - 2)  # the table's headings, and the last line
        rows = heard.accounts[:room]
        return Group(
            *head, *_table(rows, output.width, self._account_turns, now), _rest(heard, rows)
        )

    def _head(self, heard: OverviewReply, width: int, now: datetime) -> Sequence[Text]:
        lines = [self._title(heard, width, now)]
        if self._away_since is not None:
            lines.append(Text(printable(self._away_why), "red"))
        lines.append(self._counts(heard, now))
        if heard.oldest_exact_as_of is not None:
            furthest = age(heard.oldest_exact_as_of, now)
            lines.append(Text(f"The furthest behind is exact as of {furthest}."))
        lines += [_reads(vendor, each) for vendor, each in heard.reads.items()]
        lines += cluster_lines(heard.cluster)
        lines += [Text(printable(each), "bold red") for each in heard.trouble]
        lines += _alerts(heard, now)
        needing = sum(heard.states.get(state, 0) for state in _NEED_A_PERSON)
        if needing:
            verb = "needs" if needing == 1 else "need"
            lines.append(Text(f"{count(needing, 'account')} {verb} a person.", "bold red"))
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        return lines

    def _title(self, heard: OverviewReply, width: int, now: datetime) -> Text:
        clock = f"{now:%H:%M:%SZ}"
        if self._away_since is not None:
            away = duration((now - self._away_since).total_seconds())
            return Text(f"AWAY for {away}; waiting for it. What follows is older.", "bold red")
        name = f"Syncline {heard.version} at {self._address}"
        style = "bold"
        if self._back is not None and _is_news(self._back, now):
            name += f", back after {self._back.before}"
            style = "bold green"
        return Text(printable(f"{name:<{width - len(clock) - 1}} {clock}"), style)

    def _counts(self, heard: OverviewReply, now: datetime) -> Text:
        line = Text(count(sum(heard.states.values()), "account"))
        shown = [(state, number) for state, number in heard.states.items() if number]
        for position, (state, number) in enumerate(shown):
            line.append(", " if position else ": ")
            part = state_text(f"{number:,} {state}")
            part.style = state_text(state).style
            if _is_news(self._count_turns.get(state), now):
                part.stylize(_HIGHLIGHT)
            line.append_text(part)
        return line

    def _note_turns(self, before: OverviewReply, after: OverviewReply, now: datetime) -> None:
        for state in after.states.keys() | before.states.keys():
            was = before.states.get(state, 0)
            if after.states.get(state, 0) != was:
                self._count_turns[state] = Turn(str(was), now)
        was_in = {row.id: row.state for row in before.accounts}
        for row in after.accounts:
            was_state = was_in.get(row.id)
            if was_state is not None and was_state != row.state:
                self._account_turns[row.id] = Turn(was_state, now)
        self._account_turns = {
            account_id: turn
            for account_id, turn in self._account_turns.items()
            if _is_news(turn, now)
        }


def _is_news(turn: Turn | None, now: datetime) -> bool:
    return turn is not None and now - turn.at < _NEWS_FOR


def _alerts(heard: OverviewReply, now: datetime) -> Iterable[Text]:
    """Yield a line for each vendor's incident, one that counts the alerts, and the most urgent ones."""
    for vendor in heard.incidents:
        yield Text(printable(f"Most accounts of {vendor} fail at once."), "bold red")
    counts = {"critical": heard.alerts.critical, "warning": heard.alerts.warning}
    if not any(counts.values()):
        return
    said = ", ".join(f"{number:,} {severity}" for severity, number in counts.items() if number)
    taken = heard.alerts.acknowledged
    after = f", {taken:,} looked after" if taken else ""
    style = "bold red" if heard.alerts.critical else "yellow"
    yield Text(f"Open alerts: {said}{after}. See: syncline alerts list", style)
    for alert in heard.most_urgent:
        since = duration(max(0.0, (now - alert.since).total_seconds()))
        yield Text(
            printable(f"  {alert.severity}, {since}: {alert.cause}"),
            "red" if alert.severity == "critical" else "yellow",
        )


def _reads(vendor: str, reads: MonthsReadsReply) -> Text:
    of = "" if reads.allowance is None else f" of {reads.allowance:,}"
    said = f"Reads at {vendor} in {reads.month}: {reads.used:,}{of}"
    if reads.reason is not None:
        return Text(printable(f"{said}; {reads.reason}"), "yellow")
    said += (
        ", forecast not known yet" if reads.forecast is None else f", {reads.forecast:,} forecast"
    )
    if reads.stretch > 1:
        return Text(printable(f"{said}; polls {reads.stretch:.1f} times as seldom"), "yellow")
    return Text(printable(said))


def _table(
    rows: Sequence[OverviewRowReply], width: int, turns: Mapping[str, Turn], now: datetime
) -> Iterable[Text]:
    """Yield one line for each account under the headings; a narrow terminal goes without reasons."""
    states = max([len("STATE"), *(len(row.state) for row in rows)])
    longest = max([len("NAME"), *(len(printable(row.name)) for row in rows)])
    left = width - states - _AGE_CHARS - 2 * _GAP_CHARS
    names = min(longest, max(_LEAST_NAME_CHARS, min(_MOST_NAME_CHARS, left // 2)))
    whys = left - names - _GAP_CHARS
    has_why = whys >= _LEAST_WHY_CHARS
    widths = [states, names, _AGE_CHARS, *([whys] if has_why else [])]
    heading = [Text(each) for each in ("STATE", "NAME", "EXACT AS OF", "WHY")]
    yield _line(heading, widths, "bold")
    for row in rows:
        turn = turns.get(row.id)
        is_news = turn is not None and _is_news(turn, now)
        why = "; ".join(row.reasons)
        if turn is not None and is_news:
            why = f"was {turn.before}" + (f"; {why}" if why else "")
        cells = [
            state_text(row.state),
            Text(printable(row.name)),
            Text(age(row.exact_as_of, now)),
            Text(printable(why), "dim"),
        ]
        if is_news:
            cells[0].stylize(_HIGHLIGHT)
        yield _line(cells, widths)


def _line(cells: Sequence[Text], widths: Sequence[int], style: str = "") -> Text:
    line = Text(style=style, no_wrap=True, overflow="crop")
    for position, (cell, chars) in enumerate(zip(cells, widths, strict=False)):
        line.append(" " * _GAP_CHARS if position else "")
        cell.truncate(chars, overflow="ellipsis", pad=True)
        line.append_text(cell)
    return line


def _rest(heard: OverviewReply, shown: Sequence[OverviewRowReply]) -> Text:
    left = Counter(heard.states)
    left.subtract(Counter(row.state for row in shown))
    rest = {state: number for state, number in left.items() if number > 0}
    if not rest:
        return Text("Ctrl-C ends it.", "dim")
    by_state = ", ".join(f"{number:,} {state}" for state, number in rest.items())
    said = f"all {next(iter(rest))}" if len(rest) == 1 else by_state
    text = f"… and {sum(rest.values()):,} more, {said}."
    return Text(printable(text), "dim", no_wrap=True, overflow="ellipsis")
