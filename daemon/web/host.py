"""Whether a request was meant for us. Pure.

A page elsewhere must not reach the daemon under a name of its own (DNS rebinding).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class HostRules:
    """Which names in `Host` are ours.

    Attributes:
        names: ours on the port that we listen on, beside the loopback names and the called address.
        anywhere: ours whatever the port: what proxies in front of us are called.
        exact: ours as they are, port included.
    """

    names: frozenset[str]
    anywhere: frozenset[str]
    exact: frozenset[str]

    @classmethod
    def of(cls, host: str, public_url: str, allowed_hosts: Sequence[str]) -> "HostRules":
        """Take the names from the configuration."""
        public = urlsplit(public_url).hostname
        split = {allowed.lower(): split_host(allowed.lower()) for allowed in allowed_hosts}
        plain = {name for name, port in split.values() if port is None}
        return cls(
            names=frozenset({host.lower()}),
            anywhere=frozenset(plain | ({public} if public else set())),
            exact=frozenset(whole for whole, (_, port) in split.items() if port is not None),
        )

    def accept(self, host: str, address: str, port: int) -> bool:
        """Tell whether a `Host` header is ours.

        Args:
            host: the header.
            address: the address of ours that the connection came in by.
            port: the port of ours that it came in by.
        """
        whole = host.lower()
        name, named_port = split_host(whole)
        if name in self.anywhere or whole in self.exact:
            return True
        ours = name in _LOOPBACK or name in self.names or name == address
        return ours and (_HTTP_PORT if named_port is None else named_port) == port


def split_host(host: str) -> tuple[str, int | None]:
    """Split `name:port`, `[v6]:port` or a name alone; a port that is no number empties the name."""
    name, colon, port = host.rpartition(":")
    if not colon or (port.endswith("]") and host.startswith("[")):
        return _unbracketed(host), None
    if not (port.isascii() and port.isdecimal()):
        return "", None
    return _unbracketed(name), int(port)


def _unbracketed(name: str) -> str:
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name
