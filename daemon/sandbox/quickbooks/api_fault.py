"""The vendor's own refusals: code, texts and HTTP status.

Texts are those of recorded answers where there are any (minimul/qbo_api cassettes, issue
threads), else those of Intuit's error-code pages.
"""

from collections.abc import Iterable

VALIDATION = "ValidationFault"
AUTHORIZATION = "AuthorizationFault"
SYSTEM = "SystemFault"
SERVICE = "SERVICE"
AUTHENTICATION = "AUTHENTICATION"


class ApiFault(Exception):
    """A request that the accounting API refuses, answered as ``{"Fault": …}``.

    Attributes:
        status: HTTP status.
        code: The vendor's error code, a string.
        message: Short text.
        detail: Long text.
        fault_type: ``ValidationFault`` and so on.
        element: Property at fault; None leaves it out.
        timed: Whether the envelope carries ``time``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        detail: str,
        *,
        status: int = 400,
        fault_type: str = VALIDATION,
        element: str | None = None,
        timed: bool = True,
    ) -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.fault_type = fault_type
        self.element = element
        self.timed = timed


def unsupported_operation(what: str) -> ApiFault:
    """Code 500: the path, the operation or the encoding is not supported."""
    return ApiFault("500", "Unsupported Operation", f"Operation {what} is not supported.")


def unknown_path(path: str) -> ApiFault:
    """Code 500 for a path that leads nowhere."""
    full = f"https://c50.sandbox.qbo.intuit.com/qbo50{path}"
    return unsupported_operation(
        f"Could not find resource for relative : {path} of full path: {full}"
    )


def object_not_found() -> ApiFault:
    """Code 610: no such object, or it was made inactive."""
    return ApiFault(
        "610",
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. Check the "
        "fields with accounts, customers, items, vendors or employees.",
        element="",
    )


def transaction_deleted() -> ApiFault:
    """Code 610 for a transaction that is gone."""
    return ApiFault(
        "610",
        "Object Not Found",
        "Object Not Found : Another user has deleted this transaction.",
        element="",
    )


def invalid_id(value: str) -> ApiFault:
    """Code 2030: an id that is no whole number; recorded without ``time``."""
    return ApiFault(
        "2030",
        "Invalid ID",
        f"Id should be a valid number. Supplied value:{value}",
        element="Id",
        timed=False,
    )


def unknown_property(name: str, entity: str, known: Iterable[str]) -> ApiFault:
    """Code 2010: a property that the entity does not have."""
    names = ", ".join(f'"{item}"' for item in known)
    count = names.count('", "') + 1
    return unsupported_property(
        f'Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}), not marked '
        f"as ignorable ({count} known properties: {names} [truncated]])\n"
    )


def unsupported_property(what: str) -> ApiFault:
    """Code 2010: the body cannot be read as this entity."""
    return ApiFault(
        "2010",
        "Request has invalid or unsupported property",
        f"Property Name:{what} specified is unsupported or invalid",
    )


def missing_parameter(name: str) -> ApiFault:
    """Code 2020: a required property is missing."""
    return ApiFault(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        element=name,
    )


def text_too_long(element: str, longest: int, supplied: int) -> ApiFault:
    """Code 2050: a text longer than the property allows."""
    return ApiFault(
        "2050",
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length. "
        f"Min:0 Max:{longest} supported. Supplied length:{supplied}",
        element=element,
    )


def invalid_number(element: str) -> ApiFault:
    """Code 2080: a numeric property holds no number."""
    return ApiFault(
        "2080",
        "Invalid Number",
        f"Invalid Number : {element} has an invalid value",
        element=element,
    )


def invalid_enumeration(element: str, value: object) -> ApiFault:
    """Code 2170: a value outside its enumeration."""
    return ApiFault(
        "2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", element=element
    )


def invalid_reference(family: str, object_id: str) -> ApiFault:
    """Code 2500: a reference to an object that does not exist."""
    return ApiFault(
        "2500",
        "Invalid Reference Id",
        f"Invalid Reference Id : {family} element id {object_id} not found",
        element="",
    )


def stale_object(user: str) -> ApiFault:
    """Code 5010: the SyncToken is not the current one."""
    return ApiFault(
        "5010",
        "Stale Object Error",
        f"Stale Object Error : You and {user} were working on this at the same time. {user} "
        "finished before you did, so your work was not saved.",
        element="",
    )


def business_validation(detail: str) -> ApiFault:
    """Code 6000: a rule of bookkeeping forbids it."""
    return ApiFault(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
        element="",
    )


def read_only_company() -> ApiFault:
    """Code 6190: the subscription has lapsed; reads go on."""
    return ApiFault(
        "6190",
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem : You can't "
        "add data to QuickBooks Online because your trial or subscription period ended, you "
        "canceled your subscription, or there was a billing problem.",
        element="",
    )


def duplicate_name() -> ApiFault:
    """Code 6240: names are unique across customers, vendors and employees."""
    return ApiFault(
        "6240", "Duplicate Name Exists Error", "The name supplied already exists. : null"
    )


def query_parser(detail: str) -> ApiFault:
    """Code 4000: the statement does not parse."""
    return ApiFault("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_validation(detail: str) -> ApiFault:
    """Code 4001: the statement parses, and means nothing."""
    return ApiFault("4001", "Invalid query", f"QueryValidationError: {detail}")


def system_fault() -> ApiFault:
    """Code 10000: the vendor's own trouble."""
    text = "An application error has occurred while processing your request"
    return ApiFault(
        "10000", text, f"System Failure Error: {text}", status=500, fault_type=SYSTEM, element=""
    )
