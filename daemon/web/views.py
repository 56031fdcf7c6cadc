"""Finance views over the replica, each with how fresh it is."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from actors.finance.aging import aging, balances, days_later, due, ends, sums
from actors.finance.mapping import CompanyProfile
from actors.finance.projector import FinanceProjector
from actors.staleness import StaleReason
from actors.vendors.registry import FINANCE
from daemon.read_through import ReadThrough
from daemon.web import finance_documents as shown
from daemon.web.freshness import freshness
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, cursor_to_place, place_to_cursor
from daemon.web.problem import FieldError, InvalidInputError, NotFoundError, ProblemError
from daemon.web.reading import MaxAge, read_through
from store.errors import StoreUnavailableError
from store.finance import (
    DuePage,
    FinanceDocument,
    FinanceQuery,
    FinanceReading,
    Flow,
    PaymentPage,
    Place,
    Section,
)

_TAG = "views"
_STEPS_WITHIN_A_CALL = 40
_DIGEST_ITEMS = 10
_SEPARATOR = "\x1f"
_PLACE_PARTS = 3

AsOf = Annotated[
    date | None,
    Meta(description="The day by which what is overdue is judged; today in UTC when not given."),
]
Days = Annotated[int, Meta(ge=0, le=3650, description="How many days ahead to look.")]


class ViewQuery(msgspec.Struct, frozen=True):
    """Parameters of all views."""

    as_of: AsOf = None
    max_age: MaxAge = None


class DigestQuery(msgspec.Struct, frozen=True):
    """Parameters of the digest."""

    as_of: AsOf = None
    max_age: MaxAge = None
    days: Days = 30


class BillsDueQuery(msgspec.Struct, frozen=True):
    """Parameters of the bills due."""

    as_of: AsOf = None
    max_age: MaxAge = None
    days: Days = 30
    limit: Limit = 100
    cursor: CursorText = ""


class PaymentHistoryQuery(msgspec.Struct, frozen=True):
    """Parameters of the payments."""

    as_of: AsOf = None
    max_age: MaxAge = None
    customer: (
        Annotated[
            str, Meta(min_length=1, description="The vendor's id of a customer: its payments.")
        ]
        | None
    ) = None
    vendor: (
        Annotated[
            str, Meta(min_length=1, description="The vendor's id of a supplier: those to it.")
        ]
        | None
    ) = None
    limit: Limit = 100
    cursor: CursorText = ""


AnyQuery = ViewQuery | DigestQuery | BillsDueQuery | PaymentHistoryQuery
Q = TypeVar("Q", ViewQuery, DigestQuery, BillsDueQuery, PaymentHistoryQuery)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read for a view, and by which day it is judged."""

    reading: FinanceReading
    as_of: date
    head: dict[str, Any]


async def receivables_aging(call: Call[ViewQuery, Nothing]) -> Answer:
    """Show what customers owe, by age."""
    return await _aging(call, Section.RECEIVABLE)


async def payables_aging(call: Call[ViewQuery, Nothing]) -> Answer:
    """Show what is owed to suppliers, by age."""
    return await _aging(call, Section.PAYABLE)


async def bills_due(call: Call[BillsDueQuery, Nothing]) -> Answer:
    """List the bills that are due soon."""
    asked = call.query
    through = days_later(_as_of(call), asked.days)
    page = DuePage(Section.PAYABLE, through, _place(asked.cursor), asked.limit + 1)
    seen = await _see(
        call, FinanceQuery(totals=[Section.PAYABLE], ends=ends(_as_of(call), through), due=page)
    )
    found = seen.reading.due[: asked.limit]
    return Answer(
        shown.BillsDueView(
            through=through,
            currencies=_due_lines(seen, through),
            items=[shown.open_document(each, seen.as_of) for each in found],
            next=_next(found, len(seen.reading.due), lambda each: each.due_on),
            **seen.head,
        )
    )


async def payment_history(call: Call[PaymentHistoryQuery, Nothing]) -> Answer:
    """List payments, the newest first."""
    asked = call.query
    if asked.customer is not None and asked.vendor is not None:
        raise InvalidInputError([FieldError("vendor", "either a customer or a vendor", "both")])
    flow = Flow.IN if asked.customer else Flow.OUT if asked.vendor else None
    party_id = asked.customer or asked.vendor or ""
    page = PaymentPage(flow, party_id, _place(asked.cursor), asked.limit + 1)
    seen = await _see(call, FinanceQuery(payments=page))
    found = seen.reading.payments[: asked.limit]
    return Answer(
        shown.PaymentHistoryView(
            currencies=[
                line
                for direction, totals in (seen.reading.payment_totals or {}).items()
                for line in shown.payment_sums(direction, sums(totals))
            ],
            items=shown.payments(found),
            next=_next(found, len(seen.reading.payments), lambda each: each.dated_on),
            **seen.head,
        )
    )


async def company(call: Call[ViewQuery, Nothing]) -> Answer:
    """Show what the vendor says about the company."""
    seen = await _see(call, FinanceQuery(), with_company=True)
    return Answer(shown.CompanyView(company=_company(seen), **seen.head))


async def cash(call: Call[ViewQuery, Nothing]) -> Answer:
    """Show what is owed both ways, and what the bank accounts hold."""
    seen = await _see(call, FinanceQuery(totals=_BOTH, ends=ends(_as_of(call)), bank=True))
    return Answer(shown.CashView(**_cash_fields(seen), **seen.head))


async def digest(call: Call[DigestQuery, Nothing]) -> Answer:
    """Show all in one."""
    through = days_later(_as_of(call), call.query.days)
    wanted = FinanceQuery(
        totals=_BOTH,
        ends=ends(_as_of(call), through),
        due=DuePage(Section.PAYABLE, through, None, _DIGEST_ITEMS),
        payments=PaymentPage(None, "", None, _DIGEST_ITEMS),
        bank=True,
    )
    seen = await _see(call, wanted, with_company=True)
    return Answer(
        shown.DigestView(
            company=_company(seen),
            receivables_aging=_aging_lines(seen, Section.RECEIVABLE),
            payables_aging=_aging_lines(seen, Section.PAYABLE),
            through=through,
            bills_due=_due_lines(seen, through),
            next_bills=[shown.open_document(each, seen.as_of) for each in seen.reading.due],
            latest_payments=shown.payments(seen.reading.payments),
            **_cash_fields(seen),
            **seen.head,
        )
    )


async def _see(
    call: Call[Q, Nothing], wanted: FinanceQuery, *, with_company: bool = False
) -> _Seen:
    """Bring the account's copy up to date as far as a call may take, and read it.

    Raises:
        NotFoundError: the account's vendor has nothing to do with money.
        ProblemError: 503: the copy is not built yet.
    """
    context = call.context
    account = await context.store.account(call.path("account_id"))
    projector = FinanceProjector(context.store.finance, FINANCE)
    mapping = projector.mapping(account.vendor)
    if mapping is None:
        raise NotFoundError(f"there are no finance views of {account.vendor} accounts")
    through = await read_through(call, account)
    # While nothing can be written, what was built before can be read, and says how old it is.
    with suppress(StoreUnavailableError):
        await projector.bring_up(account.id, account.vendor, steps=_STEPS_WITHIN_A_CALL)
    if with_company:
        wanted = replace(wanted, company_type=mapping.company_type)
    reading = await context.store.finance.read(account.id, wanted)
    if not reading.built:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "view-not-ready",
            "the account's figures are being put together; ask again in a moment",
            headers={"Retry-After": "2"},
        )
    now, stale_after_s = context.clock.now().utc, context.stale_after_s(account.vendor)
    fresh = freshness(reading.exact_as_of, now, stale_after_s, _reason(call, reading, through))
    as_of = _as_of(call)
    settings = context.settings.get(account.vendor)
    replicated = () if settings is None else settings.object_types
    head = {
        "account_id": account.id,
        "as_of": as_of,
        "as_of_basis": "utc" if call.query.as_of is None else "asked",
        "freshness": shown.FinanceFreshness(**msgspec.structs.asdict(fresh), seq=reading.seq),
        "left_out": shown.left_out(reading),
        "not_replicated": [each for each in mapping.object_types if each not in replicated],
    }
    return _Seen(reading, as_of, head)


def _reason(
    call: Call[Q, Nothing], reading: FinanceReading, through: ReadThrough
) -> StaleReason | None:
    """Say why the figures are older than was asked for; they may be behind the account's objects."""
    exact_as_of, asked = through.account.exact_as_of, call.query.max_age is not None
    if through.reason is None and asked and exact_as_of is not None:
        is_behind = reading.exact_as_of is None or reading.exact_as_of < exact_as_of
        return StaleReason.BEHIND if is_behind else None
    return through.reason


async def _aging(call: Call[ViewQuery, Nothing], section: Section) -> Answer:
    seen = await _see(call, FinanceQuery(totals=[section], ends=ends(_as_of(call))))
    return Answer(shown.AgingView(currencies=_aging_lines(seen, section), **seen.head))


def _as_of(call: Call[Q, Nothing]) -> date:
    """Return the day that was asked for, or today in UTC: no vendor tells its companies' zones."""
    return call.query.as_of or call.context.clock.now().utc.date()


def _aging_lines(seen: _Seen, section: Section) -> list[shown.AgingLine]:
    return [shown.aging_line(each) for each in aging(seen.reading.totals[section], seen.as_of)]


def _due_lines(seen: _Seen, through: date) -> list[shown.DueLine]:
    totals = seen.reading.totals[Section.PAYABLE]
    return [shown.due_line(each) for each in due(totals, seen.as_of, through)]


def _cash_fields(seen: _Seen) -> dict[str, Any]:
    reading = seen.reading
    receivable, payable = (aging(reading.totals[each], seen.as_of) for each in _BOTH)
    return {
        "receivables": [shown.open_line(each) for each in receivable],
        "payables": [shown.open_line(each) for each in payable],
        "bank_balances": shown.bank_balances(balances(reading.bank)),
        "bank_accounts": shown.bank_accounts(reading.bank),
    }


def _company(seen: _Seen) -> CompanyProfile | None:
    payload = seen.reading.company
    return None if payload is None else FINANCE[seen.reading.account.vendor].company(payload)


def _place(cursor: str) -> Place | None:
    place = cursor_to_place(cursor)
    if not place:
        return None
    parts = place.split(_SEPARATOR)
    if len(parts) != _PLACE_PARTS:
        raise InvalidInputError([FieldError("cursor", "`next` of an earlier page", "another text")])
    return parts[0], parts[1], parts[2]


def _next(
    found: Sequence[FinanceDocument],
    read: int,
    day_of: Callable[[FinanceDocument], date | None],
) -> str | None:
    """Return the cursor behind the last of the page; None when nothing is behind it."""
    if read <= len(found):
        return None
    last = found[-1]
    day = day_of(last)
    text = "" if day is None else day.isoformat()
    return place_to_cursor(_SEPARATOR.join((text, last.object_type, last.object_id)))


_BOTH = (Section.RECEIVABLE, Section.PAYABLE)
_PROBLEMS = {
    HTTPStatus.NOT_FOUND: "There is no such account, or its vendor has nothing to do with money.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now; the figures may still be put together.",
}


def _view(
    name: str,
    operation: str,
    handler: Callable[[Any], Awaitable[Answer]],
    query: type[msgspec.Struct],
    document: type[msgspec.Struct],
    summary: str,
) -> AnyOperation:
    return Operation(
        method="GET",
        path=f"/integrations/{{account_id}}/views/{name}",
        name=operation,
        tag=_TAG,
        summary=summary,
        handler=handler,
        query=query,
        replies=[Reply(HTTPStatus.OK, "The view.", document)],
        problems=_PROBLEMS,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    _view(
        "bills-due",
        "viewBillsDue",
        bills_due,
        BillsDueQuery,
        shown.BillsDueView,
        "Bills due within some days, overdue ones too",
    ),
    _view(
        "receivables-aging",
        "viewReceivablesAging",
        receivables_aging,
        ViewQuery,
        shown.AgingView,
        "What customers owe, by how long it is overdue",
    ),
    _view(
        "payables-aging",
        "viewPayablesAging",
        payables_aging,
        ViewQuery,
        shown.AgingView,
        "What is owed to suppliers, by how long it is overdue",
    ),
    _view(
        "payment-history",
        "viewPaymentHistory",
        payment_history,
        PaymentHistoryQuery,
        shown.PaymentHistoryView,
        "Payments, newest first: all, a customer's, or those to a supplier",
    ),
    _view("company", "viewCompany", company, ViewQuery, shown.CompanyView, "The company itself"),
    _view(
        "cash",
        "viewCash",
        cash,
        ViewQuery,
        shown.CashView,
        "Open receivables and payables, what of them is overdue, and bank balances",
    ),
    _view("digest", "viewDigest", digest, DigestQuery, shown.DigestView, "All views in one"),
)
