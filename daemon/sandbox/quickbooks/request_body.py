"""Reads the body of a write and checks it against its type's table."""

import msgspec

from daemon.sandbox.quickbooks.api_fault import (
    invalid_number,
    missing_parameter,
    unknown_property,
    unsupported_operation,
    unsupported_property,
)
from daemon.sandbox.quickbooks.body_shape import check_shape
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.json_text import BadNumber, Document, decode, normalise_numbers

_LINE_PROPERTIES = frozenset(
    {
        "AccountBasedExpenseLineDetail",
        "Amount",
        "CustomExtensions",
        "CustomField",
        "DepositLineDetail",
        "DescriptionLineDetail",
        "DescriptionOnlyLineDetail",
        "Description",
        "DetailType",
        "DiscountLineDetail",
        "GroupLineDetail",
        "Id",
        "ItemBasedExpenseLineDetail",
        "JournalEntryLineDetail",
        "LineEx",
        "LineNum",
        "LinkedTxn",
        "PaymentLineDetail",
        "ProjectRef",
        "PurchaseOrderItemLineDetail",
        "Received",
        "SalesItemLineDetail",
        "SalesOrderItemLineDetail",
        "SubTotalLineDetail",
        "Tag",
        "TaxLineDetail",
        "TDSLineDetail",
    }
)


def read_body(company: Company, entity: EntityType, body: bytes) -> Document:
    """Parse the body of a write.

    Raises:
        ApiFault: 500, it is not UTF-8; 2010, it is no JSON object or has an unknown property;
            2080, a number that is none.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise unsupported_operation("with malformed UTF-8") from error
    try:
        sent = decode(body)
    except msgspec.DecodeError as error:
        raise unsupported_property(str(error)) from error
    if not isinstance(sent, dict):
        raise unsupported_property(f"Can not deserialize instance of {entity.name}")
    return checked(company, entity, sent)


def checked(company: Company, entity: EntityType, sent: Document) -> Document:
    """Check names, shapes and numbers; return the body with its numbers in printed form.

    Raises:
        ApiFault: 2010 or 2080.
    """
    accepted = company.accepted(entity)
    for name in sent:
        if name not in accepted:
            raise unknown_property(name, entity.name, sorted(accepted))
    for name in (*entity.read_only, *company.new_fields.get(entity.name, ())):
        sent.pop(name, None)
    check_shape(sent)
    for line in sent.get("Line") or []:
        unknown = set(line) - _LINE_PROPERTIES
        if unknown:
            raise unknown_property(min(unknown), "Line", sorted(_LINE_PROPERTIES))
    try:
        normalise_numbers(sent)
    except BadNumber as error:
        raise invalid_number(error.field) from error
    return sent


def is_blank(value: object) -> bool:
    """Return whether a sent value means that the property has none."""
    return value is None or value == ""


def object_id_of(sent: Document) -> str:
    """Return the id that a body is about, or nothing."""
    object_id = sent.get("Id")
    return "" if is_blank(object_id) else str(object_id)


def require(entity: EntityType, document: Document) -> None:
    """Check that everything a type needs is there.

    Raises:
        ApiFault: 2020, naming the first property that is missing.
    """
    for name in entity.required:
        if is_blank(document.get(name)):
            raise missing_parameter(name)
