"""What a payload says about money (§6). Pure.

Amounts are read as the decimal text that the vendor sent, never as floats. A field that is missing
or of another shape makes the object unusable, by that field's name; it never breaks a view.

What counts, as in Intuit's own ageing reports: an invoice's or a bill's `Balance` by its due date;
a credit memo's or vendor credit's `Balance`, and what of a payment is not applied, as credits by
their own date. Voided documents have zero everywhere and count for nothing.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Raw

from actors.finance.exact import exact_sum
from actors.finance.mapping import CompanyProfile, FinanceMapping
from store.finance import (
    MAX_DIGITS,
    FinanceDocument,
    FinanceSource,
    Flow,
    Section,
    UnusableObject,
)

_ABSENT = Raw(b"null")
_DATE_CHARACTERS = 10
_DEBTS = frozenset({"Bill", "JournalEntry"})
_CREDITS = frozenset({"VendorCredit"})

T = TypeVar("T")


class _FieldError(Exception):
    """A field is not what it should be. The text names it."""


class _Payload(msgspec.Struct, gc=False):
    """All that is read of any type; each field as it stands, so that none can spoil another."""

    TotalAmt: Raw = _ABSENT
    Balance: Raw = _ABSENT
    UnappliedAmt: Raw = _ABSENT
    CurrentBalance: Raw = _ABSENT
    CurrencyRef: Raw = _ABSENT
    CustomerRef: Raw = _ABSENT
    VendorRef: Raw = _ABSENT
    TxnDate: Raw = _ABSENT
    DueDate: Raw = _ABSENT
    DocNumber: Raw = _ABSENT
    PaymentRefNum: Raw = _ABSENT
    Name: Raw = _ABSENT
    AccountType: Raw = _ABSENT
    Active: Raw = _ABSENT
    Line: Raw = _ABSENT


class _Reference(msgspec.Struct, gc=False):
    value: str
    name: str | None = None


class _Link(msgspec.Struct, gc=False):
    kind: str = msgspec.field(name="TxnType", default="")


class _Line(msgspec.Struct, gc=False):
    amount: Raw = msgspec.field(name="Amount", default=_ABSENT)
    links: list[_Link] = msgspec.field(name="LinkedTxn", default=[])


_payload = msgspec.json.Decoder(_Payload)
_reference = msgspec.json.Decoder(_Reference)
_lines = msgspec.json.Decoder(list[_Line] | None)
_text = msgspec.json.Decoder(str | None)
_flag = msgspec.json.Decoder(bool | None)


def document(source: FinanceSource) -> FinanceDocument | UnusableObject | None:
    """Read one object; None when it is nothing that views count, such as a paid invoice."""
    try:
        payload = _payload.decode(source.payload)
        return _KINDS[source.object_type](source, payload)
    except _FieldError as error:
        problem = str(error)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        problem = "the payload is no JSON object that can be read"
    return UnusableObject(source.object_type, source.object_id, problem)


def _debt(source: FinanceSource, payload: _Payload, section: Section) -> FinanceDocument | None:
    balance = _amount("Balance", payload.Balance)
    if not balance:
        return None
    dated_on = _optional_day("TxnDate", payload.TxnDate)
    due_on = _optional_day("DueDate", payload.DueDate) or dated_on
    if due_on is None:
        raise _FieldError("DueDate and TxnDate are missing")
    party = _party(payload, section)
    return FinanceDocument(
        object_type=source.object_type,
        object_id=source.object_id,
        section=section,
        number=_words(payload.DocNumber),
        party_id=party.value,
        party_name=party.name or "",
        currency=_currency(payload),
        dated_on=dated_on,
        due_on=due_on,
        open_amount=balance,
        total=_amount("TotalAmt", payload.TotalAmt),
    )


def _credit(source: FinanceSource, payload: _Payload, section: Section) -> FinanceDocument | None:
    remaining = _amount("Balance", payload.Balance)
    if not remaining:
        return None
    party = _party(payload, section)
    dated_on = _day("TxnDate", payload.TxnDate)
    return FinanceDocument(
        object_type=source.object_type,
        object_id=source.object_id,
        section=section,
        number=_words(payload.DocNumber),
        party_id=party.value,
        party_name=party.name or "",
        currency=_currency(payload),
        dated_on=dated_on,
        due_on=dated_on,
        open_amount=-remaining,
        total=_amount("TotalAmt", payload.TotalAmt),
    )


def _payment(
    source: FinanceSource,
    payload: _Payload,
    section: Section,
    flow: Flow,
    unapplied: Callable[[_Payload], Decimal],
) -> FinanceDocument | None:
    total, left = _amount("TotalAmt", payload.TotalAmt), unapplied(payload)
    if not total and not left:
        return None
    party = _party(payload, section)
    dated_on = _day("TxnDate", payload.TxnDate)
    return FinanceDocument(
        object_type=source.object_type,
        object_id=source.object_id,
        section=section if left else None,
        flow=flow if total else None,
        number=_words(payload.PaymentRefNum) or _words(payload.DocNumber),
        party_id=party.value,
        party_name=party.name or "",
        currency=_currency(payload),
        dated_on=dated_on,
        due_on=dated_on,
        open_amount=-left,
        total=total,
    )


def _unapplied_of_customer(payload: _Payload) -> Decimal:
    if bytes(payload.UnappliedAmt) == b"null":
        return Decimal(0)
    return _amount("UnappliedAmt", payload.UnappliedAmt)


def _unapplied_of_supplier(payload: _Payload) -> Decimal:
    """A bill payment does not say what it left: its total and the credits used, less the bills."""
    lines = _read("Line", _lines, payload.Line, "lines with amounts") or []
    left = _amount("TotalAmt", payload.TotalAmt)
    for line in lines:
        kinds = {link.kind for link in line.links}
        if kinds & _DEBTS:
            left = exact_sum([left, -_amount("Line.Amount", line.amount)])
        elif kinds & _CREDITS:
            left = exact_sum([left, _amount("Line.Amount", line.amount)])
    return max(left, Decimal(0))


def _bank(source: FinanceSource, payload: _Payload) -> FinanceDocument | None:
    if _words(payload.AccountType) != "Bank":
        return None
    balance = _amount("CurrentBalance", payload.CurrentBalance)
    if _read("Active", _flag, payload.Active, "true or false") is False and not balance:
        return None
    return FinanceDocument(
        object_type=source.object_type,
        object_id=source.object_id,
        section=Section.BANK,
        party_id=source.object_id,
        party_name=_words(payload.Name),
        currency=_currency(payload),
        open_amount=balance,
    )


_Kind = Callable[[FinanceSource, _Payload], FinanceDocument | None]

_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "Account": _bank,
        "Bill": lambda source, payload: _debt(source, payload, Section.PAYABLE),
        "BillPayment": lambda source, payload: _payment(
            source, payload, Section.PAYABLE, Flow.OUT, _unapplied_of_supplier
        ),
        "CreditMemo": lambda source, payload: _credit(source, payload, Section.RECEIVABLE),
        "Invoice": lambda source, payload: _debt(source, payload, Section.RECEIVABLE),
        "Payment": lambda source, payload: _payment(
            source, payload, Section.RECEIVABLE, Flow.IN, _unapplied_of_customer
        ),
        "VendorCredit": lambda source, payload: _credit(source, payload, Section.PAYABLE),
    }
)


def _amount(name: str, raw: Raw) -> Decimal:
    """Read a number's own text, in quotes or without."""
    text = bytes(raw).strip().strip(b'"').decode()
    if text == "null":
        raise _FieldError(f"{name} is missing")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise _FieldError(f"{name} is no number")
    significant = amount.as_tuple()
    if len(significant.digits) > MAX_DIGITS or not -MAX_DIGITS <= amount.adjusted() < MAX_DIGITS:
        raise _FieldError(f"{name} has more than {MAX_DIGITS} digits")
    return amount


def _currency(payload: _Payload) -> str:
    return _referenced("CurrencyRef", payload.CurrencyRef).value.upper()


def _party(payload: _Payload, section: Section) -> _Reference:
    if section is Section.RECEIVABLE:
        return _referenced("CustomerRef", payload.CustomerRef)
    return _referenced("VendorRef", payload.VendorRef)


def _referenced(name: str, raw: Raw) -> _Reference:
    if bytes(raw) == b"null":
        raise _FieldError(f"{name} is missing")
    found = _read(name, _reference, raw, "a reference")
    if not found.value:
        raise _FieldError(f"{name} is empty")
    return found


def _day(name: str, raw: Raw) -> date:
    found = _optional_day(name, raw)
    if found is None:
        raise _FieldError(f"{name} is missing")
    return found


def _optional_day(name: str, raw: Raw) -> date | None:
    text = _read(name, _text, raw, "a date")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:_DATE_CHARACTERS])
    except ValueError as error:
        raise _FieldError(f"{name} is no date") from error


def _words(raw: Raw) -> str:
    """Read a text that views only show; nothing when it is none."""
    try:
        return _text.decode(raw) or ""
    except msgspec.MsgspecError:
        return ""


def _read(name: str, decoder: "msgspec.json.Decoder[T]", raw: Raw, expected: str) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise _FieldError(f"{name} is not {expected}") from error


class _Address(msgspec.Struct):
    Line1: str = ""
    Line2: str = ""
    Line3: str = ""
    Line4: str = ""
    Line5: str = ""
    City: str = ""
    CountrySubDivisionCode: str = ""
    PostalCode: str = ""
    Country: str = ""


class _Company(msgspec.Struct):
    CompanyName: Raw = _ABSENT
    LegalName: Raw = _ABSENT
    CompanyAddr: Raw = _ABSENT
    PrimaryPhone: Raw = _ABSENT
    Email: Raw = _ABSENT
    WebAddr: Raw = _ABSENT
    Country: Raw = _ABSENT
    FiscalYearStartMonth: Raw = _ABSENT
    CompanyStartDate: Raw = _ABSENT


class _Inner(msgspec.Struct):
    FreeFormNumber: str = ""
    Address: str = ""
    URI: str = ""


def company(payload: bytes) -> CompanyProfile:
    """Read a CompanyInfo; what cannot be read is not known."""
    try:
        found = msgspec.json.decode(payload, type=_Company)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return CompanyProfile()
    return CompanyProfile(
        name=_words(found.CompanyName) or None,
        legal_name=_words(found.LegalName) or None,
        email=_inner(found.Email),
        phone=_inner(found.PrimaryPhone),
        website=_inner(found.WebAddr),
        address=_address(found.CompanyAddr),
        country=_words(found.Country) or None,
        fiscal_year_begins=_words(found.FiscalYearStartMonth) or None,
        founded_on=_words(found.CompanyStartDate) or None,
    )


def _inner(raw: Raw) -> str | None:
    try:
        found = msgspec.json.decode(raw, type=_Inner)
    except msgspec.MsgspecError:
        return None
    return found.FreeFormNumber or found.Address or found.URI or None


def _address(raw: Raw) -> list[str]:
    try:
        found = msgspec.json.decode(raw, type=_Address)
    except msgspec.MsgspecError:
        return []
    return [line for line in msgspec.structs.astuple(found) if line]


FINANCE = FinanceMapping(
    version=1,
    object_types=tuple(sorted(_KINDS)),
    company_type="CompanyInfo",
    document=document,
    company=company,
)
