"""How long finance views take over a company of many open invoices, and what keeping them costs."""

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import msgspec
from cryptography.fernet import Fernet

from actors.clock import SystemClock
from actors.credential import Sealer
from actors.finance.projector import FinanceProjector, Standing
from actors.vendors.registry import FINANCE
from bench.cores import Cores
from bench.daemon_process import DaemonProcess, daemon_process, get
from bench.figures import Figure, percentile
from bench.seed import credential
from store.models import CursorMove, ObjectRecord, PageWrite, Via
from store.sqlite import SqliteStore, open_store

VIEW_MS = 50.0
_ACCOUNT = "00000000-0000-4000-8000-000000000001"
_PAGE = 1000
_CALLS = 30
_CHANGED = 100
_DAYS = 730
_NAMES = ("receivables-aging", "cash", "digest", "bills-due", "payment-history")
_PAYLOAD_BYTES = 2300


def measure(folder: Path, cores: Cores, *, invoices: int) -> list[Figure]:
    """Fill a replica, build the copy that views read, then ask for each view over HTTP."""
    with TemporaryDirectory(dir=folder) as place:
        key = Fernet.generate_key().decode()
        building_s, following_s = anyio.run(_fill, Path(place) / "syncline.db", key, invoices)
        with daemon_process(Path(place), key, _SECTION, cores.daemon) as daemon:
            figures = [figure for name in _NAMES for figure in _ask(daemon, name, invoices)]
    return [
        Figure(
            key="views.build",
            title=f"building the copy of {invoices} open invoices, {invoices // 10} bills and as many payments",
            value=building_s,
            unit="s",
            note="once an account, in the background",
        ),
        Figure(
            key="views.follow",
            title=f"bringing it up to date after {_CHANGED} changes",
            value=following_s * 1000,
            unit="ms",
            note="what a view waits for at most that comes before the background did it",
        ),
        *figures,
    ]


async def _fill(path: Path, key: str, invoices: int) -> tuple[float, float]:
    clock = SystemClock()
    async with await open_store(path, durable=False) as store:
        now = clock.now().utc
        sealed = Sealer([key]).seal(credential(1, now))
        await store.connect("quickbooks", "9341450000000001", "Company 1", sealed, now, _ACCOUNT)
        epoch = (await store.claim(_ACCOUNT)).account.epoch
        for records in _pages(invoices, now):
            await store.apply_page(
                PageWrite(_ACCOUNT, epoch, Via.BACKFILL, now, (), objects=records)
            )
        moves = [CursorMove(name, "{}", complete=True, covered_until=now) for name in _TYPES]
        await store.apply_page(PageWrite(_ACCOUNT, epoch, Via.BACKFILL, now, _TYPES, cursors=moves))
        building_s = await _bring_up(store)
        changed = [_record("Invoice", 2 * number, now, 1) for number in range(_CHANGED)]
        await store.apply_page(PageWrite(_ACCOUNT, epoch, Via.POLL, now, (), objects=changed))
        return building_s, await _bring_up(store)


async def _bring_up(store: SqliteStore) -> float:
    projector = FinanceProjector(store.finance, FINANCE)
    began_s = time.perf_counter()
    standing = Standing.UNFINISHED
    while standing is Standing.UNFINISHED:
        standing = await projector.step(_ACCOUNT, "quickbooks")
    return time.perf_counter() - began_s


def _pages(invoices: int, now: datetime) -> Iterator[list[ObjectRecord]]:
    sizes = (("Invoice", invoices), ("Bill", invoices // 10), ("Payment", invoices // 10))
    for object_type, number in sizes:
        for first in range(0, number, _PAGE):
            yield [
                _record(object_type, each, now) for each in range(first, min(number, first + _PAGE))
            ]


def _record(object_type: str, number: int, now: datetime, more: int = 0) -> ObjectRecord:
    day = date(2025, 1, 1) + timedelta(days=number * 7919 % _DAYS)
    amount = 17 + more + number % 1000 + number % 100 / 100
    party = {"value": str(number % 977), "name": f"Company {number % 977}"}
    document = {
        "Id": str(number),
        "DocNumber": str(1000 + number),
        "TxnDate": day,
        "DueDate": day + timedelta(days=30),
        "CurrencyRef": {"value": ("USD", "EUR", "JPY")[number % 3]},
        "CustomerRef": party,
        "VendorRef": party,
        "TotalAmt": amount,
        "Balance": amount,
        "UnappliedAmt": 0,
    }
    size = len(msgspec.json.encode(document))
    document["PrivateNote"] = "x" * (_PAYLOAD_BYTES - size)
    payload = msgspec.json.encode(document)
    return ObjectRecord(object_type, str(number), "0", now, payload)


def _ask(daemon: DaemonProcess, name: str, invoices: int) -> Iterator[Figure]:
    connection = daemon.connection()
    samples: list[float] = []
    for _ in range(_CALLS):
        began_s = time.perf_counter()
        get(connection, f"/integrations/{_ACCOUNT}/views/{name}")
        samples.append((time.perf_counter() - began_s) * 1000)
    for share in (0.5, 0.99):
        yield Figure(
            key=f"views.{name}.p{share * 100:.0f}",
            title=f"{name} over {invoices} open invoices, {share:.0%} within",
            value=percentile(samples, share),
            unit="ms",
            at_most=VIEW_MS,
            note=f"over HTTP, {_CALLS} calls, the first one too",
        )


_TYPES = ("Bill", "Invoice", "Payment")
_SECTION: dict[str, object] = {
    "client_id": "bench",
    "client_secret": "bench",
    "object_types": list(_TYPES),
    "endpoints": dict.fromkeys(
        ("authorize_url", "token_url", "revoke_url", "api_url"), "http://127.0.0.1:9"
    ),
}
