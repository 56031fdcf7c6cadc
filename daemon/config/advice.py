"""What a sound configuration had better not say: used as it is, and worth a second look."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from actors.settings import AccountSettings, CallLimits
from daemon.config.sections import Config, ServerConfig
from daemon.config.vendor import VendorConfig

_SHORTEST_POLL_S = 30.0
_SHORTEST_OVERLAP_S = 60.0
_HOUR_S = 3600.0
_LIMITS = ("per_minute", "per_second", "in_flight", "batches_per_minute")


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to think about again.

    Attributes:
        path: where it is in the file.
        text: what it does, and what would be better.
    """

    path: str
    text: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.path}: {self.text}"


def advice(config: Config) -> tuple[Advice, ...]:
    """Return what is unwise in a configuration that can be used, in the order of the file."""
    found = list(_server(config.server))
    for name, section in config.vendors.items():
        path = f"vendors.{name}"
        found += _account(path, section.account, is_metered=section.reads_per_month is not None)
        found += _limits(path, section.account.limits, type(section).vendor_limits())
        found += _webhooks(path, section)
    return tuple(found)


def _server(server: ServerConfig) -> Iterator[Advice]:
    if not _is_loopback(server.host):
        yield Advice(
            "server.host",
            "the admin token travels unencrypted to other machines; listen on 127.0.0.1 behind a "
            "proxy that speaks TLS",
        )
    public = urlsplit(server.public_url)
    if public.scheme == "http" and not _is_loopback(public.hostname or ""):
        yield Advice(
            "server.public_url",
            "vendors redirect and deliver to https addresses only, but for localhost",
        )


def _account(path: str, account: AccountSettings, *, is_metered: bool) -> Iterator[Advice]:
    if account.poll_interval_s < _SHORTEST_POLL_S:
        cost = ", and each look is metered" if is_metered else ""
        yield Advice(
            f"{path}.poll_interval",
            f"an account would look every {account.poll_interval_s:g} s{cost}; "
            "webhooks bring changes sooner and cost nothing",
        )
    if account.overlap_s < _SHORTEST_OVERLAP_S:
        yield Advice(
            f"{path}.overlap",
            "rows that become visible late are missed until the next verification",
        )
    if not account.verify_interval_s:
        yield Advice(
            f"{path}.verify_interval",
            "nothing compares the replica with the vendor, so there is no certificate; the default "
            "is 24h",
        )
    if account.delete_brake is None:
        yield Advice(
            f"{path}.delete_brake",
            "a vendor that loses a table empties it here as well, and nobody is asked",
        )


def _limits(path: str, limits: CallLimits, known: CallLimits) -> Iterator[Advice]:
    for name in _LIMITS:
        asked, allowed = getattr(limits, name), getattr(known, name)
        if allowed is not None and (asked is None or asked > allowed):
            yield Advice(
                f"{path}.limits.{name}",
                f"the vendor allows {allowed}; what is above it is refused and slows the account",
            )


def _webhooks(path: str, section: VendorConfig) -> Iterator[Advice]:
    if section.webhook_secret is None and section.account.poll_interval_s > _HOUR_S:
        yield Advice(
            f"{path}.poll_interval",
            "without webhooks changes are seen only so often; set up webhooks or look more often",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
