"""QuickBooks Online, as `actors.vendors.base.Vendor` wants it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import httpx
import msgspec

from actors.clock import Clock
from actors.credential import Credential
from actors.events import CallMade
from actors.vendors.base import Count, Look, Page, Permit, Session, Witness
from actors.vendors.caller import Caller
from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.http import HttpChannel
from actors.vendors.quickbooks import batch, planner
from actors.vendors.quickbooks.client import MANNERS, VENDOR, ApiClient
from actors.vendors.quickbooks.feed import feed_page
from actors.vendors.quickbooks.keyset import Reason, Scan
from actors.vendors.quickbooks.oauth import OAuth
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.parse import count_reply
from actors.vendors.quickbooks.scan import scan_page
from actors.vendors.quickbooks.settings import QuickBooksSettings
from actors.vendors.quickbooks.statements import count_statement
from actors.vendors.quickbooks.witness import confirm_gone
from actors.vendors.quickbooks.writer import QuickBooksWriter
from store.models import Cursor, ObjectRecord, Tombstone


class QuickBooks:
    """One app at Intuit, serving all companies that are connected through it."""

    def __init__(
        self,
        settings: QuickBooksSettings,
        http: httpx.AsyncClient,
        clock: Clock,
        on_call: Callable[[CallMade], None],
    ) -> None:
        """Take the client that all accounts share and a listener, which must not raise."""
        self._channel = HttpChannel(http, timeout_s=settings.timeout_s)
        caller = Caller(self._channel, clock, on_call, MANNERS)
        self._oauth = OAuth(caller, settings)
        self._api = ApiClient(caller, settings.api_url)
        self._overlap = timedelta(seconds=settings.overlap_s)
        self._writer = QuickBooksWriter(self._api, settings.mails_per_day)

    @property
    def name(self) -> str:
        """The vendor's name in the contract."""
        return VENDOR

    @property
    def single_use_tokens(self) -> bool:
        """Codes work once, and a refresh token is replaced by its use (§1.3)."""
        return True

    @property
    def writer(self) -> QuickBooksWriter:
        """What users' writes go through."""
        return self._writer

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        """Say what could be read now, most urgent first. Pure."""
        return planner.looks(cursors, due=due)

    def authorize_url(self, state: str) -> str:
        """Return where a browser is sent so that an owner can consent."""
        return self._oauth.authorize_url(state)

    async def exchange(self, proof: str, external_account_id: str) -> Credential:
        """Trade a single-use code for tokens. Raises as the contract says."""
        return await self._oauth.exchange(proof, external_account_id)

    async def refresh(self, credential: Credential, permit: Permit | None = None) -> Credential:
        """Spend the refresh token for new tokens. Raises as the contract says."""
        del permit
        return await self._oauth.refresh(credential)

    async def revoke(self, credential: Credential) -> None:
        """End the grant; one that is dead already is no error."""
        await self._oauth.revoke(credential)

    async def company_name(self, session: Session) -> str:
        """Return the connected company's name, which shows that the tokens open it."""
        company = OBJECT_TYPES["CompanyInfo"]
        path = [company.path, session.external_account_id]
        return await self._api.get(session, Operation.COMPANY, path, _company_name)

    async def look(self, session: Session, look: Look) -> Page:
        """Make the look. Raises `VendorError`s."""
        if look.key == planner.FEED:
            return await feed_page(self._api, session, look.cursors, self._overlap)
        cursor = look.cursors[look.key]
        return await scan_page(self._api, session, cursor, self._overlap, look.most_objects)

    async def confirm_gone(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Ask for the objects themselves. Raises `VendorError`s; nothing is gone then."""
        return await confirm_gone(self._api, session, claims)

    async def count_objects(self, session: Session, object_type: str) -> Count:
        """Count the rows of a type, inactive ones too. Raises `VendorError`s."""
        statement = count_statement(OBJECT_TYPES[object_type], Scan(Reason.COMPARISON))
        reply = await self._api.query(session, statement, count_reply, operation=Operation.COUNT)
        return Count(reply.rows, reply.vendor_time)

    @property
    def most_together(self) -> int:
        """How many counts or looks one call can bring."""
        return batch.MOST_ITEMS

    async def count_together(
        self, session: Session, object_types: Sequence[str]
    ) -> Mapping[str, Count]:
        """Count the rows of types, inactive ones too, by one call. Raises `VendorError`s."""
        return await batch.count_together(self._api, session, object_types)

    async def look_together(self, session: Session, looks: Sequence[Look]) -> Mapping[str, Page]:
        """Make looks at single types by one call. Raises `VendorError`s."""
        return await batch.look_together(self._api, session, looks, self._overlap)

    async def read(self, session: Session, object_type: str, object_id: str) -> ObjectRecord | None:
        """Read one object as it is now; None when it is gone. Raises `VendorError`s."""
        return await self._api.read(session, OBJECT_TYPES[object_type], object_id)

    async def close(self) -> None:
        """Let go of connections."""
        await self._channel.close()


class _Company(msgspec.Struct):
    name: str = msgspec.field(name="CompanyName")


class _CompanyReply(msgspec.Struct):
    company: _Company = msgspec.field(name="CompanyInfo")


def _company_name(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_CompanyReply).company.name
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError(str(error)) from error
