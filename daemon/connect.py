"""Connecting companies and letting them go: from the owner's consent to a running actor, and back.

begin ──► (the owner consents at the vendor) ──► finish ──► connect
connect: exchange the code ► see that the tokens open the company ► store ► start the actor
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

import anyio
import structlog

from actors.clock import Clock
from actors.credential import Credential, Sealer
from actors.errors import CredentialError, GrantRefusedError, TransientError, VendorError
from actors.read_meter import ReadMeter
from actors.vendors.base import Permit, Priority, Session, Vendor
from daemon.connect_errors import (
    CodeRefusedError,
    ConsentRefusedError,
    KeysRefusedError,
    UnknownVendorError,
    VendorFailedError,
    WrongCompanyError,
)
from daemon.hosting import Hosting
from daemon.jobs.company_options import keep_options
from daemon.metrics import Census
from daemon.single_use import SingleUse, SingleUseHere
from store.errors import StoreUnavailableError
from store.models import Account
from store.ports import Store

log = structlog.get_logger()

T = TypeVar("T")

_NAME_WITHIN_S = 20.0
_AGAIN_S = (0.5, 2.0)
"""The waits between attempts at what must not fail for a moment's trouble."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """How letting a company go went.

    Attributes:
        revoked: whether the vendor ended the grant.
        detail: what was not done, and why; empty when all was.
    """

    account: Account
    purged: bool
    revoked: bool
    detail: str


class Connector:
    """Connects and disconnects companies, each by one caller at a time.

    Attributes:
        reads: counts metered reads, by vendor; looked at afresh each time.
        single_use: knows of states that were issued and codes that were spent.
    """

    def __init__(
        self,
        store: Store,
        vendors: Mapping[str, Vendor],
        sealer: Sealer,
        supervisor: Hosting,
        clock: Clock,
        census: Census,
        *,
        conceal: Callable[[str], object],
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """Take what is needed.

        Args:
            store: where accounts live.
            vendors: the configured vendors by name; looked at afresh each time.
            sealer: seals their tokens.
            supervisor: runs their actors.
            clock: for what is stored, and for the age of a `state`.
            census: is told of accounts that come and go.
            conceal: is told every secret before anything could log it.
            new_id: makes the id of a new account.
        """
        self._store = store
        self._vendors = vendors
        self._sealer = sealer
        self._supervisor = supervisor
        self._clock = clock
        self._census = census
        self._conceal = conceal
        self.reads: Mapping[str, ReadMeter] = {}
        self.single_use: SingleUse = SingleUseHere(clock)
        self._new_id = new_id
        self._locks: WeakValueDictionary[tuple[str, str], anyio.Lock] = WeakValueDictionary()

    async def begin(self, vendor: str) -> str:
        """Return where to send the owner's browser. The way back works once, within ten minutes.

        Raises:
            UnknownVendorError: it is not configured, or has no consent page.
            StoreUnavailableError: nodes share the store, and it takes no writes now.
        """
        known = self._vendor(vendor)
        state = await self.single_use.issue(vendor)
        page = known.authorize_url(state)
        if page is None:
            raise UnknownVendorError(f"{vendor} has no consent page: connect with its keys")
        return page

    async def finish(
        self, vendor: str, state: str, code: str, external_account_id: str
    ) -> tuple[Account, bool]:
        """Connect the company whose owner came back with this state and code.

        Raises:
            ConsentRefusedError: the state is not one of ours, is too old, or was used already.
            ConnectError, StoreUnavailableError: as `connect`.
        """
        if not await self.single_use.take(vendor, state):
            raise ConsentRefusedError(
                "this way back was used already, is older than ten minutes, or did not begin here;"
                f" begin again at /auth/{vendor}/start"
            )
        return await self.connect(vendor, code, external_account_id)

    async def connect(
        self,
        vendor: str,
        proof: str,
        external_account_id: str,
        options: Mapping[str, str | int] | None = None,
    ) -> tuple[Account, bool]:
        """Trade the proof (a code, or keys) for tokens, store the company and start its actor.

        With an empty `external_account_id` it is the company that the vendor says they are for. Returns
        the account and whether it is new. Once begun it is not cancelled: a code is spent only once.
        What `options` say of how jobs are offered to it is stored; the others stay as they were.

        Raises:
            UnknownVendorError: the vendor is not configured.
            CodeRefusedError: the code is wrong, spent or too old.
            KeysRefusedError: the vendor does not take the keys.
            WrongCompanyError: the tokens do not open this company; the grant was given back.
            VendorFailedError: the vendor did not answer, and nothing is stored.
            StoreUnavailableError: the store takes no writes now.
        """
        known = self._vendor(vendor)
        self._conceal(proof)
        with anyio.CancelScope(shield=True):
            if external_account_id:
                async with self.hold(vendor, external_account_id):
                    await self._store.check()
                    credential = await self._exchange(known, proof, external_account_id)
                    connected = await self._take_in(known, credential, external_account_id, options)
            else:
                await self._store.check()
                credential = await self._exchange(known, proof, "")
                if credential.company is None:
                    await _revoke(known, credential)
                    raise WrongCompanyError(f"{vendor} does not say whose tokens these are")
                async with self.hold(vendor, credential.company):
                    connected = await self._take_in(known, credential, credential.company, options)
        return connected

    async def _take_in(
        self,
        vendor: Vendor,
        credential: Credential,
        external_account_id: str,
        options: Mapping[str, str | int] | None,
    ) -> tuple[Account, bool]:
        """Store the company that the tokens are for and start its actor."""
        name = await self._company_name(vendor, credential, external_account_id)
        account, created = await self._save(vendor, credential, external_account_id, name)
        log.info("account_connected", **_whose(account), new=created)
        try:
            await self._insist(lambda: keep_options(self._store, account.id, options or {}))
        finally:
            await self._start(account)
        return account, created

    async def disconnect(self, account_id: str, *, purge: bool) -> Disconnected:
        """Give the grant back to the vendor, stop the actor and forget the tokens.

        With `purge`, all its data and the account are forgotten too. A vendor that does not answer
        prevents nothing.

        Raises:
            UnknownAccountError: there is no such account.
            MailboxFullError: another node hosts it, which was told too much of it; nothing was done.
            StoreUnavailableError: the store takes no writes now; the account goes on, or is
                disconnected and half purged: the same call again does the rest.
        """
        account = await self._store.account(account_id)
        with anyio.CancelScope(shield=True):
            async with self.hold(account.vendor, account.external_account_id):
                await self._store.check()
                await self._supervisor.stop_account(account_id)
                trouble = await self._revoke_stored(account)
                try:
                    await self._store.disconnect(account_id, purge=purge, at=self._clock.now().utc)
                except StoreUnavailableError:
                    await self._go_on(account_id)
                    raise
                if purge:
                    self._census.forget(account_id)
                else:
                    account = await self._store.account(account_id)
                    self._census.put(account)
                revoked = trouble == ""
                log.info("account_disconnected", **_whose(account), purged=purge, revoked=revoked)
        return Disconnected(account, purge, revoked=revoked, detail=trouble)

    @asynccontextmanager
    async def hold(self, vendor: str, external_account_id: str) -> AsyncIterator[None]:
        """Keep others from starting, stopping, connecting or disconnecting the company."""
        lock = self._locks.setdefault((vendor, external_account_id), anyio.Lock())
        async with lock:
            yield

    def _vendor(self, name: str) -> Vendor:
        if name not in self._vendors:
            configured = ", ".join(self._vendors) or "none"
            raise UnknownVendorError(f"no vendor {name!r} is configured; configured: {configured}")
        return self._vendors[name]

    async def _exchange(self, vendor: Vendor, proof: str, external_account_id: str) -> Credential:
        once = vendor.single_use_tokens
        if once and await self.single_use.is_spent(proof):
            # A vendor may take a second exchange for an attack and end the grant.
            raise CodeRefusedError(_code_refused(vendor.name, "it was used already"))
        try:
            credential = await vendor.exchange(proof, external_account_id)
        except GrantRefusedError as error:
            if once:
                raise CodeRefusedError(_code_refused(vendor.name, str(error))) from error
            raise KeysRefusedError(_keys_refused(vendor.name, str(error))) from error
        except TransientError as error:
            hint = f", and if the code is refused then, begin anew at /auth/{vendor.name}/start"
            raise VendorFailedError(
                f"{vendor.name} could not be reached ({error}); nothing was stored. Try again"
                f"{hint if once else ''}"
            ) from error
        except VendorError as error:
            raise VendorFailedError(
                f"{vendor.name} does not take this app's request ({error}); nothing was stored."
                f" Check vendors.{vendor.name} in the configuration"
            ) from error
        if once:
            with suppress(StoreUnavailableError):
                await self.single_use.spend(proof)
        self._conceal(credential.access_token)
        self._conceal(credential.refresh_token)
        return credential

    async def _company_name(
        self, vendor: Vendor, credential: Credential, external_account_id: str
    ) -> str:
        """See that the tokens open the company; a vendor in trouble gets the benefit of the doubt.

        Returns the company's name, or its id at the vendor when the name cannot be read now.
        """
        permit = _unqueued(self.reads.get(vendor.name))
        session = Session(external_account_id, credential.access_token, permit)
        refusal: VendorError | None = None
        with anyio.move_on_after(_NAME_WITHIN_S):
            for wait_s in (0.0, *_AGAIN_S):
                await anyio.sleep(wait_s)
                try:
                    return await vendor.company_name(session)
                except TransientError:
                    refusal = None
                except VendorError as error:
                    refusal = error
        if refusal is None:
            return external_account_id
        trouble = await _revoke(vendor, credential)
        raise WrongCompanyError(
            f"the tokens do not open {vendor.name} company {external_account_id} ({refusal});"
            f" {trouble or 'the grant was given back'}. Begin again, and take the company's id from"
            " the vendor's answer"
        ) from refusal

    async def _save(
        self, vendor: Vendor, credential: Credential, external_account_id: str, name: str
    ) -> tuple[Account, bool]:
        """Store the only copy of the tokens; give the grant back when that cannot be done."""
        sealed = self._sealer.seal(credential)

        async def store() -> tuple[Account, bool]:
            return await self._store.connect(
                vendor.name,
                external_account_id,
                name,
                sealed,
                self._clock.now().utc,
                self._new_id(),
            )

        try:
            account, created = await self._insist(store)
        except StoreUnavailableError:
            await _revoke(vendor, credential)
            raise
        self._census.put(account)
        self._census.put_token_times(account.id, sealed)
        return account, created

    async def _start(self, account: Account) -> None:
        if not self._supervisor.running:
            return
        try:
            await self._insist(lambda: self._supervisor.start_account(account.id))
        except StoreUnavailableError as error:
            raise StoreUnavailableError(
                f"{account.name} is connected, but could not be started ({error}); resume it"
            ) from error

    async def _go_on(self, account_id: str) -> None:
        """Start the account again, unless a purge that broke off has disconnected it already."""
        account = await self._store.account(account_id)
        self._census.put(account)
        if account.disconnected_at is None:
            await self._start(account)

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Try again for a while when the store takes no writes."""
        for wait_s in _AGAIN_S:
            try:
                return await write()
            except StoreUnavailableError:
                await anyio.sleep(wait_s)
        return await write()

    async def _revoke_stored(self, account: Account) -> str:
        """Return why the grant lives on at the vendor, or nothing when it does not."""
        sealed = await self._store.credential(account.id)
        if sealed is None:
            return "there were no tokens to revoke: it was disconnected before"
        vendor = self._vendors.get(account.vendor)
        if vendor is None:
            return f"the grant was not revoked: {account.vendor} is not configured"
        try:
            credential = self._sealer.unseal(sealed)
        except CredentialError as error:
            return f"the grant was not revoked: {error}"
        return await _revoke(vendor, credential)


def _whose(account: Account) -> dict[str, str]:
    return {
        "account": account.id,
        "vendor": account.vendor,
        "external_account_id": account.external_account_id,
        "name": account.name,
    }


async def _revoke(vendor: Vendor, credential: Credential) -> str:
    """End the grant; return why that failed, or nothing."""
    try:
        await vendor.revoke(credential)
    except VendorError as error:
        return f"the grant was not revoked ({vendor.name}: {error}); its owner can end it there"
    return ""


def _unqueued(reads: ReadMeter | None) -> Permit:
    """Let calls through at once: the company has no actor yet whose limits it could share."""

    @asynccontextmanager
    async def enter(operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
        if reads is not None:
            counted = 1 if items is None else items
            await reads.admit("", operation, Priority.USER, reads=counted)
        yield

    return enter


def _keys_refused(vendor: str, why: str) -> str:
    return f"{vendor} refuses these keys ({why}). Take them again from where they were issued"


def _code_refused(vendor: str, why: str) -> str:
    return (
        f"{vendor} refuses the authorization code ({why}). A code works once, for a few minutes, and"
        f" only for the redirect URI that it was issued for; begin again at /auth/{vendor}/start"
    )
