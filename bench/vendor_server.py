"""The vendor as a program: a sandbox full of invoices, served until its standard input ends.

Says on one line of standard output where it is and what it holds.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

import msgspec

from bench.cores import pin
from bench.large_invoices import enlarge
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox


class Company(msgspec.Struct, frozen=True):
    """One company, with a code that lets us in once."""

    realm_id: str
    code: str
    objects: int
    mean_bytes: float


class Vendor(msgspec.Struct, frozen=True):
    """Where the vendor is and what it holds."""

    url: str
    client_id: str
    client_secret: str
    companies: list[Company]


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="bench.vendor_server")
    parser.add_argument("--companies", type=int, required=True)
    parser.add_argument("--invoices", type=int, required=True, help="in each company")
    parser.add_argument("--mean-bytes", type=int, required=True)
    parser.add_argument("--core", type=int, default=None)
    options = parser.parse_args()
    pin(options.core)
    sandbox = QuickBooksSandbox(lambda: datetime.now(UTC), limits=None)
    companies = [
        _company(sandbox, options.invoices, options.mean_bytes) for _ in range(options.companies)
    ]
    asyncio.run(_serve(sandbox, companies))


def _company(sandbox: QuickBooksSandbox, invoices: int, mean_bytes: int) -> Company:
    realm_id = sandbox.add_company(sizes={"Invoice": invoices, "Payment": 0})
    enlarge(sandbox.company(realm_id), mean_bytes)
    bodies = sandbox.truth(realm_id)["Invoice"].values()
    return Company(
        realm_id=realm_id,
        code=sandbox.issue_code(realm_id),
        objects=len(bodies),
        mean_bytes=sum(map(len, bodies)) / max(1, len(bodies)),
    )


async def _serve(sandbox: QuickBooksSandbox, companies: list[Company]) -> None:
    app = next(iter(sandbox.world.authorization.apps.values()))
    async with serve_sandbox(sandbox, compress=False) as url:
        vendor = Vendor(url, app.client_id, app.client_secret, companies)
        sys.stdout.write(f"{msgspec.json.encode(vendor).decode()}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    main()
