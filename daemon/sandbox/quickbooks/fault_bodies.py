"""Every shape in which the vendor's tiers have been seen to report an error."""

from datetime import datetime
from html import escape

from daemon.sandbox.exchange import SandboxReply, html_reply, json_reply
from daemon.sandbox.quickbooks.api_fault import AUTHENTICATION, SERVICE, ApiFault
from daemon.sandbox.quickbooks.json_text import Document, encode
from daemon.sandbox.quickbooks.timestamps import envelope_time, epoch_us

SERVICE_UNAVAILABLE_PAGE = (
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr>"
    "<center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
BACK_SOON_PAGE = (
    "<!DOCTYPE html><html><head><title>QuickBooks</title></head><body>"
    "<h1>We'll be back soon</h1><p>QuickBooks is being updated. Please try again later.</p>"
    "</body></html>"
)
THROTTLE_DETAIL = "The request limit was reached.  Try again later"


def fault_document(fault: ApiFault) -> Document:
    """Return the ``Fault`` member itself, as batch items and query answers carry it."""
    error = {"Message": fault.message, "Detail": fault.detail, "code": fault.code}
    if fault.element is not None:
        error["element"] = fault.element
    return {"Error": [error], "type": fault.fault_type}


def fault_reply(fault: ApiFault, now: datetime) -> SandboxReply:
    """Answer in the API's own form."""
    document: Document = {"Fault": fault_document(fault)}
    if fault.timed:
        document["time"] = envelope_time(now)
    reply = json_reply(fault.status, encode(document))
    return SandboxReply(reply.status, (("Content-Type", "application/json"),), reply.body)


def gateway_reply(
    status: int, message: str, detail: str | None, code: str, fault_type: str, now: datetime
) -> SandboxReply:
    """Answer in the gateway's lower-case form, whose ``time`` is epoch milliseconds."""
    error = {"message": message, "detail": detail, "code": code, "element": None}
    document: Document = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": fault_type},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": epoch_us(now) // 1000,
        "status": None,
        "cdcresponse": [],
    }
    return SandboxReply(status, (("Content-Type", "application/json"),), encode(document))


def unauthorized(detail: str, now: datetime) -> SandboxReply:
    """401 / 3200: the token is expired, malformed or revoked; the detail echoes the token."""
    reply = gateway_reply(
        401,
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        detail,
        "3200",
        AUTHENTICATION,
        now,
    )
    challenge = ("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"')
    return reply.with_headers(challenge)


def forbidden(now: datetime) -> SandboxReply:
    """403 / 3100: wrong environment, a realm that the token does not open, or scope missing."""
    return gateway_reply(
        403,
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        None,
        "3100",
        SERVICE,
        now,
    )


def xml_reply(status: int, fault: ApiFault, now: datetime) -> SandboxReply:
    """Answer in XML although JSON was asked for, as throttling and cluster errors do."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time="{envelope_time(now)}" '
        'xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{escape(fault.fault_type)}"><Error code="{escape(fault.code)}">'
        f"<Message>{escape(fault.message)}</Message><Detail>{escape(fault.detail)}</Detail>"
        "</Error></Fault></IntuitResponse>"
    )
    return SandboxReply(status, (("Content-Type", "application/xml"),), body.encode())


def throttle_fault(status: int) -> ApiFault:
    """Code 3001: too many calls."""
    return ApiFault(
        "3001",
        f"message=ThrottleExceeded; errorCode=003001; statusCode={status}",
        THROTTLE_DETAIL,
        status=status,
        fault_type=SERVICE,
    )


def service_unavailable() -> SandboxReply:
    """503 from the proxy, in HTML."""
    return html_reply(503, SERVICE_UNAVAILABLE_PAGE)
