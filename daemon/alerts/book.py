"""Which alerts are open, and what becomes of them. Pure: takes the time, keeps no clock.

raised ──► changed ──► escalated ──► ... ──► resolved
              (acknowledged: escalates no more)
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from daemon.alerts.condition import Condition
from daemon.alerts.kinds import KINDS
from store.watch_models import Alert, AlertChange, AlertHappening, Severity

_FURTHER = 4.0
"""The second escalation comes after so many times the first wait, the third after that again."""
_CAUSE_CHARACTERS = 2_000
_FIGURES = re.compile(r"\d[\d.]*(?= (?:s|times|of|accounts|hours|reads|fields)\b|%)")


class AlertBook:
    """Knows the open alerts, and decides what happens to them.

    What it returns is to be stored; until it is, the book has gone ahead of what is stored.
    """

    def __init__(self, escalate_after_s: float | None) -> None:
        """Take how long an alert may stay before it is told again; None never tells it again."""
        self.escalate_after_s = escalate_after_s
        self._open: dict[tuple[str, str], Alert] = {}
        self._absent_since: dict[tuple[str, str], datetime] = {}

    def load(self, alerts: Iterable[Alert], unwritten: Iterable[AlertChange] = ()) -> None:
        """Know these open alerts, as they are stored, and what happened since that is not yet."""
        self._open = {alert.key: alert for alert in alerts}
        for change in unwritten:
            known = self._open.get(change.alert.key)
            if change.what is AlertHappening.RESOLVED:
                self._open.pop(change.alert.key, None)
            elif known is not None or change.what is AlertHappening.RAISED:
                self._open[change.alert.key] = replace(
                    change.alert, id=change.alert.id or (0 if known is None else known.id)
                )
        for key in self._absent_since.keys() - self._open.keys():
            del self._absent_since[key]

    def open_alerts(self) -> Sequence[Alert]:
        """Return all that are open."""
        return tuple(self._open.values())

    def find(self, kind: str, subject: str) -> Alert | None:
        """Return the open alert of a kind about a subject."""
        return self._open.get((kind, subject))

    def has_open(self, kinds: Collection[str], subject: str) -> bool:
        """Tell whether one of these kinds is open about a subject."""
        return any((kind, subject) in self._open for kind in kinds)

    def stored(self, alert: Alert) -> None:
        """Learn the id that an alert got."""
        known = self._open.get(alert.key)
        if known is not None and known.opened_at == alert.opened_at:
            self._open[alert.key] = replace(known, id=alert.id)

    def raise_one(self, condition: Condition, now: datetime) -> Sequence[AlertChange]:
        """Take in that something holds; nothing comes of what is known just so."""
        key = (condition.kind.name, condition.subject)
        self._absent_since.pop(key, None)
        severity = condition.severity or condition.kind.severity
        cause = condition.cause[:_CAUSE_CHARACTERS]
        known = self._open.get(key)
        if known is None:
            alert = Alert(
                id=0,
                kind=condition.kind.name,
                subject=condition.subject,
                severity=severity,
                cause=cause,
                opened_at=now,
                vendor=condition.vendor,
                account_id=condition.account_id,
                tried=condition.tried,
            )
            return [self._become(AlertHappening.RAISED, alert, now)]
        worse = severity is Severity.CRITICAL and known.severity is Severity.WARNING
        same = _but_for_figures(known.cause) == _but_for_figures(cause)
        if same and not worse and condition.tried in ("", known.tried):
            return ()
        alert = replace(
            known,
            severity=severity if worse else known.severity,
            cause=cause,
            tried=condition.tried or known.tried,
            acked_at=None if worse else known.acked_at,
        )
        what = AlertHappening.ESCALATED if worse else AlertHappening.CHANGED
        return [self._become(what, alert, now)]

    def resolve(self, kind: str, subject: str, how: str, now: datetime) -> Sequence[AlertChange]:
        """End an alert, if it is open."""
        known = self._open.get((kind, subject))
        if known is None:
            return ()
        return [self._become(AlertHappening.RESOLVED, _over(known, how, now), now)]

    def settle(
        self,
        kinds: Collection[str],
        subject: str,
        holding: Sequence[Condition],
        now: datetime,
        how: str = "",
    ) -> Sequence[AlertChange]:
        """Take in all that holds of these kinds about a subject: raise it, and resolve the rest."""
        changes = [change for each in holding for change in self.raise_one(each, now)]
        held = {each.kind.name for each in holding}
        for kind in kinds:
            if kind not in held and (kind, subject) in self._open:
                changes += self._gone((kind, subject), how, now)
        return changes

    def escalate(self, now: datetime) -> Sequence[AlertChange]:
        """Tell again of alerts that stay: what nobody acknowledged becomes critical."""
        if self.escalate_after_s is None:
            return ()
        return list(self._escalations(self.escalate_after_s, now))

    def acknowledge(
        self, alert: Alert, by: str, note: str | None, now: datetime
    ) -> Sequence[AlertChange]:
        """Note that somebody looks after it."""
        known = self._open.get(alert.key)
        if known is None or known.id != alert.id:
            return ()
        acked = replace(known, acked_at=now, acked_by=by, note=note)
        changes = [self._become(AlertHappening.ACKNOWLEDGED, acked, now)]
        if KINDS[known.kind].ends_by_ack:
            over = _over(acked, f"{by} acknowledged it", now)
            changes.append(self._become(AlertHappening.RESOLVED, over, now))
        return changes

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many are open, by kind and severity."""
        counts: dict[tuple[str, str], int] = {}
        for alert in self._open.values():
            key = (alert.kind, str(alert.severity))
            counts[key] = counts.get(key, 0) + 1
        return counts

    def _escalations(self, after_s: float, now: datetime) -> Iterator[AlertChange]:
        for alert in tuple(self._open.values()):
            wait = timedelta(seconds=after_s * _FURTHER**alert.escalations)
            if alert.acked_at is None and now - alert.opened_at >= wait:
                again = replace(
                    alert, severity=Severity.CRITICAL, escalations=alert.escalations + 1
                )
                yield self._become(AlertHappening.ESCALATED, again, now)

    def _gone(self, key: tuple[str, str], how: str, now: datetime) -> Sequence[AlertChange]:
        """Resolve what no longer holds once it did not for long enough."""
        since = self._absent_since.setdefault(key, now)
        known = KINDS.get(key[0])
        settled_s = 0.0 if known is None else known.settled_s
        if now - since < timedelta(seconds=settled_s):
            return ()
        return self.resolve(*key, how or "it holds no more", now)

    def _become(self, what: AlertHappening, alert: Alert, now: datetime) -> AlertChange:
        if what is AlertHappening.RESOLVED:
            self._open.pop(alert.key, None)
            self._absent_since.pop(alert.key, None)
        else:
            self._open[alert.key] = alert
        return AlertChange(what, alert, now)


def _over(alert: Alert, how: str, now: datetime) -> Alert:
    return replace(alert, resolved_at=now, resolution=how)


def _but_for_figures(cause: str) -> str:
    """What grows by itself (an age, a count) is no news."""
    return _FIGURES.sub("0", cause)
