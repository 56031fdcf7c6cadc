"""Invoices of the size that companies have: the sandbox's own are a little small."""

from collections.abc import Iterator

from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.json_text import decode_document
from daemon.sandbox.quickbooks.table import Row, Table, row_of

_MEMO = (
    "Terms: net 30 days, 1.5 % interest a month on what is overdue. Please write the invoice's number"
    " on the cheque. Warranty on installed parts is one year from the date of service; plants are"
    " replaced once within ninety days if they were watered as described. Call the office before the"
    " next visit so that the gate is open, and keep the dog inside: the crew must reach the back yard."
)


def enlarge(company: Company, mean_bytes: int) -> None:
    """Give every invoice a private note, as long as it takes to make them this large on average."""
    table = company.tables["Invoice"]
    sizes = [len(row.body) for row in table.rows.values()]
    missing = mean_bytes - sum(sizes) // max(1, len(sizes)) - len('"PrivateNote":"",')
    if missing <= 0:
        return
    note = (_MEMO * (1 + missing // len(_MEMO)))[:missing]
    larger = Table(table.entity)
    larger.extend(_with_note(table, note))
    company.tables = {**company.tables, "Invoice": larger}


def _with_note(table: Table, note: str) -> Iterator[Row]:
    for row in table.rows.values():
        document = decode_document(row.body) | {"PrivateNote": note}
        yield row_of(table.entity, table.entity.ordered(document), row.updated_s)
