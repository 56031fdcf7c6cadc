"""A small vendor in memory that keeps the `Vendor` contract, and fails on demand as real ones do.

Positions: empty (never read), `<began>|<last id>` (being read), `=<began>|<last id>` (being
compared), `-` (complete: looked for changes).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

import anyio
import msgspec

from actors.credential import Credential
from actors.errors import GrantRefusedError, ReauthorizeError, TransientError
from actors.vendors.base import Count, Look, Page, Permit, Priority, Session, Witness
from store.models import Cursor, CursorMove, ObjectRecord, Tombstone, Via
from support.virtual_time import VirtualClock

FEED = "feed"
IDLE = "-"


def no_trouble(_operation: str) -> None:
    """Let the call pass."""


class ScriptedPlanner:
    """What to read next: types one by one from end to end, then all of them by one feed."""

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        """Say what could be read now."""
        found = []
        fed = {name: cursor for name, cursor in cursors.items() if not _reading(cursor)}
        if fed and due:
            found.append(Look(FEED, Via.POLL, Priority.POLL, tuple(fed), fed))
        for name, cursor in cursors.items():
            if name not in fed:
                found.append(Look(name, Via.BACKFILL, Priority.BACKFILL, (name,), {name: cursor}))
        return found


def _reading(cursor: Cursor) -> bool:
    return cursor.rescan_requested or not cursor.complete or cursor.position != IDLE


class ScriptedVendor(ScriptedPlanner):
    """One company's data, its tokens, and what is to go wrong.

    Attributes:
        trouble: called with the operation (`list:<type>`, `feed`, `read`, `refresh`) before it takes effect; may raise.
        trouble_after: the same, after it took effect and before the answer.
        latency_s: how long each call takes.
        page_size: objects on a page; `feed_size` changes in one answer of the feed.
        access_life_s: how long an access token lives.
        most_together: how many counts or looks one call brings; more than 1 makes it a vendor with
            batches, whose calls are `together`.
        rotates: whether a refresh token is good for one use; `single_use_tokens` whether it says so.
        calls: every call that was made, with its time; `most_at_once` of them were under way together.
    """

    name = "scripted"
    writer = None

    def __init__(self, clock: VirtualClock, *, page_size: int = 3, latency_s: float = 0.1) -> None:
        self.clock = clock
        self.page_size = page_size
        self.feed_size = 1000
        self.latency_s = latency_s
        self.access_life_s = 3600.0
        self.most_together = 1
        self.rotates = True
        self.single_use_tokens = True
        self.trouble: Callable[[str], None] = no_trouble
        self.trouble_after: Callable[[str], None] = no_trouble
        self.objects: dict[str, dict[str, ObjectRecord]] = {}
        self.stubs: list[Tombstone] = []
        self.calls: list[tuple[float, str]] = []
        self.under_way = self.most_at_once = 0
        self._version = 0
        self._grant = 0
        self._access: dict[str, datetime] = {}

    # What happens at the vendor.

    def put(self, object_type: str, object_id: str) -> ObjectRecord:
        """Create or change an object now."""
        self._version += 1
        body = msgspec.json.encode({"Id": object_id, "v": self._version})
        record = ObjectRecord(object_type, object_id, str(self._version), self.clock.utc(), body)
        self.objects.setdefault(object_type, {})[object_id] = record
        return record

    def delete(self, object_type: str, object_id: str) -> None:
        """Delete an object now, and say so in the feed."""
        self.vanish(object_type, object_id)
        self.stubs.append(Tombstone(object_type, object_id, self.clock.utc()))

    def vanish(self, object_type: str, object_id: str) -> None:
        """Delete an object behind the feed's back."""
        del self.objects[object_type][object_id]

    def bodies(self) -> dict[str, dict[str, bytes]]:
        """Return the truth: bytes by type and id."""
        return {
            name: {key: record.payload for key, record in of_type.items()}
            for name, of_type in self.objects.items()
        }

    def count(self, operation: str) -> int:
        """Tell how often an operation was called."""
        return Counter(name for _, name in self.calls)[operation]

    # Consent and tokens.

    def authorize_url(self, state: str) -> str:
        """Nobody is sent anywhere."""
        return f"http://scripted/{state}"

    def issue(self) -> Credential:
        """Give new tokens; the refresh token before them is spent."""
        self._grant += 1
        now = self.clock.utc()
        access_token = f"access-{self._grant}"
        ends = now + timedelta(seconds=self.access_life_s)
        self._access[access_token] = ends
        refresh_token = f"refresh-{self._grant if self.rotates else 0}"
        return Credential(access_token, refresh_token, now, ends)

    def refuse_access_tokens(self) -> None:
        """Take all access tokens away."""
        self._access.clear()

    async def exchange(
        self,
        proof: str,  # noqa: ARG002
        external_account_id: str,  # noqa: ARG002
    ) -> Credential:
        """Any code is good."""
        return self.issue()

    async def refresh(
        self,
        credential: Credential,
        permit: Permit | None = None,  # noqa: ARG002
    ) -> Credential:
        """Spend the refresh token."""
        self._called("refresh")
        await anyio.sleep(self.latency_s)
        self.trouble("refresh")
        newest = f"refresh-{self._grant if self.rotates else 0}"
        if credential.refresh_token != newest:
            raise GrantRefusedError("invalid_grant")
        fresh = self.issue()
        self.trouble_after("refresh")
        return fresh

    async def revoke(self, credential: Credential) -> None:  # noqa: ARG002
        """Take all tokens away."""
        self._access.clear()

    async def company_name(self, session: Session) -> str:  # noqa: ARG002
        """There is one company."""
        return "Scripted"

    # Reading.

    async def look(self, session: Session, look: Look) -> Page:
        """Make the look."""
        if look.key == FEED:
            return await self._feed(session, look)
        began = await self._call(session, f"list:{look.key}")
        return self._page(look.cursors[look.key], began, look.most_objects)

    async def confirm_gone(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Read each of the objects."""
        alive, gone = [], []
        for claim in claims:
            await self._call(session, "read")
            record = self.objects.get(claim.object_type, {}).get(claim.object_id)
            if record is None:
                gone.append(claim)
            else:
                alive.append(record)
        return Witness(alive, gone)

    async def count_objects(self, session: Session, object_type: str) -> Count:
        """Count what there is."""
        began = await self._call(session, f"count:{object_type}")
        return Count(len(self.objects.get(object_type, {})), began)

    async def count_together(
        self, session: Session, object_types: Sequence[str]
    ) -> Mapping[str, Count]:
        """Count several types by one call; what there is trouble with is left out."""
        began = await self._call(session, "together", items=len(object_types))
        return {
            name: Count(len(self.objects.get(name, {})), began)
            for name in object_types
            if self._goes(f"count:{name}")
        }

    async def look_together(self, session: Session, looks: Sequence[Look]) -> Mapping[str, Page]:
        """Make several looks by one call; what there is trouble with is left out."""
        began = await self._call(session, "together", items=len(looks))
        return {
            look.key: self._page(look.cursors[look.key], began, look.most_objects)
            for look in looks
            if self._goes(f"list:{look.key}")
        }

    def _goes(self, operation: str) -> bool:
        try:
            self.trouble(operation)
        except TransientError:
            return False
        return True

    async def read(self, session: Session, object_type: str, object_id: str) -> ObjectRecord | None:
        """Read one object."""
        await self._call(session, "read")
        return self.objects.get(object_type, {}).get(object_id)

    async def close(self) -> None:
        """There is nothing to close."""

    def _page(self, cursor: Cursor, began: datetime, most_objects: int | None) -> Page:
        name = cursor.object_type
        size = min(self.page_size, most_objects or self.page_size)
        comparing = cursor.complete
        started, _, after = cursor.position.lstrip("=").partition("|")
        if cursor.position in {"", IDLE}:
            started, after = began.isoformat(), ""
        ids = sorted(key for key in self.objects.get(name, {}) if key > after)
        shown = ids[:size]
        last = len(ids) <= size
        move = CursorMove(
            name,
            IDLE if last else f"{'=' if comparing else ''}{started}|{shown[-1]}",
            complete=comparing or last,
            covered_until=datetime.fromisoformat(started) if last else cursor.covered_until,
            begins_comparison=comparing and after == "",
            ends_comparison=comparing and last,
        )
        return Page(
            vendor_time=began,
            objects=[self.objects[name][key] for key in shown],
            cursors=[move],
            seen=[(name, key) for key in shown] if comparing else (),
            compares=[name] if move.ends_comparison else (),
            more=not last,
        )

    async def _feed(self, session: Session, look: Look) -> Page:
        began = await self._call(session, FEED)
        since = {
            name: cursor.covered_until
            for name, cursor in look.cursors.items()
            if cursor.covered_until is not None
        }
        assert len(since) == len(look.cursors)
        changed = [
            record
            for name, covered in since.items()
            for record in self.objects.get(name, {}).values()
            if record.updated_at >= covered
        ]
        changed.sort(key=attrgetter("updated_at"))
        shown = changed[: self.feed_size]
        until = began if shown == changed else shown[-1].updated_at
        return Page(
            vendor_time=began,
            objects=shown,
            cursors=[CursorMove(name, IDLE, complete=True, covered_until=until) for name in since],
            more=until < began,
            claims=[
                stub
                for stub in self.stubs
                if stub.updated_at is not None
                and stub.object_type in since
                and stub.updated_at >= since[stub.object_type]
            ],
        )

    async def _call(
        self, session: Session, operation: str, *, items: int | None = None
    ) -> datetime:
        """Make one call; returns when it began."""
        async with session.permit(operation, items=items):
            self._called(operation)
            began = self.clock.utc()
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            try:
                await anyio.sleep(self.latency_s)
            finally:
                self.under_way -= 1
            self.trouble(operation)
            if self._access.get(session.access_token, began) <= began:
                raise ReauthorizeError("the access token is refused", status=401)
            self.trouble_after(operation)
        return began

    def _called(self, operation: str) -> None:
        self.calls.append((self.clock.now().monotonic_s, operation))


def down(_operation: str) -> None:
    """Answer nothing sensible, whatever is asked."""
    raise TransientError("HTTP 503", status=503)
