"""The daemon, put together around a vendor of ours and a database in a folder."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import anyio
import httpx
from cryptography.fernet import Fernet

from actors.clock import SystemClock, system_random
from actors.credential import Credential, Sealer
from actors.settings import AccountSettings, CallLimits
from actors.vendors.base import Vendor as VendorPort
from actors.vendors.http import build_client
from bench.vendor_server import Vendor
from daemon.app import Daemon, assemble
from daemon.config import Config, LogConfig, Secret, SecretsConfig, ServerConfig, StoreConfig
from daemon.config.cluster import SHARDS
from daemon.config.quickbooks import QuickBooksConfig, QuickBooksEndpoints
from daemon.log import configure_logging
from daemon.redaction import Redactor
from daemon.sdnotify import Notifier
from daemon.store_opening import open_configured_store
from daemon.world import World
from store.relational.store import RelationalStore

QUICKBOOKS = "quickbooks"
NO_LIMITS = CallLimits(per_minute=None, per_second=None)
TYPES = (
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
"""What is replicated unless something else is configured."""

_LOOK_AGAIN_S = 0.005


async def until(holds: Callable[[], bool], again_s: float = _LOOK_AGAIN_S) -> None:
    """Return soon after this holds. The daemon tells nobody of what is waited for here."""
    while not holds():  # noqa: ASYNC110
        await anyio.sleep(again_s)


@dataclass(frozen=True, slots=True)
class House:
    """A daemon that runs or will."""

    daemon: Daemon
    store: RelationalStore

    @property
    def vendor(self) -> VendorPort:
        """The vendor, as the daemon's actors use it."""
        return self.daemon.vendors.by_name[QUICKBOOKS]

    @property
    def sealer(self) -> Sealer:
        """What the daemon seals tokens with."""
        return self.daemon.vendors.surroundings[QUICKBOOKS].sealer

    async def connect(self, realm_id: str, credential: Credential) -> str:
        """Store a company with its tokens; return the id of its account."""
        account, _ = await self.store.connect(
            QUICKBOOKS,
            realm_id,
            f"Company {realm_id}",
            self.sealer.seal(credential),
            self.daemon.world.clock.now().utc,
            str(uuid4()),
        )
        return account.id

    async def hosts_all(self) -> None:
        """Return as soon as the daemon that was started may host any account; on a file at once."""
        placement = self.daemon.placement
        if placement is not None:
            await until(lambda: all(shard in placement.holds() for shard in range(SHARDS)))

    async def backfill(self, account_ids: Sequence[str]) -> None:
        """Start these accounts; return as soon as all their types were read from end to end."""
        for account_id in account_ids:
            await self.daemon.supervisor.start_account(account_id)
        await until(lambda: all(map(self._is_complete, account_ids)))

    def _is_complete(self, account_id: str) -> bool:
        status = self.daemon.supervisor.hosted()[account_id].status()
        return status is not None and all(each.complete for each in status.cursors.values())


@asynccontextmanager
async def open_house(
    folder: Path,
    vendor: Vendor,
    account: AccountSettings,
    *,
    key: str = "",
    store_url: str = "",
    open_client: Callable[[], httpx.AsyncClient] = build_client,
) -> AsyncIterator[House]:
    """Put a daemon together over the database in this folder, or another; nothing runs yet.

    It logs as a service does, into nothing.

    Args:
        folder: where the database is or will be.
        vendor: where the vendor is.
        account: how its accounts are kept.
        key: what tokens are sealed with; a new one if not given.
        store_url: where the database is, if not in the folder.
        open_client: makes the client for all calls; the daemon's own way if not given.
    """
    world = World(
        clock=SystemClock(),
        random=system_random(),
        redactor=Redactor(()),
        notifier=Notifier({}),
        open_client=open_client,
    )
    config = Config(
        store=StoreConfig(store_url or f"sqlite:///{folder / 'syncline.db'}"),
        server=ServerConfig(port=0),
        secrets=SecretsConfig((Secret(key or Fernet.generate_key().decode()),)),
        vendors={QUICKBOOKS: quickbooks_config(vendor, account)},
    ).resolved(folder)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # noqa: ASYNC230 - no disk
        configure_logging(
            LogConfig(format="json"),
            clock=world.clock,
            redactor=world.redactor,
            stream=nowhere,
            environ={},
        )
        async with await open_configured_store(config.store, alone=config.store.is_file) as store:
            yield House(await assemble(config, world, store), store)


def quickbooks_config(vendor: Vendor, account: AccountSettings) -> QuickBooksConfig:
    """Return the configuration that leads to this vendor."""
    return QuickBooksConfig(
        account=account,
        client_id=vendor.client_id,
        client_secret=Secret(vendor.client_secret),
        endpoints=QuickBooksEndpoints(
            authorize_url=f"{vendor.url}/connect/oauth2",
            token_url=f"{vendor.url}/oauth2/v1/tokens/bearer",
            revoke_url=f"{vendor.url}/v2/oauth2/tokens/revoke",
            api_url=vendor.url,
        ),
    )
