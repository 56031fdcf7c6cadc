"""The accounts that every company posts to, found by their type."""

import enum

from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.json_text import decode_document


class LedgerAccount(enum.StrEnum):
    """Posting accounts; the value is the AccountSubType."""

    RECEIVABLE = "AccountsReceivable"
    PAYABLE = "AccountsPayable"
    UNDEPOSITED = "UndepositedFunds"


def ledger_account(company: Company, account: LedgerAccount) -> str:
    """Return an account's id, or nothing when the company has none."""
    known = company.ledger_accounts.get(account.value, "")
    if known in company.tables["Account"].rows:
        return known
    company.ledger_accounts[account.value] = _search(company, account)
    return company.ledger_accounts[account.value]


def _search(company: Company, account: LedgerAccount) -> str:
    for object_id, row in company.tables["Account"].rows.items():
        document = decode_document(row.body)
        if document["AccountSubType"] == account.value and row.active:
            return object_id
    return ""
