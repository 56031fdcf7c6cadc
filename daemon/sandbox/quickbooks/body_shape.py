"""The shape of a body's properties, told from their names, as the vendor's own schema names them."""

from datetime import date

from daemon.sandbox.quickbooks.api_fault import ApiFault, missing_parameter, unsupported_property
from daemon.sandbox.quickbooks.json_text import MONEY_FIELDS, RATE_FIELDS, Document

_LISTS = frozenset({"CustomField", "Line", "LinkedTxn", "NameValue", "TaxLine"})
_OBJECTS = frozenset(
    {
        "BillEmail",
        "BillEmailBcc",
        "BillEmailCc",
        "CheckPayment",
        "CreditCardPayment",
        "CustomerMemo",
        "DeliveryInfo",
        "Email",
        "Fax",
        "MarkupInfo",
        "MetaData",
        "Mobile",
    }
)
_OBJECT_ENDINGS = ("Addr", "Detail", "Phone", "Ref")
_BOOLEANS = frozenset(
    {
        "Active",
        "Adjustment",
        "ApplyTaxAfterDiscount",
        "BillWithParent",
        "BillableTime",
        "Credit",
        "FreeFormAddress",
        "Hidden",
        "IsProject",
        "Job",
        "PercentBased",
        "ProcessPayment",
        "PurchaseTaxIncluded",
        "SalesTaxIncluded",
        "SubAccount",
        "SubClass",
        "SubDepartment",
        "SubItem",
        "TaxGroup",
        "TaxTrackedOnSales",
        "Taxable",
        "TrackQtyOnHand",
        "Vendor1099",
        "sparse",
    }
)
_TRUTH = {"true": True, "false": False}
_ANYTHING = frozenset({"CustomExtensions", "LineEx", "OtherContactInfo", "Tag"})
_DATES = frozenset({"TxnDate", "DueDate"})
_NUMERIC = MONEY_FIELDS | RATE_FIELDS | {"Level", "LineNum", "DueDays", "DiscountDays"}


def check_shape(body: Document) -> None:
    """Check every property below a body, and turn numbers that stand for texts into texts.

    Raises:
        ApiFault: 2010, an object where a text belongs, or the like; 2020, a link to nothing.
    """
    for name, value in body.items():
        if value is None or value == "" or name in _ANYTHING:
            continue
        if name in _LISTS:
            _check_list(name, value)
        elif name in _OBJECTS or name.endswith(_OBJECT_ENDINGS):
            if not isinstance(value, dict):
                raise _misshapen(name, "object")
            check_shape(value)
        elif isinstance(value, (dict, list)):
            raise _misshapen(name, "text")
        elif name in _DATES:
            _check_date(name, value)
        elif name not in _NUMERIC:
            body[name] = _scalar(name, value)


def _check_list(name: str, value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _misshapen(name, "list of objects")
    for item in value:
        check_shape(item)
        for wanted in ("TxnId", "TxnType") if name == "LinkedTxn" else ():
            if not isinstance(item.get(wanted), str) or not item[wanted]:
                raise missing_parameter(wanted)


def _check_date(name: str, value: object) -> None:
    try:
        date.fromisoformat(str(value))
    except ValueError as error:
        raise _misshapen(name, "date") from error


def _scalar(name: str, value: object) -> object:
    """Return a text or a truth value, from whichever form it was sent in."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name not in _BOOLEANS and not name.startswith("Allow"):
        return text
    if text not in _TRUTH:
        raise _misshapen(name, "boolean")
    return _TRUTH[text]


def _misshapen(name: str, wanted: str) -> ApiFault:
    return unsupported_property(f"{name}: Can not deserialize value, {wanted} expected,")
