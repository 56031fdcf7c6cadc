"""A QuickBooks company in the sandbox, connected, and a replica of it in memory.

The replica follows the rules that the store and the actor keep, as plainly as they can be written,
so that tests of the vendor's package need neither.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from actors.clock import Clock
from actors.credential import Credential
from actors.errors import TransientError
from actors.events import CallMade
from actors.vendors.base import Look, Page, Session
from actors.vendors.quickbooks import QuickBooks, QuickBooksSettings
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from store.models import Cursor, ObjectRecord, Tombstone
from support.virtual_time import VirtualClock

ORIGIN = "http://quickbooks.sandbox"
REDIRECT_URI = "http://localhost:8321/auth/quickbooks/callback"
DEFAULT_TYPES = (
    "Customer",
    "Vendor",
    "Account",
    "Item",
    "Invoice",
    "Bill",
    "Payment",
    "BillPayment",
    "CompanyInfo",
)


def settings(
    origin: str = ORIGIN, *, client_secret: str = "sandbox-client-secret"
) -> QuickBooksSettings:
    """What connects to the sandbox at this address."""
    return QuickBooksSettings(
        client_id="sandbox-client-id",
        client_secret=client_secret,
        redirect_uri=REDIRECT_URI,
        authorize_url=f"{origin}/connect/oauth2",
        token_url=f"{origin}/oauth2/v1/tokens/bearer",
        revoke_url=f"{origin}/v2/oauth2/tokens/revoke",
        api_url=origin,
    )


@asynccontextmanager
async def at_once(_operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
    """A permit that lets every call through."""
    yield


@dataclass
class Replica:
    """What was read of one company.

    Attributes:
        looks: every look that was made.
    """

    vendor: QuickBooks
    session: Session
    cursors: dict[str, Cursor]
    objects: dict[str, dict[str, ObjectRecord]] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    _tombstones: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _seen: dict[str, set[str]] = field(default_factory=dict)

    def bodies(self) -> dict[str, dict[str, bytes]]:
        """Return the payloads by type and id, in the form of the sandbox's truth."""
        return {
            name: {key: record.payload for key, record in of_type.items()}
            for name, of_type in self.objects.items()
            if of_type
        }

    def covered_until(self) -> datetime | None:
        """Return how far all types are covered."""
        covered = [cursor.covered_until for cursor in self.cursors.values()]
        return min((each for each in covered if each is not None), default=None)

    async def settle(self, *, due: bool = True) -> None:
        """Look until there is nothing more to read right now."""
        while looks := self.vendor.looks(self.cursors, due=due):
            due = False
            for look in looks:
                await self.look(look)

    async def settle_in_spite_of_faults(self, attempts: int = 200) -> None:
        """Look until there is nothing more to read, again and again when a look fails."""
        due = True
        for _ in range(attempts):
            try:
                await self.settle(due=due)
            except TransientError:
                continue
            return
        raise AssertionError("the faults never end")

    async def look(self, look: Look) -> Page:
        """Make one look and take in its page."""
        self.looks.append(look)
        page = await self.vendor.look(self.session, look)
        await self._settle_claims([each for each in page.claims if not self._buried(each)])
        for move in page.cursors:
            if move.begins_comparison:
                self._seen[move.object_type] = set()
        self._upsert(page.objects)
        for name, key in page.seen:
            self._seen[name].add(key)
        for name in page.compares:
            missing = self.objects.get(name, {}).keys() - self._seen.pop(name)
            await self._settle_claims([Tombstone(name, key, None) for key in sorted(missing)])
        for move in page.cursors:
            known = self.cursors[move.object_type]
            assert known.covered_until is None or known.covered_until <= move.covered_until  # type: ignore[operator]
            self.cursors[move.object_type] = Cursor(
                move.object_type,
                move.position,
                complete=move.complete,
                covered_until=move.covered_until,
                rescan_requested=known.rescan_requested and not move.begins_comparison,
            )
        return page

    def _buried(self, claim: Tombstone) -> bool:
        ended = self._tombstones.get((claim.object_type, claim.object_id))
        return ended is not None and claim.updated_at is not None and claim.updated_at <= ended

    async def _settle_claims(self, claims: Sequence[Tombstone]) -> None:
        if not claims:
            return
        witness = await self.vendor.confirm_gone(self.session, claims)
        self._upsert(witness.alive)
        for claim in witness.gone:
            gone = self.objects.get(claim.object_type, {}).pop(claim.object_id, None)
            known = [each.updated_at for each in (claim, gone) if each and each.updated_at]
            self._tombstones[claim.object_type, claim.object_id] = max(known)

    def _upsert(self, records: Iterable[ObjectRecord]) -> None:
        for record in records:
            of_type = self.objects.setdefault(record.object_type, {})
            known = of_type.get(record.object_id)
            ended = self._tombstones.get((record.object_type, record.object_id))
            newest = known.updated_at if known else ended
            if newest is None or record.updated_at >= newest:
                of_type[record.object_id] = record


@dataclass
class ConnectedCompany:
    """A company at the sandbox with its vendor client and its tokens."""

    sandbox: QuickBooksSandbox
    realm: str
    vendor: QuickBooks
    credential: Credential
    events: list[CallMade]

    def vendor_client(self) -> httpx.AsyncClient:
        """Return another client of the same sandbox."""
        return httpx.AsyncClient(transport=SandboxTransport(self.sandbox))

    @property
    def session(self) -> Session:
        """Speak for the company with the current access token."""
        return Session(self.realm, self.credential.access_token, at_once)

    def replica(self, object_types: Sequence[str] = DEFAULT_TYPES) -> Replica:
        """Return an empty replica of these types."""
        return Replica(self.vendor, self.session, {name: Cursor(name) for name in object_types})

    def truth(self, object_types: Iterable[str] = DEFAULT_TYPES) -> dict[str, dict[str, bytes]]:
        """Return what the vendor shows of these types now."""
        truth = self.sandbox.truth(self.realm)
        return {name: truth[name] for name in object_types if truth.get(name)}


async def connect(
    sandbox: QuickBooksSandbox, realm: str, clock: Clock | None = None
) -> ConnectedCompany:
    """Connect a company of the sandbox through the real code exchange."""
    events: list[CallMade] = []
    http = httpx.AsyncClient(transport=SandboxTransport(sandbox))
    vendor = QuickBooks(settings(), http, clock or VirtualClock(), events.append)
    credential = await vendor.exchange(sandbox.issue_code(realm), realm)
    return ConnectedCompany(sandbox, realm, vendor, credential, events)
