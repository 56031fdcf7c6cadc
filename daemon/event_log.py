"""Writes what the actors do as log lines.

One line an event: a failure when it begins and when it is over, idle polls only at debug.
"""

from collections.abc import Mapping

import structlog

from actors.events import (
    ActionAttempted,
    ActionEnded,
    ActionParked,
    CallMade,
    DeliveryOutcome,
    DriftFound,
    DriftResolved,
    Event,
    LookAbandoned,
    OwnerNeeded,
    PageStored,
    RefreshFailed,
    TokenRefreshed,
    WebhookDelivered,
)
from daemon.action_log import log_action
from daemon.event_lines import write_line
from daemon.verification_log import log_mended
from store.models import Via

log = structlog.get_logger()

_TOKENS = "tokens"
_WEBHOOK = "webhook"


class EventLog:
    """Logs events. Remembers what is broken: says so once, and says when it is whole again."""

    def __init__(self, trace_names: Mapping[str, str]) -> None:
        """Make the log.

        Args:
            trace_names: by vendor, what it calls its own id of a call; else `trace_id`.
        """
        self._trace_names = trace_names
        self._broken: dict[tuple[str, str], int] = {}

    def listen(self, event: Event) -> None:
        """Write the event's line, if it is worth one."""
        if isinstance(event, WebhookDelivered):
            self._delivered(event)
        else:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        match event:
            case CallMade():
                self._call_made(event)
            case PageStored():
                self._page_stored(event)
            case LookAbandoned():
                self._look_abandoned(event)
            case TokenRefreshed():
                self._token_refreshed(event)
            case RefreshFailed():
                self._refresh_failed(event)
            case OwnerNeeded():
                self._forget(event.account_id)
                log.error(
                    "owner_needed", account=event.account_id, vendor=event.vendor, cause=event.cause
                )
            case (
                ActionAttempted() | ActionEnded() | ActionParked() | DriftFound() | DriftResolved()
            ):
                log_action(event, self._trace)
            case _:
                write_line(event)

    def _call_made(self, event: CallMade) -> None:
        log.debug(
            "vendor_called",
            vendor=event.vendor,
            operation=event.operation,
            external_account_id=event.external_account_id,
            status=event.status,
            reason=event.reason,
            duration_s=round(event.duration_s, 3),
            **self._trace(event.vendor, event.trace_id),
        )

    def _page_stored(self, event: PageStored) -> None:
        failures = self._broken.pop((event.account_id, event.look), 0)
        if failures:
            log.info(
                "look_recovered",
                account=event.account_id,
                vendor=event.vendor,
                look=event.look,
                failures=failures,
            )
        idle = event.via is Via.POLL and not event.upserts and not event.deletes
        write = log.debug if idle else log.info
        write(
            "page_stored",
            account=event.account_id,
            vendor=event.vendor,
            look=event.look,
            via=str(event.via),
            objects=event.objects,
            upserts=event.upserts,
            deletes=event.deletes,
            duration_s=round(event.duration_s, 3),
        )
        if event.mended:
            log_mended(event)
        if event.missed:
            log.info(
                "webhooks_missed",
                account=event.account_id,
                vendor=event.vendor,
                look=event.look,
                changes=event.missed,
            )
        if event.became_exact and event.exact_as_of is not None:
            log.info(
                "backfill_complete",
                account=event.account_id,
                vendor=event.vendor,
                exact_as_of=event.exact_as_of.isoformat(),
            )

    def _delivered(self, event: WebhookDelivered) -> None:
        if event.outcome is DeliveryOutcome.TAKEN:
            self._broken.pop((event.vendor, _WEBHOOK), None)
            log.debug(
                "webhook_delivered",
                vendor=event.vendor,
                stored=event.stored,
                duplicates=event.duplicates,
                unknown_accounts=event.unknown_accounts,
                unknown_types=event.unknown_types,
                unreadable=event.unreadable,
                duration_s=round(event.duration_s, 3),
            )
            return
        write = log.debug if self._breaks(event.vendor, _WEBHOOK) else log.warning
        write("webhook_refused", vendor=event.vendor, outcome=str(event.outcome))

    def _look_abandoned(self, event: LookAbandoned) -> None:
        write = log.debug if self._breaks(event.account_id, event.look) else log.warning
        write(
            "look_failed",
            account=event.account_id,
            vendor=event.vendor,
            look=event.look,
            reason=event.reason,
            error=event.error,
            attempt=event.attempt,
            **self._trace(event.vendor, event.trace_id),
        )

    def _token_refreshed(self, event: TokenRefreshed) -> None:
        failures = self._broken.pop((event.account_id, _TOKENS), 0)
        write = log.info if failures else log.debug
        write(
            "token_refreshed",
            account=event.account_id,
            vendor=event.vendor,
            failures=failures,
            access_expires_at=event.access_expires_at.isoformat(),
        )

    def _refresh_failed(self, event: RefreshFailed) -> None:
        write = log.debug if self._breaks(event.account_id, _TOKENS) else log.warning
        write(
            "token_refresh_failed",
            account=event.account_id,
            vendor=event.vendor,
            reason=event.reason,
            error=event.error,
            attempt=event.attempt,
        )

    def _breaks(self, account_id: str, what: str) -> bool:
        """Count a failure; tell whether the same thing was broken before."""
        key = (account_id, what)
        self._broken[key] = self._broken.get(key, 0) + 1
        return self._broken[key] > 1

    def _forget(self, account_id: str) -> None:
        for key in [key for key in self._broken if key[0] == account_id]:
            del self._broken[key]

    def _trace(self, vendor: str, trace_id: str | None) -> dict[str, str]:
        return {} if trace_id is None else {self._trace_names.get(vendor, "trace_id"): trace_id}
