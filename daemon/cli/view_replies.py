"""What the daemon answers about money, as far as the command line shows it."""

import msgspec

from daemon.cli.replies import FreshnessReply


class LeftOut(msgspec.Struct, frozen=True):
    """Objects that are in none of the sums."""

    object_type: str
    reason: str
    count: int
    example_id: str


class Open(msgspec.Struct, frozen=True):
    """What is open in one currency."""

    currency: str
    open: str
    credits: str
    overdue: str
    buckets: dict[str, str] = {}


class DueLine(msgspec.Struct, frozen=True):
    """What falls due in one currency."""

    currency: str
    due: str
    overdue: str
    documents: int


class Debt(msgspec.Struct, frozen=True):
    """One bill."""

    object_id: str
    number: str
    party_name: str
    currency: str
    days_overdue: int
    open: str
    due_on: str | None = None


class Payment(msgspec.Struct, frozen=True):
    """One payment."""

    object_id: str
    direction: str
    number: str
    party_name: str
    currency: str
    amount: str
    unapplied: str
    dated_on: str | None = None


class BankAccount(msgspec.Struct, frozen=True):
    """What one bank account holds."""

    name: str
    currency: str
    balance: str


class View(msgspec.Struct, frozen=True):
    """What all views have in common, and what only some have."""

    as_of: str
    as_of_basis: str
    freshness: FreshnessReply
    left_out: list[LeftOut] = []
    not_replicated: list[str] = []
    next: str | None = None


class AgingView(View, frozen=True):
    """What is open, by age."""

    currencies: list[Open] = []


class BillsDueView(View, frozen=True):
    """Bills due soon."""

    through: str = ""
    currencies: list[DueLine] = []
    items: list[Debt] = []


class PaymentsView(View, frozen=True):
    """Payments."""

    items: list[Payment] = []


class CompanyView(View, frozen=True):
    """The company."""

    company: dict[str, str | list[str] | None] | None = None


class CashView(View, frozen=True):
    """Open both ways, and the bank."""

    receivables: list[Open] = []
    payables: list[Open] = []
    bank_accounts: list[BankAccount] = []


class DigestView(CashView, frozen=True):
    """All in one."""

    company: dict[str, str | list[str] | None] | None = None
    receivables_aging: list[Open] = []
    payables_aging: list[Open] = []
    through: str = ""
    bills_due: list[DueLine] = []
    next_bills: list[Debt] = []
    latest_payments: list[Payment] = []
