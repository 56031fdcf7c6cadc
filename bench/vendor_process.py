"""The vendor in a process of its own, so that it takes nothing from the daemon's core."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from bench.vendor_server import Vendor


@contextmanager
def vendor_process(
    *, companies: int, invoices: int, mean_bytes: int, core: int | None
) -> Iterator[Vendor]:
    """Serve a vendor for as long as the context lasts.

    Args:
        companies: how many there are.
        invoices: how many each of them has.
        mean_bytes: how large an invoice is on average, at least.
        core: where the process runs; None anywhere.
    """
    command = [
        *(sys.executable, "-m", "bench.vendor_server"),
        *("--companies", str(companies)),
        *("--invoices", str(invoices)),
        *("--mean-bytes", str(mean_bytes)),
        *(() if core is None else ("--core", str(core))),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process without pipes")
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the vendor's process did not start")
            yield msgspec.json.decode(line, type=Vendor)
        finally:
            process.stdin.close()
