"""Tells what happens to one account, for logs, metrics and whoever else listens."""

from collections.abc import Iterable, Sequence

from actors import brake, events
from actors.breaker import BreakerState
from actors.errors import VendorError
from actors.failure import reason
from actors.vendors.base import Look, Page
from store.errors import StoreUnavailableError
from store.models import CursorMove, HeldDeletes, PageApplied, SealedCredential


class Announcer:
    """Knows whose events they are, so that nobody else has to."""

    __slots__ = ("_account_id", "_listener", "_vendor")

    def __init__(self, account_id: str, vendor: str, listener: events.Listener) -> None:
        self._account_id = account_id
        self._vendor = vendor
        self._listener = listener

    def page_stored(
        self, look: Look, page: Page, applied: PageApplied, duration_s: float, *, first: bool
    ) -> None:
        """Tell that a page is durable; `first` while the account's first copy was not whole before."""
        self._listener(
            events.PageStored(
                account_id=self._account_id,
                vendor=self._vendor,
                look=look.key,
                via=look.via,
                objects=len(page.objects),
                upserts=applied.upserts,
                deletes=applied.deletes,
                duration_s=duration_s,
                exact_as_of=applied.exact_as_of,
                became_exact=first and applied.exact_as_of is not None,
                hinted=applied.hinted,
                missed=applied.missed,
                mended=applied.mended,
            )
        )

    def held(
        self,
        look: Look,
        moves: Iterable[CursorMove],
        before: Sequence[HeldDeletes],
        now: Sequence[HeldDeletes],
    ) -> None:
        """Tell which deletes begin to be held, and which are held no more."""
        known = {each.object_type for each in before}
        for each in now:
            if each.object_type not in known:
                self._listener(
                    events.DeletesHeld(
                        self._account_id, self._vendor, each.object_type, each.count, each.live
                    )
                )
        for object_type in brake.settled_types(look.cursors, moves):
            if object_type in known:
                self._listener(events.DeletesReleased(self._account_id, self._vendor, object_type))

    def look_abandoned(
        self, look: Look, error: VendorError | StoreUnavailableError, attempt: int
    ) -> None:
        """Tell that a look failed, for the so-manieth time in a row."""
        self._listener(
            events.LookAbandoned(
                account_id=self._account_id,
                vendor=self._vendor,
                look=look.key,
                reason=reason(error),
                error=str(error),
                attempt=attempt,
                trace_id=error.trace_id if isinstance(error, VendorError) else None,
            )
        )

    def token_refreshed(self, sealed: SealedCredential) -> None:
        """Tell that new tokens are stored."""
        self._listener(
            events.TokenRefreshed(
                self._account_id, self._vendor, sealed.access_expires_at, sealed.refresh_expires_at
            )
        )

    def refresh_failed(self, error: VendorError | StoreUnavailableError, attempt: int) -> None:
        """Tell that the tokens could not be renewed, for the so-manieth time in a row."""
        self._listener(
            events.RefreshFailed(self._account_id, self._vendor, reason(error), str(error), attempt)
        )

    def owner_needed(self, cause: str) -> None:
        """Tell that only the owner can help."""
        self._listener(events.OwnerNeeded(self._account_id, self._vendor, cause))

    def readers_told(self, served_s: float, *, hindered: bool) -> None:
        """Tell those who wait for a look how it goes."""
        self._listener(events.ReadersTold(self._account_id, self._vendor, served_s, hindered))

    def breaker_turned(self, state: BreakerState) -> None:
        """Tell that the circuit breaker turned."""
        self._listener(events.BreakerChanged(self._account_id, self._vendor, state))
