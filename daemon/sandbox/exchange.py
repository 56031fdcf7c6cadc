"""The values that pass between a carrier and the sandbox: one request in, one reply out."""

import enum
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_plus

import msgspec


class Disconnect(enum.StrEnum):
    """Where a carrier must cut the connection."""

    NONE = "none"
    BEFORE_REPLY = "before_reply"
    """Reset before the first byte of the reply."""
    DURING_BODY = "during_body"
    """Headers and half of the body arrive, then the reset."""


class SandboxRequest(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request, free of any HTTP library.

    Attributes:
        method: Upper-case HTTP method.
        path: Percent-decoded path, with its leading slash.
        query: The raw query string, still percent-encoded.
        headers: Header values by lower-case name.
        body: The raw body.
        origin: Scheme and host as the caller sees them; used only to print absolute links.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    origin: str = "http://localhost"

    def params(self) -> dict[str, str]:
        """Decode the query string; a raw ``+`` becomes a space, as in any form decoding."""
        return _form_decoded(self.query)

    def form(self) -> dict[str, str]:
        """Decode the body as ``application/x-www-form-urlencoded``."""
        return _form_decoded(self.body.decode("utf-8", "replace"))


class SandboxReply(msgspec.Struct, frozen=True, gc=False):
    """One HTTP reply, and how the carrier must deliver it.

    Attributes:
        status: HTTP status.
        headers: Header pairs in the order in which they are sent.
        body: The raw body.
        delay_s: Seconds before the first byte.
        body_delay_s: Seconds over which the body is spread.
        disconnect: Where to cut the connection.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    body_delay_s: float = 0.0
    disconnect: Disconnect = Disconnect.NONE

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its case-insensitive name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def with_headers(self, *pairs: tuple[str, str]) -> "SandboxReply":
        """Return the same reply with further headers."""
        headers = (*self.headers, *pairs)
        return SandboxReply(
            self.status, headers, self.body, self.delay_s, self.body_delay_s, self.disconnect
        )

    def later(self, delay_s: float) -> "SandboxReply":
        """Return the same reply, so much longer before its first byte."""
        delay_s += self.delay_s
        return SandboxReply(
            self.status, self.headers, self.body, delay_s, self.body_delay_s, self.disconnect
        )


def _form_decoded(text: str) -> dict[str, str]:
    """As `urllib.parse.parse_qsl`, blanks kept, at a third of its cost."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs}


def _unquoted(text: str) -> str:
    return _decoded(text) if "%" in text or "+" in text else text


_decoded = lru_cache(maxsize=256)(unquote_plus)


def json_reply(status: int, body: bytes) -> SandboxReply:
    """Wrap a JSON body."""
    return SandboxReply(status, (("Content-Type", "application/json;charset=utf-8"),), body)


def html_reply(status: int, body: str) -> SandboxReply:
    """Wrap a page."""
    return SandboxReply(status, (("Content-Type", "text/html;charset=utf-8"),), body.encode())
