"""Keeps what this process knows of every account true when other nodes change it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import anyio
from anyio import lowlevel

from actors.clock import Clock
from actors.events import Event, OwnerNeeded
from daemon.cluster import words
from daemon.metrics.census import Census
from store.cluster_ports import Wire
from store.errors import StoreUnavailableError, UnknownAccountError
from store.ports import Directory

_READ_EVERY_S = 30.0
_AT_ONCE = 500
"""How many accounts are taken in before the loop gets its turn."""
_REST = 50
"""All accounts are read again after so many times the time that it takes."""


class AccountStore(Directory, Wire, Protocol):
    """Where accounts are, and the wire."""


class AccountFollower:
    """Reads an account again when somebody changed it at another node, and all of them now and then."""

    def __init__(
        self, store: AccountStore, census: Census, is_here: Callable[[str], bool], clock: Clock
    ) -> None:
        """Take what is kept true; what is told of accounts hosted here is known better here."""
        self._store = store
        self._census = census
        self._is_here = is_here
        self._clock = clock
        self._came: set[str] = set()
        self._woken = anyio.Event()
        census.on_change = self._changed

    async def run(self) -> None:
        """Follow until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear)
            tasks.start_soon(self._take_up)
            took_s = 0.0
            while True:
                await anyio.sleep(max(_READ_EVERY_S, _REST * took_s))
                began_s = self._clock.now().monotonic_s
                with suppress(StoreUnavailableError):
                    await self.read_all()
                took_s = self._clock.now().monotonic_s - began_s

    def listen(self, event: Event) -> None:
        """Tell the other nodes of an account that an actor of this one has changed."""
        if isinstance(event, OwnerNeeded):
            self._changed(event.account_id)

    def came(self, account_id: str) -> None:
        """Learn what was known of an account at the node that it came from."""
        self._came.add(account_id)
        self._woken.set()

    async def read_all(self) -> None:
        """Take in all accounts as they are stored. Raises `StoreUnavailableError`."""
        before = self._census.ids()
        accounts = await self._store.accounts()
        certified_at = await self._store.certified_at()
        for number, account in enumerate(accounts, 1):
            self._census.refresh(account, watermark=not self._is_here(account.id))
            if number % _AT_ONCE == 0:
                await lowlevel.checkpoint()
        for account_id, at in certified_at.items():
            self._census.put_certified_at(account_id, at)
        for account_id in set(before) - {account.id for account in accounts}:
            self._census.leave_out(account_id)

    async def read(self, account_id: str) -> None:
        """Take in one account. Raises `StoreUnavailableError`."""
        try:
            account = await self._store.account(account_id)
        except UnknownAccountError:
            self._census.leave_out(account_id)
        else:
            self._census.refresh(account, watermark=not self._is_here(account_id))

    def _changed(self, account_id: str) -> None:
        self._store.say(words.ACCOUNTS, [account_id])

    async def _hear(self) -> None:
        async for heard in self._store.hear([words.ACCOUNTS]):
            for account_id in heard.get(words.ACCOUNTS, ()):
                with suppress(StoreUnavailableError):
                    await self.read(account_id)

    async def _take_up(self) -> None:
        """Learn when the tokens end of accounts that came from another node, which renewed them."""
        while True:
            self._woken = anyio.Event()
            while self._came:
                account_id = self._came.pop()
                counted = self._census.counted(account_id)
                if counted is None or not counted.knows_token_times:
                    continue  # all are read when the process starts
                with suppress(StoreUnavailableError, UnknownAccountError):
                    credential = await self._store.credential(account_id)
                    if credential is not None:
                        self._census.put_token_times(account_id, credential)
            await self._woken.wait()
