"""How fast a first reading is: from HTTP on loopback to durable in SQLite, beside the floor loop."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import msgspec

from actors.credential import Credential
from actors.settings import AccountSettings
from actors.vendors.http import build_client
from bench import floor
from bench.alone import alone
from bench.cores import Cores, pin
from bench.figures import Figure, middle
from bench.house import NO_LIMITS, House, open_house
from bench.vendor_process import vendor_process
from bench.vendor_server import Vendor

MEAN_BYTES = 2300
OBJECTS_PER_S = 20_000.0
OF_THE_FLOOR = 0.75

Credentials = Mapping[str, Credential]


class Rates(msgspec.Struct, frozen=True):
    """Objects a second, one of each for each repetition."""

    daemon: list[float]
    floor: list[float]


class ShortError(Exception):
    """Not all objects arrived: the times mean nothing."""


def measure(folder: Path, cores: Cores, *, invoices: int, repetitions: int) -> list[Figure]:
    """Read companies of so many invoices in all, as one account and as eight."""
    return [
        *_variant(folder, cores, 1, invoices, repetitions),
        *_variant(folder, cores, 8, invoices, repetitions),
    ]


def _variant(
    folder: Path, cores: Cores, accounts: int, invoices: int, repetitions: int
) -> list[Figure]:
    each = invoices // accounts
    with vendor_process(
        companies=accounts, invoices=each, mean_bytes=MEAN_BYTES, core=cores.others
    ) as vendor:
        rates = alone(_alternate, folder, vendor, cores.daemon, repetitions)
    key, title = f"ingest.{accounts}_accounts", f"Ingest, {how_many(accounts)}"
    mean_bytes = sum(company.mean_bytes for company in vendor.companies) / accounts
    ratios = [daemon / least for daemon, least in zip(rates.daemon, rates.floor, strict=True)]
    return [
        middle(
            rates.daemon,
            key=f"{key}.daemon",
            title=title,
            unit="objects/s",
            at_least=OBJECTS_PER_S,
            note=f"{each * accounts:,} invoices of {mean_bytes:,.0f} bytes",
        ),
        middle(rates.floor, key=f"{key}.floor", title=f"{title}: the floor loop", unit="objects/s"),
        middle(
            ratios,
            key=f"{key}.ratio",
            title=f"{title}: of the floor",
            unit="x",
            at_least=OF_THE_FLOOR,
            note="pair by pair, each repetition",
        ),
    ]


def how_many(number: int) -> str:
    """Name so many accounts."""
    return "1 account" if number == 1 else f"{number} accounts"


def _alternate(folder: Path, vendor: Vendor, core: int | None, repetitions: int) -> Rates:
    pin(core)
    return anyio.run(_repeat, folder, vendor, repetitions)


async def _repeat(folder: Path, vendor: Vendor, repetitions: int) -> Rates:
    """Take turns, so that a machine that is busy for a while is so for both. The first turn warms up."""
    rates = Rates([], [])
    credentials = await consents(folder, vendor)
    for _ in range(1 + repetitions):
        rates.daemon.append(await daemon_rate(folder, vendor, credentials))
        rates.floor.append(await _floor_rate(folder, vendor, credentials))
    return Rates(rates.daemon[1:], rates.floor[1:])


async def consents(folder: Path, vendor: Vendor) -> Credentials:
    """Have the owner of each company let us in."""
    with TemporaryDirectory(dir=folder) as place:
        async with open_house(Path(place), vendor, _settings()) as house, house.daemon.vendors:
            return {
                company.realm_id: await house.vendor.exchange(company.code, company.realm_id)
                for company in vendor.companies
            }


async def daemon_rate(
    folder: Path, vendor: Vendor, credentials: Credentials, store_url: str = ""
) -> float:
    """Read all companies into a new database, or this empty one; return objects a second."""
    with TemporaryDirectory(dir=folder) as place:
        async with (
            open_house(Path(place), vendor, _settings(), store_url=store_url) as house,
            house.daemon.started(),
        ):
            await house.hosts_all()
            ids = [await house.connect(realm, tokens) for realm, tokens in credentials.items()]
            began_s = time.perf_counter()
            await house.backfill(ids)
            took_s = time.perf_counter() - began_s
            return _checked(vendor, await _stored(house, ids)) / took_s


async def _stored(house: House, account_ids: list[str]) -> int:
    return sum([sum((await house.store.live_counts(each)).values()) for each in account_ids])


async def _floor_rate(folder: Path, vendor: Vendor, credentials: Credentials) -> float:
    with TemporaryDirectory(dir=folder) as place:
        connection = floor.open_database(Path(place) / "floor.db")
        try:
            async with build_client() as client:
                began_s = time.perf_counter()
                copied = 0
                for realm_id, credential in credentials.items():
                    copied += await floor.copy_company(
                        client, vendor.url, realm_id, credential.access_token, connection
                    )
                took_s = time.perf_counter() - began_s
        finally:
            connection.close()
        return _checked(vendor, copied) / took_s


def _checked(vendor: Vendor, objects: int) -> int:
    expected = sum(company.objects for company in vendor.companies)
    if objects != expected:
        raise ShortError(f"{objects} of {expected} objects arrived")
    return objects


def _settings() -> AccountSettings:
    return AccountSettings(object_types=("Invoice",), limits=NO_LIMITS)
