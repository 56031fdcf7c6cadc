"""ServiceTitan, as `actors.vendors.base.Vendor` wants it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import httpx

from actors.clock import Clock
from actors.credential import Credential
from actors.events import CallMade
from actors.vendors.base import Count, Look, Page, Permit, Session, Witness
from actors.vendors.caller import Caller
from actors.vendors.http import HttpChannel
from actors.vendors.one_at_a_time import OneAtATime
from actors.vendors.servicetitan import planner
from actors.vendors.servicetitan.auth import Authorization, cannot_revoke
from actors.vendors.servicetitan.client import MANNERS, VENDOR, ApiClient
from actors.vendors.servicetitan.feed import feed_page
from actors.vendors.servicetitan.object_types import OBJECT_TYPES
from actors.vendors.servicetitan.settings import ServiceTitanSettings
from actors.vendors.servicetitan.witness import confirm_gone, read_record
from actors.vendors.servicetitan.writer import ServiceTitanWriter
from store.models import Cursor, ObjectRecord, Tombstone


class ServiceTitan(OneAtATime):
    """One app at ServiceTitan, serving all tenants that are connected through it."""

    def __init__(
        self,
        settings: ServiceTitanSettings,
        http: httpx.AsyncClient,
        clock: Clock,
        on_call: Callable[[CallMade], None],
    ) -> None:
        """Take the client that all accounts share and a listener, which must not raise."""
        self._channel = HttpChannel(http, timeout_s=settings.timeout_s)
        caller = Caller(self._channel, clock, on_call, MANNERS)
        self._authorization = Authorization(caller, settings)
        self._api = ApiClient(caller, settings)
        self._overlap = timedelta(seconds=settings.overlap_s)
        self._writer = ServiceTitanWriter(self._api)

    @property
    def name(self) -> str:
        """The vendor's name in the contract."""
        return VENDOR

    @property
    def single_use_tokens(self) -> bool:
        """Keys get as many tokens as they are used for (§1.1)."""
        return False

    @property
    def writer(self) -> ServiceTitanWriter:
        """What users' writes go through."""
        return self._writer

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        """Say what could be read now, most urgent first. Pure."""
        return planner.looks(cursors, due=due)

    def authorize_url(self, state: str) -> None:
        """There is no consent page: an owner makes keys in the tenant's own settings."""
        del state

    async def exchange(self, proof: str, external_account_id: str) -> Credential:
        """Get an access token with a tenant's keys. Raises as the contract says."""
        return await self._authorization.obtain(proof, external_account_id)

    async def refresh(self, credential: Credential, permit: Permit | None = None) -> Credential:
        """Get the next access token with the same keys. Raises as the contract says."""
        del permit
        return await self._authorization.obtain(credential.refresh_token, None)

    async def revoke(self, credential: Credential) -> None:
        """Raise `RejectedError`: only the tenant's own settings can end the app's access."""
        del credential
        raise cannot_revoke()

    async def company_name(self, session: Session) -> str:
        """See that the token opens the tenant; it has no name that can be read, so return its id."""
        await self._api.probe(session)
        return session.external_account_id

    async def look(self, session: Session, look: Look) -> Page:
        """Make the look. Raises `VendorError`s."""
        return await feed_page(self._api, session, look.cursors[look.key], self._overlap)

    async def confirm_gone(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Ask for the objects themselves. Raises `VendorError`s; nothing is gone then."""
        return await confirm_gone(self._api, session, claims)

    async def count_objects(self, session: Session, object_type: str) -> Count:
        """Count the rows of a type's list, inactive ones too. Raises `VendorError`s."""
        return Count(*await self._api.count(session, OBJECT_TYPES[object_type]))

    async def read(self, session: Session, object_type: str, object_id: str) -> ObjectRecord | None:
        """Read one object as it is now; None when it is gone. Raises `VendorError`s."""
        return await read_record(self._api, session, OBJECT_TYPES[object_type], object_id)

    async def close(self) -> None:
        """Let go of connections."""
        await self._channel.close()
