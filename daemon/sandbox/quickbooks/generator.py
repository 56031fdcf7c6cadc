"""Fills a company with plausible data, up to hundreds of thousands of objects.

Shapes and sizes follow recorded objects of 2026. The ledger is consistent: balances of names and
accounts are those of their open transactions, and the objects that a transaction touched carry
its second as their LastUpdatedTime, with their SyncToken still 0.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.generated_lists import ListMaker
from daemon.sandbox.quickbooks.generated_transactions import TransactionMaker
from daemon.sandbox.quickbooks.json_text import Document
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind, MutationLog
from daemon.sandbox.quickbooks.table import row_of
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_s

DEFAULT_SIZES: Mapping[str, int] = {
    "Account": 32,
    "Item": 16,
    "Customer": 40,
    "Vendor": 26,
    "Invoice": 60,
    "Bill": 30,
    "Payment": 36,
    "BillPayment": 18,
}
"""How many objects of each type a company has at scale 1."""

HISTORY = timedelta(days=400)
_FIXED = frozenset({"Account", "Item"})


def sizes_at(scale: float, sizes: Mapping[str, int] | None) -> dict[str, int]:
    """Return how many objects of each type to make.

    Raises:
        ValueError: A type that is not generated, or a negative number.
    """
    wanted = {
        name: number if name in _FIXED else round(number * scale)
        for name, number in DEFAULT_SIZES.items()
    }
    wanted.update(sizes or {})
    unknown = sorted(set(wanted) - set(DEFAULT_SIZES))
    if unknown or any(number < 0 for number in wanted.values()):
        raise ValueError(f"cannot generate {unknown or wanted}")
    return wanted


def fill(
    company: Company, log: MutationLog, sizes: Mapping[str, int], chance: Random, now: datetime
) -> None:
    """Give an empty company its data, all of it older than two hours."""
    opened_s = epoch_s(now - HISTORY)
    closed_s = epoch_s(now - timedelta(hours=2))
    lists = ListMaker(company, chance, opened_s)
    lists.make(sizes)
    transactions = TransactionMaker(company, lists, chance, (lists.ready_s, closed_s))
    transactions.make(sizes)
    for object_type, made in (transactions.finished() | lists.finished()).items():
        _add(company, log, object_type, made)


def _add(
    company: Company, log: MutationLog, object_type: str, made: Iterable[tuple[Document, int]]
) -> None:
    entity = ENTITIES[object_type]
    rows = [row_of(entity, document, updated_s) for document, updated_s in made]
    company.tables[object_type].extend(rows)
    for row in rows:
        at_us = row.updated_s * SECOND_US
        log.append(
            Mutation(
                sequence=log.next_sequence,
                realm_id=company.realm_id,
                object_type=object_type,
                object_id=row.object_id,
                kind=MutationKind.GENERATE,
                at_us=at_us,
                updated_s=row.updated_s,
                visible_us=at_us,
                body=row.body,
            )
        )
