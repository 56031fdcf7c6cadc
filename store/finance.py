"""What finance views read: a narrow copy of what matters in some payloads, and how it is kept.

The copy follows the numbered changes. Whoever keeps it (`actors.finance.projector`) asks for a
piece of what is new (`sources`), makes documents of the payloads, and hands them back (`keep`).
Storing a page of the replica costs nothing for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from store.models import Account

MAX_DIGITS = 18
"""How many digits an amount may have, zeros at its end left out."""


class Section(StrEnum):
    """Where an open amount stands."""

    RECEIVABLE = "receivable"
    PAYABLE = "payable"
    BANK = "bank"


class Flow(StrEnum):
    """Which way money went."""

    IN = "in"
    OUT = "out"


class FinanceDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one object says about money, in no vendor's words.

    Attributes:
        section: where `open_amount` stands; None when nothing is open.
        flow: which way `total` went when the object is a payment.
        party_id: the vendor's id of the customer or supplier; of a bank account its own.
        dated_on: the day of the transaction; None for a balance.
        due_on: the day by which age is judged; None when nothing is open.
        open_amount: what is owed, or what the bank holds; below zero for a credit.
        total: what was paid or billed in all.
    """

    object_type: str
    object_id: str
    currency: str
    section: Section | None = None
    flow: Flow | None = None
    number: str = ""
    party_id: str = ""
    party_name: str = ""
    dated_on: date | None = None
    due_on: date | None = None
    open_amount: Decimal = Decimal(0)
    total: Decimal = Decimal(0)


class UnusableObject(msgspec.Struct, frozen=True, gc=False):
    """An object that views leave out, and why, in words that name the field."""

    object_type: str
    object_id: str
    problem: str


class FinanceSource(msgspec.Struct, frozen=True, gc=False):
    """An object as the replica holds it. The payload of one that was never stored is empty."""

    object_type: str
    object_id: str
    deleted: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an account's copy is.

    Attributes:
        generation: which copy it is; an account that is purged or mapped anew gets another.
        mapping: by which version of the vendor's mapping it was made.
        stage: `clearing` what is left of an earlier copy, `building` from the objects held, then
            `following` the changes.
        built_type: the type of the last object that building went through.
        built_id: its id.
        seq: changes up to this one are in the copy.
        whole: the copy stands at `seq`, not at a mixture of moments.
        exact_as_of: the account's watermark when it was last whole.
    """

    generation: int
    mapping: int
    stage: str
    built_type: str
    built_id: str
    seq: int
    whole: bool
    exact_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of what the copy does not have yet, read in one moment.

    Attributes:
        before: where the copy stood; it is kept only if it still does.
        after: where it stands once this is kept.
        keys: every object that the piece is about, also those without a source.
    """

    before: Progress
    after: Progress
    keys: Sequence[tuple[str, str]]
    sources: Sequence[FinanceSource]


class DayTotal(msgspec.Struct, frozen=True, gc=False):
    """The exact sum of open amounts of some days and one currency; debts and credits apart.

    Attributes:
        day: the last of the days by which their age is judged; None for sums of payments.
    """

    day: date | None
    currency: str
    is_credit: bool
    documents: int
    amount: Decimal


class LeftOut(msgspec.Struct, frozen=True):
    """Objects that count for nothing, for the same reason; `example_id` is one of them."""

    object_type: str
    reason: str
    count: int
    example_id: str


Place = tuple[str, str, str]
"""Day, type and id of the last document of the page before."""


@dataclass(frozen=True, slots=True)
class DuePage:
    """Which open debts of a section are wanted: earliest due first."""

    section: Section
    through: date
    after: Place | None
    limit: int


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Which payments are wanted, newest first: all, or one party's of one direction."""

    flow: Flow | None
    party_id: str
    after: Place | None
    limit: int


@dataclass(frozen=True, slots=True)
class FinanceQuery:
    """What a view wants to know, all as of one moment.

    Attributes:
        totals: sums of these sections.
        ends: the days at which a sum ends and the next begins, in their order: what is due on
            the day itself is in the sum that ends. The last sum has no end but time's.
        company_type: the type of the object that describes the company, when that is wanted.
    """

    totals: Sequence[Section] = ()
    ends: Sequence[date] = ()
    due: DuePage | None = None
    payments: PaymentPage | None = None
    bank: bool = False
    company_type: str | None = None


@dataclass(frozen=True, slots=True)
class FinanceReading:
    """The answer to a `FinanceQuery`: read in one transaction.

    Attributes:
        seq: changes up to this one are in what was read, and none behind it.
        exact_as_of: vendor time up to which it is exact; None when not known.
        built: whether there is a whole copy; everything below is empty when not.
        payment_totals: sums of all payments that the page is of, by direction.
    """

    account: Account
    seq: int
    exact_as_of: datetime | None
    built: bool
    totals: Mapping[Section, Sequence[DayTotal]]
    due: Sequence[FinanceDocument] = ()
    payments: Sequence[FinanceDocument] = ()
    payment_totals: Mapping[Flow, Sequence[DayTotal]] | None = None
    bank: Sequence[FinanceDocument] = ()
    company: bytes | None = None
    left_out: Sequence[LeftOut] = ()


class FinanceStore(Protocol):
    """Keeps the copy, and reads it."""

    async def progress(self, account_id: str) -> Progress | None:
        """Return how far the account's copy is; None when there is none."""
        ...

    async def begin(self, account_id: str, mapping: int) -> None:
        """Begin the account's copy anew. Does nothing for an account that is gone."""
        ...

    async def sources(self, account_id: str, types: Sequence[str], limit: int) -> Piece | None:
        """Read the next piece that the account's copy lacks; None when it lacks nothing.

        Args:
            account_id: whose copy; None is returned when there is none.
            types: the object types that can make documents.
            limit: how many objects at most. Few large ones are less.
        """
        ...

    async def keep(
        self, account_id: str, piece: Piece, made: Sequence[FinanceDocument | UnusableObject]
    ) -> bool:
        """Store what was made of a piece; return False when the copy has moved on meanwhile."""
        ...

    async def unbuilt(self, mappings: Mapping[str, int], limit: int) -> Sequence[str]:
        """Return accounts that are read from end to end and have no whole copy by this mapping."""
        ...

    async def behind(self) -> tuple[Sequence[str], int]:
        """Return accounts whose copy has not seen all changes up to a number, and that number."""
        ...

    async def raise_floor(self, seq: int) -> None:
        """Note that every copy that is whole has seen all its account's changes up to this one."""
        ...

    async def read(self, account_id: str, query: FinanceQuery) -> FinanceReading:
        """Read what a view wants, in one transaction.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...
