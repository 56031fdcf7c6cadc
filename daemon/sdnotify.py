"""Telling systemd how the service is: the datagrams of sd_notify(3)."""

import socket
from collections.abc import Mapping

_MICROSECONDS = 1_000_000


class Notifier:
    """Sends states to the socket in `$NOTIFY_SOCKET`; without one every call does nothing.

    Each call returns whether the state was handed over. That it was not is no reason to stop:
    systemd draws its own conclusions from what it does not hear.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        # A leading @ names a socket in Linux' abstract namespace.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name

    def ready(self, status: str = "") -> bool:
        """Say that start-up, or a reload, is done."""
        return self._send("READY=1", status)

    def reloading(self, monotonic_s: float) -> bool:
        """Say that a reload begins; `ready` must follow.

        Args:
            monotonic_s: CLOCK_MONOTONIC now, without which systemd takes no `READY=1` for its end.
        """
        return self._send(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic_s * _MICROSECONDS)}")

    def stopping(self, status: str = "") -> bool:
        """Say that the shutdown has begun."""
        return self._send("STOPPING=1", status)

    def watchdog(self) -> bool:
        """Say that progress was checked and is being made."""
        return self._send("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """Set the line that `systemctl status` shows."""
        return self._send("", text)

    def extend_timeout(self, duration_s: float) -> bool:
        """Ask for more time, from now, for the start or the stop under way."""
        return self._send(f"EXTEND_TIMEOUT_USEC={int(duration_s * _MICROSECONDS)}")

    def _send(self, state: str, status: str = "") -> bool:
        if not self._address:
            return False
        # One line is one assignment: a line break in the text would begin another.
        shown = f"STATUS={' '.join(status.split())}" if status else ""
        message = "\n".join(part for part in (state, shown) if part)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            try:
                sender.sendto(message.encode(), self._address)
            except OSError:
                return False
        return True


def watchdog_interval_s(environ: Mapping[str, str], pid: int) -> float | None:
    """How often to call `Notifier.watchdog`: half of what systemd waits; None when it does not.

    Args:
        environ: with `WATCHDOG_USEC`, and `WATCHDOG_PID` when it is meant for one process.
        pid: this process.
    """
    usec = environ.get("WATCHDOG_USEC", "")
    if not usec.isdecimal() or int(usec) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    return int(usec) / _MICROSECONDS / 2
