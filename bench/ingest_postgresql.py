"""How fast a first reading is into PostgreSQL, beside the same into SQLite in the same process.

The server is the tests' own, but waits for the disk at each commit, as SQLite does.
"""

from pathlib import Path

import anyio
import msgspec

from bench.alone import alone
from bench.cores import Cores, pin
from bench.figures import Figure, middle
from bench.ingest import MEAN_BYTES, consents, daemon_rate, how_many
from bench.postgresql import Server, running_server
from bench.vendor_process import vendor_process
from bench.vendor_server import Vendor

OF_SQLITE = 0.5


class Rates(msgspec.Struct, frozen=True):
    """Objects a second, one of each for each repetition."""

    postgresql: list[float]
    sqlite: list[float]


def measure(folder: Path, cores: Cores, *, invoices: int, repetitions: int) -> list[Figure]:
    """Read companies of so many invoices in all, as one account and as eight."""
    with running_server(folder.parent, cores.others) as server:
        return [
            figure
            for accounts in (1, 8)
            for figure in _variant(folder, cores, server, accounts, invoices, repetitions)
        ]


def _variant(
    folder: Path, cores: Cores, server: Server, accounts: int, invoices: int, repetitions: int
) -> list[Figure]:
    with vendor_process(
        companies=accounts,
        invoices=invoices // accounts,
        mean_bytes=MEAN_BYTES,
        core=cores.others,
    ) as vendor:
        rates = alone(_alternate, folder, vendor, server, cores.daemon, repetitions)
    key = f"ingest_postgresql.{accounts}_accounts"
    title = f"Ingest into PostgreSQL, {how_many(accounts)}"
    pairs = zip(rates.postgresql, rates.sqlite, strict=True)
    return [
        middle(
            rates.postgresql,
            key=f"{key}.daemon",
            title=title,
            unit="objects/s",
            note="the server on the vendor's core",
        ),
        middle(rates.sqlite, key=f"{key}.sqlite", title=f"{title}: SQLite", unit="objects/s"),
        middle(
            [ours / theirs for ours, theirs in pairs],
            key=f"{key}.ratio",
            title=f"{title}: of SQLite",
            unit="x",
            at_least=OF_SQLITE,
            note="pair by pair, each repetition",
        ),
    ]


def _alternate(
    folder: Path, vendor: Vendor, server: Server, core: int | None, repetitions: int
) -> Rates:
    pin(core)
    return anyio.run(_repeat, folder, vendor, server, repetitions)


async def _repeat(folder: Path, vendor: Vendor, server: Server, repetitions: int) -> Rates:
    """Take turns, so that a machine that is busy for a while is so for both. The first turn warms up."""
    rates = Rates([], [])
    credentials = await consents(folder, vendor)
    for _ in range(1 + repetitions):
        with server.database() as url:
            rates.postgresql.append(await daemon_rate(folder, vendor, credentials, url))
        rates.sqlite.append(await daemon_rate(folder, vendor, credentials))
    return Rates(rates.postgresql[1:], rates.sqlite[1:])
