"""Alerts for Prometheus' Alertmanager (API v2).

It forgets an alert that is not sent again within minutes: all that are open are sent every minute.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx
import msgspec

from actors.clock import Clock
from daemon.alerts.kinds import KINDS, TEST
from daemon.alerts.webhook import check_reply, post
from daemon.config.alerts import AlertmanagerConfig
from store.watch_models import Alert, AlertEvent

_ENDS_AFTER = timedelta(minutes=5)
_AT_ONCE = 500


class Alertmanager:
    """Posts alerts to one Alertmanager."""

    name = "alertmanager"
    resend_every_s: float | None = 60.0

    def __init__(
        self, config: AlertmanagerConfig, http: httpx.AsyncClient, clock: Clock, public_url: str
    ) -> None:
        self._config = config
        self._http = http
        self._clock = clock
        self._public_url = public_url

    async def send(self, events: Sequence[AlertEvent], open_alerts: Sequence[Alert]) -> None:
        """Send what ended by these events, and all that is open.

        Raises:
            DeliveryError: it did not take them.
        """
        still_open = {alert.key for alert in open_alerts}
        ended = {
            event.alert.key: event.alert for event in events if event.alert.key not in still_open
        }
        alerts = [*ended.values(), *open_alerts]
        url, headers = f"{self._config.url}/api/v2/alerts", {"Content-Type": "application/json"}
        for first in range(0, len(alerts), _AT_ONCE):
            body = msgspec.json.encode([self._posted(each) for each in alerts[first:][:_AT_ONCE]])
            reply = await post(self._http, url, body, headers, self._config.timeout_s)
            check_reply(reply, self._clock.now().utc)

    def _posted(self, alert: Alert) -> dict[str, object]:
        kind = KINDS.get(alert.kind)
        labels = {
            "alertname": alert.kind,
            "severity": str(alert.severity),
            "subject": alert.subject,
            "vendor": alert.vendor or "",
            "account": alert.account_id or "",
            "job": "syncline",
        }
        return {
            "labels": {name: text for name, text in labels.items() if text},
            "annotations": {
                "summary": alert.cause,
                "meaning": "" if kind is None else kind.meaning,
                "what_to_do": "" if kind is None else kind.what_to_do,
                "tried": alert.tried,
            },
            "startsAt": alert.opened_at,
            "endsAt": self._ends_at(alert),
            "generatorURL": f"{self._public_url}/alerts/{alert.id}",
        }

    def _ends_at(self, alert: Alert) -> datetime:
        if alert.resolved_at is not None and alert.kind != TEST:
            return alert.resolved_at
        return self._clock.now().utc + _ENDS_AFTER
