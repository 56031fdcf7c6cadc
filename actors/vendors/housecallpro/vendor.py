"""Housecall Pro, as `actors.vendors.base.Vendor` wants it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import httpx

from actors.clock import Clock
from actors.credential import Credential
from actors.errors import RejectedError
from actors.events import CallMade
from actors.vendors.base import Count, Look, Page, Permit, Session, Witness
from actors.vendors.caller import Caller
from actors.vendors.housecallpro import planner
from actors.vendors.housecallpro.auth import Authorization
from actors.vendors.housecallpro.client import MANNERS, VENDOR, ApiClient
from actors.vendors.housecallpro.object_types import OBJECT_TYPES
from actors.vendors.housecallpro.reading import read_page
from actors.vendors.housecallpro.settings import HousecallProSettings
from actors.vendors.housecallpro.witness import confirm_gone, read_record
from actors.vendors.housecallpro.writer import HousecallProWriter
from actors.vendors.http import HttpChannel
from actors.vendors.one_at_a_time import OneAtATime
from store.models import Cursor, ObjectRecord, Tombstone


class HousecallPro(OneAtATime):
    """Serves all companies, each with a key or tokens of its own."""

    def __init__(
        self,
        settings: HousecallProSettings,
        http: httpx.AsyncClient,
        clock: Clock,
        on_call: Callable[[CallMade], None],
    ) -> None:
        """Take the client that all accounts share and a listener, which must not raise."""
        self._channel = HttpChannel(http, timeout_s=settings.timeout_s)
        caller = Caller(self._channel, clock, on_call, MANNERS)
        self._api = ApiClient(caller, settings)
        self._authorization = Authorization(caller, self._api, settings)
        self._overlap = timedelta(seconds=settings.overlap_s)
        self._compare_every = timedelta(seconds=settings.compare_every_s)
        self._writer = HousecallProWriter(self._api)

    @property
    def name(self) -> str:
        """The vendor's name in the contract."""
        return VENDOR

    @property
    def single_use_tokens(self) -> bool:
        """A key is used for every call; of partners' tokens it is not documented (§2.1)."""
        return False

    @property
    def writer(self) -> HousecallProWriter:
        """What users' writes go through."""
        return self._writer

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        """Say what could be read now, most urgent first. Pure."""
        return planner.looks(cursors, due=due)

    def authorize_url(self, state: str) -> None:
        """There is no consent page for keys: an admin makes them. Codes are brought by who has them."""
        del state

    async def exchange(self, proof: str, external_account_id: str) -> Credential:
        """See whose key or code it is. Raises as the contract says."""
        del external_account_id
        return await self._authorization.obtain(proof)

    async def refresh(self, credential: Credential, permit: Permit | None = None) -> Credential:
        """See that the key is still good, or get new tokens. Raises as the contract says."""
        return await self._authorization.renew(credential, permit)

    async def revoke(self, credential: Credential) -> None:
        """Raise `RejectedError`: only the company's admin can delete a key."""
        del credential
        raise RejectedError("there is no call for that: an admin deletes the key there")

    async def company_name(self, session: Session) -> str:
        """Return the company's name, which shows that the key opens it. Raises `VendorError`s."""
        company_id, name = await self._api.company(session)
        if company_id != session.external_account_id:
            raise RejectedError("the key is another company's")
        return name

    async def look(self, session: Session, look: Look) -> Page:
        """Make the look. Raises `VendorError`s."""
        return await read_page(self._api, session, look, self._overlap, self._compare_every)

    async def confirm_gone(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Ask for the objects themselves. Raises `VendorError`s; nothing is gone then."""
        return await confirm_gone(self._api, session, claims)

    async def count_objects(self, session: Session, object_type: str) -> Count:
        """Count the rows of a type's list. Raises `VendorError`s."""
        return Count(*await self._api.count(session, OBJECT_TYPES[object_type]))

    async def read(self, session: Session, object_type: str, object_id: str) -> ObjectRecord | None:
        """Read one object as it is now; None when it is gone. Raises `VendorError`s."""
        return await read_record(self._api, session, OBJECT_TYPES[object_type], object_id)

    async def close(self) -> None:
        """Let go of connections."""
        await self._channel.close()
