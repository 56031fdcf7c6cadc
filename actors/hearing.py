"""What the actors of one vendor know of its webhooks, and how a page is held against them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actors.clock import Clock
from actors.moment import Moment
from actors.polling import LATE_S, WebhookHealth, expected_interval_s
from actors.settings import AccountSettings
from actors.vendors.base import Look, Page
from store.models import Via
from store.notice import NoticeCheck


@dataclass(frozen=True, slots=True)
class Hearing:
    """One vendor's webhooks.

    Attributes:
        noticed_types: the object types that the vendor tells of.
        health: whether they work.
    """

    noticed_types: frozenset[str]
    health: WebhookHealth = field(default_factory=WebhookHealth)

    def interval_s(self, settings: AccountSettings, now_s: float) -> float:
        """Return how often idle accounts are looked at now."""
        return expected_interval_s(
            settings.poll_interval_s,
            settings.poll_interval_with_webhooks_s,
            self.health.works_until_s,
            now_s,
        )

    def check(
        self, look: Look, page: Page, trusted_from_s: float, clock: Clock
    ) -> NoticeCheck | None:
        """Say how a page is held against the account's notices; None when it is not.

        Only what a look finds by itself, while webhooks work, can be a missed webhook; and only
        what happened after they began to, long enough ago for a notice to have come.

        Args:
            look: what was looked at.
            page: what it brought.
            trusted_from_s: since when the account counts on webhooks.
            clock: tells how long ago that was.
        """
        if look.via is not Via.POLL:
            return None
        answers = () if page.more else look.answers
        since = self._since(page.vendor_time, trusted_from_s, clock.now())
        if look.hinted or page.vendor_time is None or since is None:
            return NoticeCheck(answers, look.object_types if look.hinted else ())
        until = page.vendor_time - timedelta(seconds=LATE_S)
        missable = tuple(self.noticed_types.intersection(look.object_types))
        return NoticeCheck(answers, (), missable, since, until)

    def _since(
        self, vendor_time: datetime | None, trusted_from_s: float, now: Moment
    ) -> datetime | None:
        """Return since when each change should have come with a notice, in vendor time."""
        since_s = max(self.health.since_s, trusted_from_s)
        if vendor_time is None or since_s >= now.monotonic_s:
            return None
        return vendor_time - timedelta(seconds=now.monotonic_s - since_s)
