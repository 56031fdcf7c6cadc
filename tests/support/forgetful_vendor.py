"""A vendor that has lost all objects of a type, whichever way it is asked: no second witness helps."""

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.quickbooks.table import Table


@contextmanager
def forgetting(
    sandbox: QuickBooksSandbox, realm: str, object_type: str, *, tells: bool
) -> Iterator[None]:
    """Let the company's objects of the type be gone within.

    Args:
        sandbox: the vendor.
        realm: the company.
        object_type: the type.
        tells: whether the feed of changes calls them deleted; else they are just not there.
    """
    company = sandbox.company(realm)
    # What becomes visible within would be shown to the empty table, and be lost for good.
    company.settle(sandbox.world.clock())
    tables = company.tables
    lost = Table(tables[object_type].entity)
    if tells:
        now_s = int(sandbox.world.clock().timestamp())
        for object_id in tables[object_type].listed:
            lost.deleted.add(object_id)
            lost.reveal_deletion(object_id, now_s)
    company.tables = {**tables, object_type: lost}
    try:
        yield
    finally:
        company.tables = tables
